"""One attempt at a job, from taking it to ending it."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from models.errors import InputError
from models.jobs.context import JobContext, Stopped
from models.jobs.endings import end, put_back
from models.jobs.heartbeat import Heartbeat
from models.jobs.kinds import kind_named
from models.jobs.lease import Lease, LeaseLost, take
from models.jobs.logs import current_job
from models.jobs.models import Job, State
from models.jobs.sandbox.errors import SandboxError

logger = logging.getLogger(__name__)

T = TypeVar("T")
WAITS = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries to reach a database that is busy or restarting


@dataclass(frozen=True, slots=True)
class Success:
    value: Any


@dataclass(frozen=True, slots=True)
class Failure:
    reason: str
    suspicious: bool = False
    again: bool = False  # worth another attempt: the database was away, not the work wrong


class Interrupted:
    """The heartbeat knows why."""


Outcome = Success | Failure | Interrupted


def perform(job_id: UUID, *, may_exit: bool = False) -> bool:
    """Take the job, do it, end it; False if it was not there to be taken (a ring too many).

    may_exit: this process belongs to a pool that replaces it, so it may be given up with work that will not stop.
    """
    lease = patiently(lambda: take(job_id))
    if lease is None:
        return False
    job = patiently(lambda: Job.unscoped.select_related("organisation").get(pk=job_id))
    about = current_job.set((str(job_id), lease.attempt))
    try:
        work(lease, job, may_exit)
    finally:
        current_job.reset(about)
    return True


def work(lease: Lease, job: Job, may_exit: bool) -> None:
    """One attempt at a job that is ours, from its start to its end in the database."""
    logger.info("%s: %s", job.kind, job.title)
    with Heartbeat(lease, job, give_up=abandon if may_exit else None) as heartbeat:
        outcome = attempt(job, heartbeat)
        try:
            patiently(lambda: conclude(lease, outcome, heartbeat))
        except LeaseLost:
            logger.warning("job %s: attempt %d came too late, its result is refused", job.pk, lease.attempt)


def attempt(job: Job, heartbeat: Heartbeat) -> Outcome:
    """Run the kind's work; every way it can end becomes an outcome."""
    try:
        with workdir(job) as folder:
            return Success(kind_named(job.kind).run(JobContext(job, Path(folder), heartbeat)))
    except InputError as error:
        return Failure(str(error))
    except Stopped:
        return Interrupted()
    except SandboxError as error:
        if error.kind == "cancelled":
            return Interrupted()
        heartbeat.note(f"{error.kind}: {error}\n{error.log}")
        if error.kind == "time" and heartbeat.seconds_left <= 1:
            return Failure(time_is_up(job))
        return Failure(str(error), suspicious=error.kind == "suspicious")
    except (OperationalError, InterfaceError) as error:
        heartbeat.note(traceback.format_exc())
        connection.close()
        return Failure(f"the database was not to be reached ({error})", again=True)
    except Exception as error:
        logger.exception("job %s: a fault of our own", job.pk)
        heartbeat.note(traceback.format_exc())
        return Failure(f"a fault of our own, {type(error).__name__}: {error}"[:1000])


def workdir(job: Job) -> tempfile.TemporaryDirectory[str]:
    """A fresh folder; what an earlier attempt left when it was killed is removed."""
    settings.JOB_WORK_FOLDER.mkdir(parents=True, exist_ok=True)
    for left in settings.JOB_WORK_FOLDER.glob(f"{job.pk}-*"):
        shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(dir=settings.JOB_WORK_FOLDER, prefix=f"{job.pk}-", ignore_cleanup_errors=True)


def conclude(lease: Lease, outcome: Outcome, heartbeat: Heartbeat) -> None:
    """End the job by its outcome in one fenced transaction; a result that cannot be saved fails it.

    Raises LeaseLost.
    """
    try:
        with transaction.atomic():
            settle(lease.locked_job(), outcome, heartbeat)
    except (OperationalError, InterfaceError, LeaseLost):
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, InputError) else f"a fault of our own, {type(error).__name__}: {error}"
        if not isinstance(outcome, Success):
            raise
        heartbeat.note(traceback.format_exc())
        conclude(lease, Failure(reason[:1000]), heartbeat)


def settle(job: Job, outcome: Outcome, heartbeat: Heartbeat) -> None:
    """Change the row, which the caller holds. What people asked for comes before what the work came to."""
    log = heartbeat.log
    if job.cancel_requested_at is not None:
        end(job, State.CANCELLED, error="cancelled", log=log)
    elif isinstance(outcome, Success):
        end(job, State.SUCCEEDED, result=kind_named(job.kind).save(job, outcome.value), log=log)
    elif isinstance(outcome, Failure) and outcome.again and job.failures < settings.JOB_ATTEMPTS:
        put_back(job, outcome.reason, in_order=False, log=log)
    elif isinstance(outcome, Failure):
        end(job, State.FAILED, error=outcome.reason, suspicious=outcome.suspicious, log=log)
    elif heartbeat.stop == "time":
        end(job, State.FAILED, error=time_is_up(job), log=log)
    else:
        put_back(job, "its worker had to stop; waiting for another", in_order=heartbeat.stop == "shutdown", log=log)


def time_is_up(job: Job) -> str:
    return f"stopped after {job.time_limit} seconds, its time limit"


def patiently(step: Callable[[], T]) -> T:
    """Try again while the database is busy or away; the last error is raised."""
    for wait in (*WAITS, None):
        try:
            return step()
        except (OperationalError, InterfaceError):
            if wait is None:
                raise
            connection.close()
            time.sleep(wait)
    raise AssertionError("the loop returns or raises")


def abandon(heartbeat: Heartbeat) -> None:
    """The work does not stop: end the job from the heartbeat's thread, then this process, which the pool replaces."""
    try:
        conclude(heartbeat.lease, Interrupted(), heartbeat)
    except (LeaseLost, DatabaseError, InterfaceError) as error:
        logger.warning("job %s was given up: %s", heartbeat.lease.job_id, error)
    os._exit(1)
