"""How a job ends or goes back: the row, the trail and the signal change together. Callers hold the row's lock."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from models.jobs.doorbell import describe, ring_on_commit
from models.jobs.models import Job, State
from models.jobs.signals import job_finished
from models.trail.record import record

SENTENCES = {State.SUCCEEDED: "done", State.FAILED: "failed", State.CANCELLED: "cancelled"}
RELEASED: dict[str, Any] = {"lease_token": None, "lease_until": None}


def end(
    job: Job,
    state: State,
    *,
    error: str = "",
    result: dict[str, Any] | None = None,
    suspicious: bool = False,
    log: str | None = None,
    actor: Any = None,
) -> None:
    """Into one of the final states, within the caller's transaction; the trail's entry comes last."""
    fields: dict[str, Any] = {"state": state, "error": error, "result": result, "suspicious": suspicious, **RELEASED}
    fields |= {"sentence": SENTENCES[state], "finished_at": Now()}
    fields |= {"log": log} if log is not None else {}
    fields |= {"progress": 1.0} if state == State.SUCCEEDED else {}
    Job.unscoped.filter(pk=job.pk).update(**fields)
    job.refresh_from_db()
    job_finished.send(sender=Job, job=job)
    facts = describe(job) | ({"error": error[:1000]} if error else {}) | ({"suspicious": True} if suspicious else {})
    record(job.organisation, actor, str(state.value), job, facts)


def put_back(job: Job, reason: str, *, in_order: bool, log: str | None = None) -> None:
    """Into the queue again, and ring. in_order: the worker was told to stop, so the attempt does not count.

    Then the reaper rings, not we: that worker itself might hear it.
    """
    fields: dict[str, Any] = {"state": State.QUEUED, "rung_at": None if in_order else Now(), **RELEASED}
    fields |= {"progress": 0.0, "sentence": reason[:200]}
    fields |= {"log": log} if log is not None else {}
    fields |= {"returned": job.returned + 1} if in_order else {}
    Job.unscoped.filter(pk=job.pk).update(**fields)
    job.refresh_from_db()
    record(job.organisation, None, "put back", job, describe(job) | {"reason": reason})
    if not in_order:
        ring_on_commit(job)
