"""Ringing: telling the workers that there is something to do. It may fail or get lost; the reaper rings again."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from models.jobs.models import Job

log = logging.getLogger(__name__)


def ring_on_commit(job: Job) -> None:
    """After the caller's transaction has committed, so that no worker looks for a row that is not there yet."""
    transaction.on_commit(lambda: ring(job.pk, job.queue), robust=True)


def name_at_broker(queue: str) -> str:
    """Several installations may share a broker: the setting CELERY_QUEUE stands before the queue's name."""
    return f"{settings.CELERY_TASK_DEFAULT_QUEUE}.{queue}"


def ring(job_id: UUID, queue: str) -> bool:
    """Send the message; a broker that is down costs a line in the log and nothing else."""
    from models.jobs.tasks import run_job

    try:
        run_job.apply_async([str(job_id)], queue=name_at_broker(queue), retry=False, ignore_result=True)
    except Exception as error:
        log.warning("the broker did not take the ring for job %s (%s); the reaper will ring again", job_id, error)
        Job.unscoped.filter(pk=job_id).update(rung_at=None)
        return False
    return True


def describe(job: Job) -> dict[str, Any]:
    """What the trail says of a job in every entry."""
    return {"kind": job.kind, "attempt": job.attempt}
