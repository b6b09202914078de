"""Standing in: a member hands their role to another member for some days, such as their leave.

Only the role they hold themselves, and never that of an administrator. It ends by itself after its last day and when
the role of either changes or either leaves, and before that when the giver or an administrator ends it. The giver
keeps the role meanwhile. permission.authorize() is where it counts; the trail names for whom somebody acted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from models.accounts.models import Delegation, Membership, Organisation, User
from models.accounts.permission import ACTS, Forbidden, NotFound, authorize, delegations_to, in_force, membership_of
from models.accounts.roles import ACTIONS, Role
from models.accounts.signals import tell
from models.errors import InputError

AHEAD = timedelta(days=366)


def give(giver: User, organisation: Organisation, receiver: User, first_day: date, last_day: date) -> Delegation:
    """Hand one's own role to another member, from a day until a day, both in UTC and both in it.

    Raises Forbidden for a role that cannot be handed over; InputError for days that cannot be, a receiver who is no
    other member, has the role already or may not have it, and where the role is in somebody's hands on one of the days.
    """
    with alone(organisation):
        membership = authorize(giver, "delegate", organisation)
        check_days(first_day, last_day)
        check_receiver(membership, membership_of(receiver, organisation.pk))
        others = Delegation.objects.of(organisation).filter(giver=giver, role=membership.role, ended_at=None)
        there = others.filter(first_day__lte=last_day, last_day__gte=first_day).select_related("receiver").first()
        if there is not None:
            days = f"{there.first_day} to {there.last_day}"
            raise InputError(f"Your role is in the hands of {there.receiver} from {days}. End that first.")
        made = Delegation.unscoped.create(
            organisation=organisation, giver=giver, receiver=receiver, role=membership.role,
            first_day=first_day, last_day=last_day,
        )  # fmt: skip
        tell(organisation, giver, "delegated", made, {"role": made.role, "to": str(receiver), **days_of(made)})
    return made


def end(actor: User, delegation: Delegation) -> None:
    """End it before its time; one that is over or was ended stays as it is.

    Raises Forbidden for who neither gave it nor administers members.
    """
    with alone(delegation.organisation):
        own = authorize(actor, "end delegation", delegation)
        if delegation.giver_id != actor.pk and Role(own.role) not in ACTIONS["manage members"]:
            raise Forbidden("Only who gave it, or an administrator, ends it. It needs the role administrator.")
        close(actor, Delegation.objects.of(delegation.organisation).filter(pk=delegation.pk))
    delegation.refresh_from_db()


def end_all(actor: User | None, membership: Membership) -> None:
    """Their role changes or they leave: what they gave and what they were given ends. For a transaction of members."""
    user, mine = membership.user, Delegation.objects.of(membership.organisation)
    close(actor, mine.filter(Q(giver=user) | Q(receiver=user)))


def close(actor: User | None, which: Any) -> None:
    """End those of them that could still be used."""
    now = timezone.now()
    for each in which.filter(ended_at=None, last_day__gte=now.date()).select_related("organisation", "giver"):
        each.ended_at, each.ended_by = now, actor
        each.save(update_fields=["ended_at", "ended_by"])
        tell(each.organisation, actor, "ended", each, {"role": each.role, "of": str(each.giver), **days_of(each)})


def acts_for(user: Any, organisation: Organisation) -> frozenset[int]:
    """Whose work is the user's own here: ids of the user and of everybody whose role is in their hands today.

    Four eyes need an approver for whom no author is among these.
    """
    membership = membership_of(user, organisation.pk)
    if membership is None:
        raise NotFound("There is nothing here.")
    return frozenset({user.pk, *(each.giver_id for each in delegations_to(user, membership))})


def acting(user: Any, organisation: Organisation) -> Delegation | None:
    """The delegation by which the user was last allowed what their own role may not; None for their own role."""
    found: Delegation | None = getattr(user, ACTS, {}).get(organisation.pk)
    return found


def stand_ins(organisation: Organisation) -> Any:
    """The delegations that are in force today, or will be."""
    ahead = Q(first_day__gt=timezone.now().date(), ended_at=None)
    here = Delegation.objects.of(organisation).filter(Q(pk__in=in_force().values("pk")) | ahead)
    return here.select_related("giver", "receiver").order_by("first_day", "pk")


def days_of(delegation: Delegation) -> dict[str, str]:
    return {"from": delegation.first_day.isoformat(), "until": delegation.last_day.isoformat()}


def check_days(first_day: date, last_day: date) -> None:
    today, most = timezone.now().date(), settings.DELEGATION_DAYS
    if first_day < today or first_day > today + AHEAD:
        raise InputError("It begins today or later, within a year.")
    if last_day < first_day:
        raise InputError("The last day is before the first.")
    if (last_day - first_day).days >= most:
        raise InputError(f"It lasts at most {most} days: until {first_day + timedelta(days=most - 1)}.")


def check_receiver(own: Membership, other: Membership | None) -> None:
    if other is None:
        raise InputError("This is no member of the organisation.")
    if other.user_id == own.user_id:
        raise InputError("Choose somebody else than yourself.")
    if other.role == own.role:
        raise InputError(f"{other.user} is {own.get_role_display().lower()} already and needs no stand-in's role.")
    if other.role == Role.ADMINISTRATOR:
        raise InputError("An administrator takes nobody's place: who hands out roles must not also approve.")


@contextmanager
def alone(organisation: Organisation) -> Iterator[None]:
    """A transaction in which nobody else changes the members or who stands in for them."""
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        yield
