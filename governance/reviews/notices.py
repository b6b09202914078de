"""Telling people of days that near: each thing once for each threshold, its owner, else the officers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from governance.reviews.lists import notices_of
from governance.reviews.models import Mail, Notice
from governance.systems.days import Due, Span, collected
from models.accounts.models import Membership, Organisation
from models.accounts.permission import authorize
from models.accounts.roles import Role

OVERDUE = -1
AHEAD = (0, 7, 30)  # days
MOST = 5_000  # of each sort, in one pass


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
        for user in readers.of(each.owner):
            text = f"{each.title} ({each.system})"[:500]
            yield Notice(organisation=organisation, user_id=user, text=text, created_at=now, **said)


class Readers:
    """Who is told of something: its owner as long as they belong here, else the officers, else the administrators."""

    def __init__(self, organisation: Organisation) -> None:
        self.by_role: dict[str, list[int]] = defaultdict(list)
        found = Membership.objects.of(organisation).filter(user__is_active=True).order_by("user")
        for user, role in found.values_list("user_id", "role"):
            self.by_role[role].append(user)
        self.everybody = {user for users in self.by_role.values() for user in users}

    def of(self, owner: int | None) -> list[int]:
        if owner in self.everybody:
            return [owner]
        return self.by_role[Role.OFFICER] or self.by_role[Role.ADMINISTRATOR]


def identity(notice: Notice) -> tuple[int, str, date, int]:
    return notice.user_id, notice.thing, notice.day, notice.threshold


def known(organisation: Organisation, near: list[Due]) -> set[tuple[int, str, date, int]]:
    """What was told already."""
    days = [each.day for each in near]
    found = Notice.objects.of(organisation).filter(day__gte=min(days), day__lte=max(days))
    return set(found.values_list("user_id", "thing", "day", "threshold"))


def address_mails(organisation: Organisation, fresh: list[Notice]) -> None:
    """One mail for each person, about all that is new to them."""
    mails = {user: Mail(organisation=organisation, user_id=user) for user in {notice.user_id for notice in fresh}}
    Mail.unscoped.bulk_create(mails.values())
    for notice in fresh:
        notice.mail = mails[notice.user_id]


def see(user: Any, organisation: Organisation, only: Any = None) -> int:
    """Mark them as seen, all or the one with this key; how many were not. Raises what authorize() raises."""
    authorize(user, "read", organisation)
    found = notices_of(user, organisation).filter(seen_at=None)
    return (found if only is None else found.filter(pk=only)).update(seen_at=timezone.now())
