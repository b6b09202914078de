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
from models.jobs.models import Job, State
from models.jobs.perform import perform

PR_SET_PDEATHSIG = 1
in_pool = False


@shared_task(name="jobs.run_job", ignore_result=True)
def run_job(job_id: str) -> None:
    """Somebody rang: do this job if it is there to be done, then whatever else waits, the oldest first.

    Working the queue off means that a lost ring is noticed only when every worker is idle. A worker that is about to
    end leaves the job to be rung for again.
    """
    if told_to_stop():
        Job.unscoped.filter(pk=UUID(job_id)).update(rung_at=None)
        return
    perform(UUID(job_id), may_exit=in_pool)
    while not told_to_stop() and (waiting := Job.unscoped.filter(state=State.QUEUED).order_by("created_at").first()):
        perform(waiting.pk, may_exit=in_pool)


@worker_init.connect
def starting(**kwargs: Any) -> None:
    """An old stop file may carry this process's number; a supervised worker ends with its supervisor."""
    settings.JOB_WORK_FOLDER.mkdir(parents=True, exist_ok=True)
    Path(stop_file(os.getpid())).unlink(missing_ok=True)
    if os.environ.get("PLUMBLINE_SUPERVISED"):
        die_with_parent(signal.SIGTERM)


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
