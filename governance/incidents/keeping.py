"""Registering an incident, changing what is known of it, telling of it; each act in one transaction with its trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from governance.incidents.models import Incident, Link, Notification
from governance.law.incidents import Field, checked_kinds, checked_recipient, kinds, report_fields
from governance.systems.models import System
from governance.systems.stale import refuse_stale
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.register import checked_name, words
from models.trail.record import record

FIELDS = (
    "title", "kinds", "happened_at", "aware_at", "place", "link", "provider_unreachable", "known", "corrective",
)  # fmt: skip
LONGEST = {"place": 200, "known": 20_000, "corrective": 20_000, "closing": 20_000, "authority": 200}
EARLIEST = 1950  # the year
SLACK = timedelta(minutes=5)  # clocks of people's machines differ


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
    recent(sent_at)
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
    checked_moments(said)
    return found


def checked_moments(said: Mapping[str, Any]) -> None:
    for name in ("happened_at", "aware_at"):
        if said.get(name) is not None:
            recent(said[name])
    if "aware_at" in said:
        if said["aware_at"] is None:
            raise InputError("Say when you became aware: every clock counts from then.")
        passed(said["aware_at"], "You cannot have become aware in the future.")
    in_order(said.get("happened_at"), said.get("aware_at"))


def passed(moment: datetime, refusal: str) -> None:
    if moment > timezone.now() + SLACK:
        raise InputError(refusal)


def recent(moment: datetime) -> None:
    """In another zone a moment of the first or last year may be none at all."""
    if moment.year < EARLIEST:
        raise InputError(f"A moment before {EARLIEST} is none at which an AI system ran: mend the year.")


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
