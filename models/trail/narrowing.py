"""Some of the entries, for the page and for programs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db.models import QuerySet

from models.trail.models import Entry

SERVICE = "none"  # as the actor: what the service did by itself


def narrowed(
    entries: QuerySet[Entry],
    *,
    actor: str | None = None,
    since: date | None = None,
    until: date | None = None,
    **exact: str | None,
) -> QuerySet[Entry]:
    """By columns that are `exact`ly so, by a person's id or SERVICE, and by days in UTC; what is empty says nothing."""
    entries = entries.filter(**{field: value for field, value in exact.items() if value})
    if actor:
        entries = entries.filter(actor=None if actor == SERVICE else int(actor))
    if since:
        entries = entries.filter(at__gte=datetime.combine(since, time.min, UTC))
    if until:
        entries = entries.filter(at__lte=datetime.combine(until, time.max, UTC))
    return entries
