"""Telling: what happened is queued in the transaction in which it happened; sending comes later, see deliver.py."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from models.accounts.models import Organisation
from models.jobs.models import Job
from models.webhooks.models import EVENTS, PING, Delivery, Endpoint, Event


def announce(organisation: Organisation, type: str, data: dict[str, Any]) -> Event | None:
    """Queue it for every active endpoint that hears of this type; None where there is none, and nothing is written.

    `data` is JSON. Raises ValueError for a type that is not in EVENTS.
    """
    if type not in EVENTS:
        raise ValueError(f"there is no event type {type!r}")
    active = Endpoint.objects.of(organisation).filter(state=Endpoint.State.ACTIVE)
    return queue(organisation, type, data, [endpoint for endpoint in active if type in endpoint.events])


def ping(endpoint: Endpoint) -> Delivery:
    """Queue a message that says nothing, for this endpoint alone."""
    event = queue(endpoint.organisation, PING, {"webhook": str(endpoint.pk)}, [endpoint])
    assert event is not None
    return event.deliveries.get()


def queue(organisation: Organisation, type: str, data: dict[str, Any], endpoints: list[Endpoint]) -> Event | None:
    if not endpoints:
        return None
    now = timezone.now()
    body = json.dumps({"type": type, "timestamp": moment(now), "data": data}, separators=(",", ":"))
    with transaction.atomic():
        event = Event.unscoped.create(organisation=organisation, type=type, body=body, created_at=now)
        Delivery.unscoped.bulk_create(
            Delivery(organisation=organisation, event=event, endpoint=each, due_at=now, created_at=now)
            for each in endpoints
        )
    return event


def tell_of_the_end(job: Job, **kwargs: Any) -> None:
    """Hears job_finished, inside the transaction that ends the job."""
    announce(job.organisation, "job.finished", told_of(job))


def told_of(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "title": str(job),
        "state": job.state,
        "error": job.error[:1000] or None,
        "suspicious": job.suspicious,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "links": {"self": f"/api/v1/jobs/{job.pk}", "page": f"/jobs/{job.pk}/"},
    }


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z, as the API writes it."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
