"""A job: one piece of background work. The row is the truth; the broker only rings."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from models.accounts.scoped import OrganisationOwned


class State(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Queue(models.TextChoices):
    """Which workers a job is for: a worker takes jobs of its queues only."""

    LIGHT = "light", "Light"
    HEAVY = "heavy", "Heavy"
    GPU = "gpu", "GPU"


FINISHED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


def from_now(seconds: float) -> Any:
    """A moment by the database's clock, the only one that leases go by."""
    return Now() + timedelta(seconds=seconds)


class Job(OrganisationOwned):
    """See lease.py for who may change a row, and when.

    attempt counts how often a worker took the job; returned, how many of those were given back in good order (a worker
    that was told to stop), so that attempt - returned counts what went wrong. retry_of: the job that this one repeats.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    progress = models.FloatField(default=0.0)
    sentence = models.CharField(max_length=200, blank=True)
    log = models.TextField(blank=True)
    error = models.TextField(blank=True)
    suspicious = models.BooleanField(default=False)
    result = models.JSONField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    queue = models.CharField(max_length=10, choices=Queue, default=Queue.HEAVY, db_default=Queue.HEAVY.value)
    retry_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="retries")

    time_limit = models.PositiveIntegerField(help_text="seconds of one attempt")
    memory_limit = models.PositiveBigIntegerField(help_text="bytes")

    attempt = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="a_lease_while_running",
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True, lease_until__isnull=True)),
            )
        ]
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="jobs_of_organisation"),
            models.Index(fields=["created_at"], name="jobs_queued", condition=Q(state="queued")),
            models.Index(fields=["queue", "created_at"], name="jobs_waiting", condition=Q(state="queued")),
            models.Index(fields=["lease_until"], name="jobs_running", condition=Q(state="running")),
        ]

    def __str__(self) -> str:
        return self.title or self.kind

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED

    @property
    def failures(self) -> int:
        """Attempts that ended badly, the present one included."""
        return self.attempt - self.returned


class Worker(models.Model):
    """A worker that is alive: its supervisor writes seen_at every few seconds and removes the row when it ends."""

    name = models.CharField(primary_key=True, max_length=200)
    queues = models.JSONField(default=list)
    concurrency = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Beat(models.Model):
    """The right to call what is periodic: one row, held by one beat at a time and renewed by it."""

    name = models.CharField(primary_key=True, max_length=20, default="beat")
    holder = models.CharField(max_length=200, blank=True)
    token = models.UUIDField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.holder or "nobody"


class Periodic(models.Model):
    """When a periodic function was last called, and how that went. seconds: how long it took."""

    name = models.CharField(primary_key=True, max_length=200)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
