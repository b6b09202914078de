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


FINISHED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


def from_now(seconds: float) -> Any:
    """A moment by the database's clock, the only one that leases go by."""
    return Now() + timedelta(seconds=seconds)


class Job(OrganisationOwned):
    """See lease.py for who may change a row, and when.

    attempt counts how often a worker took the job; returned, how many of those were given back in good order (a worker
    that was told to stop), so that attempt - returned counts what went wrong.
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
