"""Picks up what got lost: jobs whose worker died, and rings that no worker heard."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from models.jobs.doorbell import ring
from models.jobs.endings import end, put_back
from models.jobs.models import Job, Queue, State, from_now

logger = logging.getLogger(__name__)

MOST_RINGS = 20  # in one pass over one queue: a worker that wakes works the queue off, so a few rings wake them all


@dataclass(frozen=True, slots=True)
class Reaped:
    put_back: int = 0
    failed: int = 0
    rung: int = 0


def reap() -> Reaped:
    """One pass. Any number of reapers may run at once."""
    ends = [settled(job_id) for job_id in expired().values_list("pk", flat=True)]
    return Reaped(ends.count("put back"), ends.count("ended"), ring_again())


def expired() -> models.QuerySet[Job]:
    return Job.unscoped.filter(state=State.RUNNING, lease_until__lt=Now())


def settled(job_id: UUID) -> str:
    """One job that cannot be settled (whoever listens to its end fails, say) must not keep the others waiting."""
    try:
        return settle_expired(job_id)
    except Exception:
        logger.exception("job %s could not be settled", job_id)
        return "left"


@transaction.atomic
def settle_expired(job_id: UUID) -> str:
    """The row is asked again under its lock: its worker may have come back, or another reaper been faster."""
    job = expired().filter(pk=job_id).select_for_update(skip_locked=True, of=("self",)).first()
    if job is None:
        return "left"
    if job.cancel_requested_at is not None:
        end(job, State.CANCELLED, error="cancelled; its worker was gone")
        return "ended"
    if job.failures >= settings.JOB_ATTEMPTS:
        end(job, State.FAILED, error=f"its worker died {job.failures} times in the middle of it")
        return "ended"
    put_back(job, f"its worker did not answer any more (attempt {job.attempt}); waiting for another", in_order=False)
    return "put back"


def ring_again() -> int:
    """Ring for the oldest queued jobs of each queue that were not rung for lately."""
    return sum(ring_again_in(queue) for queue in Queue.values)


def ring_again_in(queue: str) -> int:
    lately = from_now(-settings.JOB_RING_AGAIN_SECONDS)
    silent = Job.unscoped.filter(Q(rung_at=None) | Q(rung_at__lt=lately), state=State.QUEUED, queue=queue)
    jobs = list(silent.order_by("created_at").values_list("pk", flat=True)[:MOST_RINGS])
    Job.unscoped.filter(pk__in=jobs).update(rung_at=Now())
    rung = 0
    for job_id in jobs:
        if not ring(job_id, queue):
            break  # the broker is down: the rest is as silent as before, and waits for the next pass
        rung += 1
    Job.unscoped.filter(pk__in=jobs[rung:]).update(rung_at=None)
    return rung
