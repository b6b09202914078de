"""What has a day: each room brings a `due.py` that tells of its own; calendar, notices and overview read them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.utils import timezone

from models.accounts.models import Organisation


@dataclass(frozen=True, slots=True)
class Due:
    """Something that somebody has to do, or to know, by a day.

    `kind` is a word for people (Review), `key` names the thing for as long as it lives. `owner` is a user's key; None
    leaves it to the officers. `at` where it is a moment rather than a whole day. What does not lapse (a day of the law)
    only comes, and is never overdue.
    """

    day: date
    kind: str
    title: str
    system: str
    address: str
    key: str
    owner: int | None = None
    at: datetime | None = None
    lapses: bool = True

    def is_overdue(self, now: datetime) -> bool:
        return self.lapses and (self.at < now if self.at else self.day < now.date())

    def days_left(self, today: date) -> int:
        return (self.day - today).days


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `since` (None: from ever) to `until`, and how many of a sort are looked for, the earliest first."""

    since: date | None
    until: date
    most: int

    def of(self, field: str) -> dict[str, date]:
        """The filter of a field by these days."""
        return {f"{field}__lte": self.until} | ({f"{field}__gte": self.since} if self.since else {})

    def has(self, day: date) -> bool:
        return day <= self.until and (self.since is None or self.since <= day)


Tells = Callable[[Organisation, Span], Iterable[Due]]


@cache
def tellers() -> tuple[Tells, ...]:
    """The `due` of every room that has one."""
    return tuple(import_module(f"{room}.due").due for room in settings.ROOMS if find_spec(f"{room}.due"))


def collected(organisation: Organisation, span: Span) -> list[Due]:
    """All that is open and falls into the span, the earliest first."""
    found = (each for tells in tellers() for each in tells(organisation, span))
    return sorted(found, key=lambda each: (each.day, each.kind, each.system, each.title))


def today() -> date:
    return timezone.now().date()
