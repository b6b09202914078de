"""What Celery runs: the doorbell, and how a worker process starts and stops."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_init, worker_process_init, worker_shutting_down
from django.conf import settings

from models.jobs.heartbeat import stop_file, told_to_stop
from models.jobs.models import Job, Queue, State
from models.jobs.perform import perform

PR_SET_PDEATHSIG = 1
QUEUES = "PLUMBLINE_WORKER_QUEUES"
in_pool = False


@shared_task(name="jobs.run_job", ignore_result=True)
def run_job(job_id: str) -> None:
    """Somebody rang: do this job if it is there to be done, then whatever else waits in our queues, the oldest first.

    Working the queues off means that a lost ring is noticed only when every worker is idle. A worker that is about to
    end leaves the job to be rung for again.
    """
    if told_to_stop():
        Job.unscoped.filter(pk=UUID(job_id)).update(rung_at=None)
        return
    perform(UUID(job_id), may_exit=in_pool)
    while not told_to_stop() and (waiting := oldest_waiting(our_queues())):
        perform(waiting, may_exit=in_pool)


def oldest_waiting(queues: list[str]) -> UUID | None:
    waiting = Job.unscoped.filter(state=State.QUEUED, queue__in=queues).order_by("created_at")
    return waiting.values_list("pk", flat=True).first()


def our_queues() -> list[str]:
    """The queues that this worker was started for; the supervisor tells the pool by the environment."""
    return [name for name in os.environ.get(QUEUES, "").split(",") if name] or Queue.values


@worker_init.connect
def starting(**kwargs: Any) -> None:
    """An old stop file may carry this process's number."""
    settings.JOB_WORK_FOLDER.mkdir(parents=True, exist_ok=True)
    Path(stop_file(os.getpid())).unlink(missing_ok=True)


@worker_process_init.connect
def pool_process_starting(**kwargs: Any) -> None:
    global in_pool
    in_pool = True
    die_with_parent(signal.SIGKILL)


@worker_shutting_down.connect
def stopping(**kwargs: Any) -> None:
    """Running jobs are given back at once instead of being waited for."""
    Path(stop_file(os.getpid())).touch()


def die_with_parent(number: signal.Signals) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
