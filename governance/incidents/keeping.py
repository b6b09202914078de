"""Registering an incident, changing what is known of it, telling of it; each act in one transaction with its trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from governance.incidents.models import Incident, Link, Notification
from governance.law.incidents import (
    Field,
    Recipient,
    Running,
    checked_kinds,
    checked_recipient,
    kinds,
    report_fields,
    requirements_with_clocks,
    running,
)
from governance.obligations.models import Duty
from governance.systems.models import Standing, System
from governance.systems.stale import refuse_stale
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.register import checked_name, words
from models.trail.record import record

FIELDS = (
    "title", "kinds", "happened_at", "aware_at", "place", "link", "provider_unreachable", "known", "corrective",
)  # fmt: skip
LONGEST = {"place": 200, "known": 20_000, "corrective": 20_000, "closing": 20_000, "authority": 200}
SLACK = timedelta(minutes=5)  # clocks of people's machines differ


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


def begin(user: Any, system: System, said: Mapping[str, Any]) -> Incident:
    """Register an incident. Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", system)
    wanted = checked({"title": "", "aware_at": None, **said})
    with transaction.atomic():
        System.unscoped.select_for_update().get(pk=system.pk)
        last = Incident.unscoped.filter(system=system).aggregate(last=Max("number"))["last"] or 0
        made = Incident.unscoped.create(
            organisation_id=system.organisation_id, system=system, number=last + 1, created_by=user, **wanted
        )
        record(system.organisation, user, "registered", made, {"system": str(system.pk), **plain(made)})
    return made


def change(user: Any, incident: Incident, said: Mapping[str, Any], edition: int | None) -> Incident:
    """Change the fields that are given. Raises Forbidden, NotFound, InputError, and Stale for an older edition."""
    authorize(user, "govern", incident)
    wanted = checked(said)
    with transaction.atomic():
        current = locked(incident)
        refuse_stale("incident", current, edition)
        if current.closed_at is not None:
            raise InputError("This incident is closed. Open it again first.")
        before = plain(current)
        for name, value in wanted.items():
            setattr(current, name, value)
        in_order(current.happened_at, current.aware_at)
        after = plain(current)
        if before["link"] != after["link"]:
            current.link_since = timezone.now()
        if changed := [name for name in wanted if before[name] != after[name]]:
            current.edition += 1
            current.save()
            facts = {which: {name: kept[name] for name in changed} for which, kept in (("from", before), ("to", after))}
            record(current.organisation, user, "changed", current, facts)
    return current


def tell(user: Any, incident: Incident, sort: str, recipient: str, authority: str, sent_at: datetime) -> Notification:
    """Write down that somebody was told, with what is known now. Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", incident)
    checked_recipient(recipient)
    if sort not in Notification.Sort.values:
        raise InputError(f"A report is one of {', '.join(Notification.Sort.values)}, not {sort[:40]!r}.")
    whom = words("authority", authority, LONGEST["authority"])
    if not whom:
        raise InputError("Say whom you told.")
    passed(sent_at, "The report cannot have been sent in the future.")
    with transaction.atomic():
        current = locked(incident)
        if sent_at < current.aware_at:
            raise InputError("The report cannot have been sent before you became aware.")
        last = Notification.unscoped.filter(incident=current).aggregate(last=Max("number"))["last"] or 0
        made = Notification.unscoped.create(
            organisation_id=current.organisation_id,
            incident=current,
            number=last + 1,
            sort=sort,
            recipient=recipient,
            authority=whom,
            sent_at=sent_at,
            content=plain(current) | {"system": str(current.system)},
            author=user,
        )
        facts = {"incident": str(current.pk), "sort": sort, "recipient": recipient, "authority": whom,
                 "sent_at": in_utc(sent_at)}  # fmt: skip
        record(current.organisation, user, "reported", made, facts)
    return made


def close(user: Any, incident: Incident, closing: str) -> Incident:
    """Close it, saying how it ended; a closed one is opened again by `reopen`."""
    authorize(user, "govern", incident)
    text = words("closing", closing, LONGEST["closing"])
    if not text:
        raise InputError("Say how it ended: what was found, and what was done so that it does not happen again.")
    with transaction.atomic():
        current = locked(incident)
        if current.closed_at is not None:
            raise InputError("It is closed already, for another reason perhaps: see its page.")
        current.closed_at, current.closing, current.edition = timezone.now(), text, current.edition + 1
        current.save()
        record(current.organisation, user, "closed", current, {"closing": text})
    return current


def reopen(user: Any, incident: Incident) -> Incident:
    authorize(user, "govern", incident)
    with transaction.atomic():
        current = locked(incident)
        if current.closed_at is not None:
            current.closed_at, current.edition = None, current.edition + 1
            current.save()
            record(current.organisation, user, "reopened", current)
    return current


def locked(incident: Incident) -> Incident:
    found = Incident.unscoped.select_for_update(of=("self",)).select_related("organisation", "system")
    return found.get(pk=incident.pk)


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


def checked(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are kept. Raises InputError that names the field."""
    if unknown := set(said) - set(FIELDS):
        raise InputError(f"An incident has no {', '.join(sorted(unknown))}.")
    found = dict(said)
    if "title" in said:
        found["title"] = checked_name(said["title"])
    for name in ("place", "known", "corrective"):
        if name in said:
            found[name] = words(name, said[name], LONGEST[name])
    if "kinds" in said:
        found["kinds"] = checked_kinds(said["kinds"])
    if said.get("link", Link.UNKNOWN) not in Link.values:
        raise InputError(f"The link is one of {', '.join(Link.values)}, not {str(said['link'])[:40]!r}.")
    if not isinstance(said.get("provider_unreachable", False), bool):
        raise InputError("Whether the provider cannot be reached is true or false.")
    if "aware_at" in said:
        if said["aware_at"] is None:
            raise InputError("Say when you became aware: every clock counts from then.")
        passed(said["aware_at"], "You cannot have become aware in the future.")
    in_order(said.get("happened_at"), said.get("aware_at"))
    return found


def passed(moment: datetime, refusal: str) -> None:
    if moment > timezone.now() + SLACK:
        raise InputError(refusal)


def in_order(happened: datetime | None, aware: datetime | None) -> None:
    if happened is not None and aware is not None and aware < happened:
        raise InputError("You cannot have become aware before it happened.")


def reported(content: Mapping[str, Any], authority: str = "") -> list[tuple[Field, str]]:
    """What the report says of each of its fields, of what was known (`plain` with the system's name) and told whom."""
    named = {each.id: f"{each.title} ({each.ref})" for each in kinds()}
    sorts = [named.get(each, each) for each in content["kinds"]]
    happened, aware = (in_words(content[name]) for name in ("happened_at", "aware_at"))
    said = {
        "system": content.get("system", ""),
        "what": "\n".join([content["title"], *sorts]),
        "authority": authority,
        "happened": ", ".join(each for each in (happened, content["place"]) if each),
        "aware": aware,
        "link": Link(content["link"]).label,
        "known": content["known"],
        "corrective": content["corrective"],
    }
    return [(field, said[field.id]) for field in report_fields()]


def in_words(moment: str | None) -> str:
    """`21 November 2026, 14:30 UTC` of a moment as the trail keeps it."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%-d %B %Y, %H:%M} UTC" if moment else ""


def plain(incident: Incident) -> dict[str, Any]:
    """As the trail keeps it."""
    said = {name: getattr(incident, name) for name in FIELDS}
    return {name: in_utc(value) if isinstance(value, datetime) else value for name, value in said.items()}


def in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
