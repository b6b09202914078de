"""The clocks of serious incidents that still run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from governance.incidents.clocks import Kept, clocks_of
from governance.incidents.models import Incident
from governance.systems.days import Due, Span
from models.accounts.models import Organisation


def due(organisation: Organisation, span: Span) -> Iterator[Due]:
    """Of each incident what is due at once, from the moment on from which it is, and the first outer limit; of clocks
    that bind by then, or may, as long as the system has no class. Four queries."""
    found = Incident.objects.of(organisation).filter(closed_at=None).exclude(kinds=[])
    found = found.select_related("system").defer("known", "corrective").order_by("aware_at")
    rows = list(found[: span.most])
    kept = clocks_of(rows)
    for incident in rows:
        clocks = [each for each in kept[incident.pk] if each.is_open]
        at_once = [(each.since, each) for each in clocks if each.since and each.may_bind(each.now.date())]
        limits = [(each.running.due, each) for each in clocks if each.running.due]
        limits = [(at, each) for at, each in limits if each.may_bind(at.date())]
        for word, dated in (("at once", at_once), ("at the latest", limits)):
            if dated:
                at, clock = min(dated, key=lambda pair: pair[0])
                if span.has(at.date()):
                    yield told_of(incident, clock, at, word)


def told_of(incident: Incident, clock: Kept, at: datetime, word: str) -> Due:
    return Due(
        at.date(),
        "Incident report",
        f"{clock.running.clock.ref}, {word}: {incident.title}",
        incident.system.name,
        reverse("incident", args=[incident.pk]),
        f"incident:{incident.pk}" if word != "at once" else f"incident:{incident.pk}:at-once",
        incident.system.owner_id,
        at=at,
    )
