"""The clocks that run for an incident: who has to be told by when, and whether they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from governance.incidents.models import Incident, Link, Notification
from governance.law.incidents import Recipient, Running, requirements_with_clocks, running
from governance.obligations.models import Duty
from governance.systems.models import Standing


@dataclass(frozen=True, slots=True)
class Kept:
    """A clock, and whether it was met.

    `told` is when the last of those who have to be told first was; None as long as some of them, `missing`, were not.
    `since` is from when on the report is due at once, None where only the outer limit counts. `may_bind` holds also
    for a system without a class.
    """

    running: Running
    told: datetime | None
    missing: tuple[Recipient, ...]
    since: datetime | None
    now: datetime
    closed: bool
    is_classified: bool

    @property
    def is_binding(self) -> bool:
        return self.running.is_binding(self.now.date())

    @property
    def is_open(self) -> bool:
        return self.told is None and not self.closed

    @property
    def state(self) -> str:
        """told, late (told after our mark), overdue, due, at once, or closed (not all were told)."""
        due = self.running.due
        if self.told is not None:
            return "told" if due is None or self.told <= due else "late"
        if self.closed:
            return "closed"
        if due is not None and due < self.now:
            return "overdue"
        return "at once" if self.since else "due"

    @property
    def is_pressing(self) -> bool:
        """Whether it is late for a duty that binds today, or may."""
        return self.state in ("overdue", "at once", "late") and self.may_bind(self.now.date())

    def may_bind(self, day: date) -> bool:
        return not self.is_classified or self.running.is_binding(day)


def clocks(incident: Incident, now: datetime | None = None) -> list[Kept]:
    """Every clock that it started, with whether it was met. Three queries."""
    return clocks_of([incident], now)[incident.pk]


def clocks_of(incidents: Iterable[Incident], now: datetime | None = None) -> dict[Any, list[Kept]]:
    """The clocks of each, by its key. Three queries, two where each system is asked for such reports, and so has a
    class; the incidents come with their systems."""
    rows = list(incidents)
    now = now or timezone.now()
    systems = {each.system_id for each in rows}
    told: dict[Any, dict[str, datetime]] = defaultdict(dict)
    sent = Notification.unscoped.filter(incident__in=[each.pk for each in rows]).order_by("sent_at")
    for incident, recipient, at in sent.values_list("incident", "recipient", "sent_at"):
        told[incident].setdefault(recipient, at)
    asked: dict[Any, dict[str, date | None]] = defaultdict(dict)
    duties = Duty.unscoped.filter(system__in=systems, is_asked=True, requirement__in=requirements_with_clocks())
    for system, requirement, day in duties.values_list("system", "requirement", "binds_from"):
        asked[system][requirement] = day
    unknown = Standing.unscoped.filter(system__in=systems - asked.keys())
    classified = {*asked, *unknown.values_list("system", flat=True)}
    return {
        each.pk: [
            kept(one, each, told[each.pk], now, each.system_id in classified)
            for one in started(each, asked[each.system_id])
        ]
        for each in rows
    }


def most_urgent(found: Iterable[Kept]) -> Kept | None:
    """Of the clocks that run: what is due at once, else the earliest outer limit; those that bind before others."""
    running = [each for each in found if each.is_open]
    return min(running, key=lambda each: (not each.may_bind(each.now.date()), each.since or each.running.due),
               default=None)  # fmt: skip


def started(incident: Incident, asked: Mapping[str, date | None]) -> list[Running]:
    """None where the system did not cause it: that is no serious incident (Article 3(49))."""
    if incident.link == Link.EXCLUDED:
        return []
    return running(
        incident.kinds, incident.aware_at, incident.link, incident.system.roles, asked, incident.provider_unreachable
    )


def kept(clock: Running, incident: Incident, told: Mapping[str, datetime], now: datetime, classified: bool) -> Kept:
    missing = tuple(each for each in clock.tells if each.id not in told)
    met = None if missing else max(told[each.id] for each in clock.tells)
    since = None
    if clock.at_once:
        since = incident.aware_at if clock.whatever_the_link else max(incident.aware_at, incident.link_since)
    return Kept(clock, met, missing, since, now, incident.closed_at is not None, classified)
