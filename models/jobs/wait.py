"""Waiting for a job within a request (`Prefer: wait=N`): for a while, and only a few at a time."""

from __future__ import annotations

import time
from threading import BoundedSemaphore
from uuid import UUID

from django.conf import settings

from models.jobs.models import FINISHED, Job

LOOKS = (0.1, 0.2, 0.3, 0.5)  # seconds between looks; the last one from then on
_places = BoundedSemaphore(settings.JOB_WAITERS)


def wait_for(job_id: UUID, seconds: float) -> Job:
    """The job when it has ended, or as it is after `seconds`; call it outside any transaction.

    At most JOB_WAITERS requests of a web process wait at the same time, so that waiting never takes every thread; one
    too many gets the job as it is, at once. Raises Job.DoesNotExist.
    """
    if not _places.acquire(blocking=False):
        return Job.unscoped.get(pk=job_id)
    try:
        _wait(job_id, time.monotonic() + seconds)
    finally:
        _places.release()
    return Job.unscoped.get(pk=job_id)


def _wait(job_id: UUID, deadline: float) -> None:
    looks = iter(LOOKS)
    pause = 0.0
    while not Job.unscoped.filter(pk=job_id, state__in=FINISHED).exists():
        pause = next(looks, LOOKS[-1]) if pause != LOOKS[-1] else pause
        left = deadline - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(pause, left))
