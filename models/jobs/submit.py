"""Putting a job into the queue, and taking it out again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from models.accounts.models import Organisation
from models.accounts.permission import authorize
from models.errors import InputError
from models.jobs.doorbell import describe, ring_on_commit
from models.jobs.endings import end
from models.jobs.kinds import kind_named
from models.jobs.models import FINISHED, Job, State
from models.trail.record import record


def submit(
    kind: str,
    *,
    organisation: Organisation,
    user: Any,
    params: dict[str, Any],
    title: str = "",
    time_limit: int | None = None,
    memory_limit: int | None = None,
) -> Job:
    """Write a job in the caller's transaction (or one of its own) and ring once that has committed.

    `user` may be None for work that the service gives itself. Raises Forbidden, NotFound, KeyError (no such kind).
    """
    known = kind_named(kind)
    if user is not None:
        authorize(user, "run", organisation)
    with transaction.atomic():
        job = Job.unscoped.create(
            kind=kind,
            organisation=organisation,
            created_by=user,
            title=(title or known.title)[:200],
            params=params,
            queue=known.queue,
            time_limit=time_limit or known.time_limit or settings.JOB_TIME_LIMIT_SECONDS,
            memory_limit=memory_limit or known.memory_limit or settings.JOB_MEMORY_LIMIT_BYTES,
            sentence="waiting for a worker",
            rung_at=Now(),
        )
        record(organisation, user, "submitted", job, describe(job))
        ring_on_commit(job)
    return job


def cancel(job: Job, user: Any) -> Job:
    """A queued job is cancelled at once; a running one is told, and its worker stops it within seconds.

    A job that is finished stays as it is. Raises Forbidden, NotFound.
    """
    authorize(user, "cancel", job)
    with transaction.atomic():
        job = Job.unscoped.select_for_update().get(pk=job.pk)
        if job.is_finished or job.cancel_requested_at is not None:
            return job
        Job.unscoped.filter(pk=job.pk).update(cancel_requested_at=Now())
        job.refresh_from_db()
        if job.state == State.QUEUED:
            end(job, State.CANCELLED, actor=user, error="cancelled before it started")
        else:
            record(job.organisation, user, "asked to cancel", job, describe(job))
    return job


def retry(job: Job, user: Any) -> Job:
    """Begin a failed or cancelled job anew, as a new job that names it; pressed twice, it is still one new job.

    Raises Forbidden, NotFound, and InputError where there is nothing to repeat or the kind cannot.
    """
    authorize(user, "run", job)
    with transaction.atomic():
        job = Job.unscoped.select_for_update().get(pk=job.pk)
        if going := job.retries.exclude(state__in=FINISHED).first():
            return going
        made = _begun_again(job, user)
        Job.unscoped.filter(pk=made.pk).update(retry_of=job)
        record(job.organisation, user, "tried again", job, describe(job) | {"by": str(made.pk)})
    made.refresh_from_db()
    return made


def _begun_again(job: Job, user: Any) -> Job:
    if job.state not in (State.FAILED, State.CANCELLED):
        raise InputError(f"Only a job that failed or was cancelled can be tried again; this one is {job.state}.")
    try:
        begin = kind_named(job.kind).retry
    except KeyError:
        begin = None
    if begin is None:
        raise InputError("This kind of job cannot be tried again. Start it anew from where it was started.")
    return begin(job, user)


def again(job: Job, user: Any) -> Job:
    """JobKind.retry for a kind that needs nothing beside its parameters."""
    return submit(
        job.kind,
        organisation=job.organisation,
        user=user,
        params=job.params,
        title=job.title,
        time_limit=job.time_limit,
        memory_limit=job.memory_limit,
    )
