"""Members of an organisation: who is asked to join, in which role, and who leaves.

Changes to one organisation's members wait for each other: its row is locked first, and the actor's right is looked at
under that lock, so that two administrators cannot remove each other at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from models.accounts import delegation, links, second_factor
from models.accounts.models import Membership, OneTimeLink, Organisation, Token, User
from models.accounts.permission import Forbidden, NotFound, authorize
from models.accounts.roles import Role
from models.accounts.signals import tell
from models.errors import InputError

MANAGE = "manage members"


class LastAdministrator(InputError):
    """An organisation without an administrator could never change its members again."""

    def __init__(self) -> None:
        super().__init__("This is the last administrator. Make somebody else one first.")


def invite(actor: User, organisation: Organisation, email: str, role: str, name: str = "") -> tuple[OneTimeLink, str]:
    """Ask a person to join; the second is the link's secret (see links.address). An earlier invitation is void then.

    Raises Forbidden, NotFound, and InputError for an address, role or name that cannot be, or a member.
    """
    email = email.strip().lower()
    check(email, role, name)
    with changing(actor, organisation):
        if Membership.unscoped.filter(organisation=organisation, user__email=email).exists():
            raise InputError(f"{email} is a member already.")
        link, secret = links.make(organisation, links.Kind.INVITATION, email, actor, role=role, name=name.strip())
        tell(organisation, actor, "invited", link, {"role": role})
    return link, secret


def check(email: str, role: str, name: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise InputError("Enter an e-mail address, such as name@example.org.") from None
    if len(email) > 254 or len(name) > 200 or "\x00" in name:
        raise InputError("An address has at most 254 characters, a name at most 200.")
    if role not in Role.values:
        raise InputError(f"A role is one of {', '.join(Role.values)}.")


def withdraw(actor: User, link: OneTimeLink) -> None:
    """The link opens nothing any more; a second time changes nothing."""
    with changing(actor, link.organisation):
        if links.withdraw_all(link.organisation, pk=link.pk):
            tell(link.organisation, actor, "withdrew", link)


def change_role(actor: User, membership: Membership, role: str) -> Membership:
    """Raises Forbidden (also for one's own role), NotFound, LastAdministrator, InputError for what is no role."""
    if role not in Role.values:
        raise InputError(f"A role is one of {', '.join(Role.values)}.")
    with changing(actor, membership.organisation, membership) as current:
        if current.role == role:
            return current
        was, current.role = current.role, role
        current.save(update_fields=["role"])
        keep_an_administrator(current.organisation)
        if was == Role.ADMINISTRATOR:
            withdraw_made_by(current)
        delegation.end_all(actor, current)
        tell(current.organisation, actor, "changed role", current.user, {"from": was, "to": role})
    return current


def remove(actor: User, membership: Membership) -> None:
    """The person sees nothing of the organisation any more, and their tokens for it end.

    What they did stays theirs. Raises Forbidden (also for oneself), NotFound, LastAdministrator.
    """
    with changing(actor, membership.organisation, membership) as current:
        organisation, user, role = current.organisation, current.user, current.role
        tokens = Token.unscoped.filter(organisation=organisation, user=user, revoked_at=None)
        ended = tokens.update(revoked_at=timezone.now())
        withdraw_made_by(current)
        delegation.end_all(actor, current)
        links.withdraw_all(organisation, email=user.email)
        current.delete()
        keep_an_administrator(organisation)
        tell(organisation, actor, "removed from the organisation", user, {"role": role, "tokens_revoked": ended})


def reset_second_factor(actor: User, membership: Membership) -> bool:
    """For who lost the phone and the recovery codes; False if there was none to reset.

    Raises Forbidden (also for one's own, and for a person of another organisation too), NotFound.
    """
    with changing(actor, membership.organisation, membership) as current:
        only_ours(actor, current.user)
        return second_factor.turn_off(current.user, actor, "reset the second factor")


def password_link(actor: User, membership: Membership) -> tuple[OneTimeLink, str]:
    """A link by which the person sets a new password; the second is its secret. The old password works until then.

    Raises what reset_second_factor() raises.
    """
    with changing(actor, membership.organisation, membership) as current:
        only_ours(actor, current.user)
        link, secret = links.make(current.organisation, links.Kind.PASSWORD, current.user.email, actor)
        tell(current.organisation, actor, "made a link for a new password", current.user)
    return link, secret


def require_second_factor(actor: User, organisation: Organisation, required: bool) -> None:
    """Whether every member needs a second factor; who has none is led to set it up first."""
    with changing(actor, organisation):
        changed = Organisation.objects.filter(pk=organisation.pk, requires_second_factor=not required)
        if changed.update(requires_second_factor=required):
            verb = "required a second factor" if required else "required no second factor any more"
            tell(organisation, actor, verb, organisation)
    organisation.refresh_from_db(fields=["requires_second_factor"])


@contextmanager
def changing(actor: User, organisation: Organisation, membership: Membership | None = None) -> Iterator[Membership]:
    """A transaction in which nobody else changes the members; gives the membership as it is now (or the actor's own).

    The lock lets rows that point to the organisation be written: the trail's do, and they must not wait for it.
    """
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        own = authorize(actor, MANAGE, organisation)
        if membership is None:
            yield own
            return
        everyone = Membership.objects.of(organisation).select_related("organisation", "user")
        current = everyone.filter(pk=membership.pk).first()
        if current is None:
            raise NotFound("There is nothing here.")
        if current.user_id == actor.pk:
            raise Forbidden("Nobody changes their own membership. Another administrator can.")
        yield current


def keep_an_administrator(organisation: Organisation) -> None:
    administrators = Membership.objects.of(organisation).filter(role=Role.ADMINISTRATOR, user__is_active=True)
    if not administrators.exists():
        raise LastAdministrator


def only_ours(actor: User, person: User) -> None:
    """Whoever resets a person's way in can take it: so not where that would open an organisation they do not run."""
    administered = Membership.unscoped.filter(user=actor, role=Role.ADMINISTRATOR).values("organisation")
    if Membership.unscoped.filter(user=person).exclude(organisation__in=administered).exists():
        raise Forbidden("This person belongs to another organisation too. Only the service's operator can reset this.")


def withdraw_made_by(membership: Membership) -> None:
    """Links made by who is no administrator any more open nothing."""
    links.withdraw_all(membership.organisation, made_by=membership.user)
