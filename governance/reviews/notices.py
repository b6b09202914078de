"""Telling people of days that near: each thing once for each threshold, its owner, else the officers, and who stands in
for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from governance.reviews.lists import notices_of
from governance.reviews.models import Mail, Notice, WithoutMail
from governance.systems.days import Due, Span, collected
from models.accounts.models import Membership, Organisation
from models.accounts.permission import authorize, in_force
from models.accounts.roles import Role
from models.accounts.signals import tell as record

OVERDUE = -1
AHEAD = (0, 7, 30)  # days
MOST = 5_000  # of each sort, in one pass
AT_ONCE = 500


def tell_everybody() -> int:
    """What the beat does: how many notices were made."""
    return sum(tell(organisation) for organisation in Organisation.objects.order_by("pk"))


def tell(organisation: Organisation, now: datetime | None = None) -> int:
    """Make the notices that are due, and with them a mail for each person where mail is sent."""
    now = now or timezone.now()
    near = collected(organisation, Span(None, now.date() + timedelta(days=max(AHEAD)), MOST))
    if not near:
        return 0
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)  # one pass at a time
        told = known(organisation, near)
        readers = Readers(organisation)
        fresh = [notice for notice in wanted(organisation, near, readers, now) if identity(notice) not in told]
        if settings.MAIL:
            address_mails(organisation, fresh)
        Notice.unscoped.bulk_create(fresh)
    return len(fresh)


def threshold(each: Due, now: datetime) -> int | None:
    """The nearest that it has reached; None where it is still far, or has passed and cannot be overdue."""
    if each.is_overdue(now):
        return OVERDUE
    left = each.days_left(now.date())
    return next((days for days in AHEAD if 0 <= left <= days), None)


def wanted(organisation: Organisation, near: Iterable[Due], readers: Readers, now: datetime) -> Iterator[Notice]:
    for each in near:
        reached = threshold(each, now)
        if reached is None:
            continue
        said = {"thing": each.key, "threshold": reached, "kind": each.kind, "day": each.day, "address": each.address}
        for user, absent in readers.of(each.owner).items():
            place = f"({each.system}; you stand in for {absent})" if absent else f"({each.system})"
            text = f"{each.title} {place}"[:500]
            yield Notice(organisation=organisation, user_id=user, text=text, created_at=now, **said)


class Readers:
    """Who is told of something: its owner as long as they belong here, else the officers, else the administrators;
    and, while it lasts, whoever stands in for one of those."""

    def __init__(self, organisation: Organisation) -> None:
        self.by_role: dict[str, list[int]] = defaultdict(list)
        found = Membership.objects.of(organisation).filter(user__is_active=True).order_by("user")
        for user, role in found.values_list("user_id", "role"):
            self.by_role[role].append(user)
        self.everybody = {user for users in self.by_role.values() for user in users}
        self.stand_ins: dict[int, list[int]] = defaultdict(list)
        self.names: dict[int, str] = {}
        for each in in_force().filter(organisation=organisation, receiver__is_active=True).select_related("giver"):
            self.stand_ins[each.giver_id].append(each.receiver_id)
            self.names[each.giver_id] = str(each.giver)

    def of(self, owner: int | None) -> dict[int, str]:
        """Each with the name of whom they are told for; empty for themselves."""
        own = [owner] if owner in self.everybody else self.by_role[Role.OFFICER] or self.by_role[Role.ADMINISTRATOR]
        others = {other: self.names[user] for user in own for other in self.stand_ins.get(user, ())}
        return others | dict.fromkeys(own, "")


def identity(notice: Notice) -> tuple[int, str, date, int]:
    return notice.user_id, notice.thing, notice.day, notice.threshold


def known(organisation: Organisation, near: list[Due]) -> set[tuple[int, str, date, int]]:
    """What was told already."""
    days = [each.day for each in near]
    found = Notice.objects.of(organisation).filter(day__gte=min(days), day__lte=max(days))
    return set(found.values_list("user_id", "thing", "day", "threshold"))


def address_mails(organisation: Organisation, fresh: list[Notice]) -> None:
    """One mail for each person, about all that is new to them; none for who wants none."""
    without = set(WithoutMail.objects.of(organisation).values_list("user_id", flat=True))
    wanted = {notice.user_id for notice in fresh} - without
    mails = {user: Mail(organisation=organisation, user_id=user) for user in wanted}
    Mail.unscoped.bulk_create(mails.values())
    for notice in fresh:
        notice.mail = mails.get(notice.user_id)


def choose_mail(user: Any, organisation: Organisation, wanted: bool) -> None:
    """Whether they are mailed of what nears from now on; it stands in the trail. Raises what authorize() raises."""
    authorize(user, "read", organisation)
    with transaction.atomic():
        if wanted:
            changed = bool(WithoutMail.objects.of(organisation).filter(user=user).delete()[0])
        else:
            changed = WithoutMail.unscoped.get_or_create(organisation=organisation, user=user)[1]
        if changed:
            record(organisation, user, "turned mail on" if wanted else "turned mail off", user)


def let_go(before: datetime, dry_run: bool) -> int:
    """Delete what was told before then, and the mails of it; how many notices. What is overdue still stays, or it would
    be told anew."""
    return sum(let_go_of(organisation, before, dry_run) for organisation in Organisation.objects.order_by("pk"))


def let_go_of(organisation: Organisation, before: datetime, dry_run: bool) -> int:
    told_of = before.date() + timedelta(days=max(AHEAD))
    open_still = {each.key for each in collected(organisation, Span(None, told_of, MOST))}
    old = Notice.objects.of(organisation).filter(created_at__lt=before)
    gone = [pk for pk, thing in old.values_list("pk", "thing") if thing not in open_still]
    if not dry_run:
        for start in range(0, len(gone), AT_ONCE):
            Notice.unscoped.filter(pk__in=gone[start : start + AT_ONCE]).delete()
        Mail.objects.of(organisation).filter(created_at__lt=before, due_at=None).delete()
    return len(gone)


def see(user: Any, organisation: Organisation, only: Any = None) -> int:
    """Mark them as seen, all or the one with this key; how many were not. Raises what authorize() raises."""
    authorize(user, "read", organisation)
    found = notices_of(user, organisation).filter(seen_at=None)
    return (found if only is None else found.filter(pk=only)).update(seen_at=timezone.now())
