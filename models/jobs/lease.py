"""A worker's right to a job: taken by one conditional update, renewed, and asked for at every write (the fence)."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from models.jobs.doorbell import describe
from models.jobs.models import Job, State, from_now
from models.trail.record import record


class LeaseLost(RuntimeError):
    """The job is no longer this worker's: it was given to another, or ended."""


@dataclass(frozen=True, slots=True)
class Lease:
    job_id: UUID
    attempt: int
    token: UUID

    def rows(self) -> models.QuerySet[Job]:
        """The job's row while it is ours, else no row."""
        return Job.unscoped.filter(pk=self.job_id, state=State.RUNNING, attempt=self.attempt, lease_token=self.token)

    def renew(self, **fields: Any) -> bool:
        """Prolong the lease and write progress; False if it is lost."""
        return self.rows().update(lease_until=from_now(settings.JOB_LEASE_SECONDS), **fields) == 1

    def locked_job(self) -> Job:
        """The row, locked until the transaction ends; raises LeaseLost."""
        job = self.rows().select_for_update(of=("self",)).select_related("organisation").first()
        if job is None:
            raise LeaseLost(f"job {self.job_id}, attempt {self.attempt}")
        return job


def take(job_id: UUID) -> Lease | None:
    """Take a queued job; None if it is not there to be taken (another has it, it ended, it never was)."""
    token = uuid4()
    with transaction.atomic():
        taken = Job.unscoped.filter(pk=job_id, state=State.QUEUED, cancel_requested_at=None).update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            lease_token=token,
            lease_until=from_now(settings.JOB_LEASE_SECONDS),
            started_at=Coalesce("started_at", Now()),
            worker=f"{socket.gethostname()}:{os.getpid()}",
            sentence="started",
            progress=0.0,
        )
        if not taken:
            return None
        job = Job.unscoped.select_related("organisation").get(pk=job_id)
        record(job.organisation, None, "started", job, describe(job))
    return Lease(job_id, job.attempt, token)
