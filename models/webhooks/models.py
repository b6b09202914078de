"""Webhooks: who is told of what, what there was to tell, and how each telling went."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from models.accounts.scoped import OrganisationOwned

EVENTS = {
    "job.finished": "A job is done, failed or was cancelled",
    "audit.finished": "An audit has a result",
    "audit.verdict_changed": "A rule is judged differently than in the audit before",
}
PING = "ping"


class Endpoint(OrganisationOwned):
    """An address that is told. The secrets are sealed (models.accounts.secrets); the previous one signs beside the new
    one until `previous_until`, so that a receiver has time to change over.

    `failing_since` is when the first attempt failed after which none succeeded.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        DISABLED = "disabled", "Disabled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.CharField(max_length=2000)
    events = models.JSONField(default=list)
    description = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    note = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    sealed_secret = models.TextField()
    sealed_previous = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["organisation", "created_at"], name="webhooks_of_organisation")]

    def __str__(self) -> str:
        return self.description or self.host

    @property
    def host(self) -> str:
        """What may be shown to everyone: the rest of an address often holds a key."""
        return urlsplit(self.url).netloc

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def words(self) -> list[str]:
        """What it hears of, for people."""
        return [EVENTS.get(name, name) for name in self.events]


class Event(OrganisationOwned):
    """Something that happened, as every endpoint is told of it: `body` is sent byte for byte at each attempt."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=60)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"], name="webhook_events_by_age")]

    def __str__(self) -> str:
        return self.type

    @property
    def message_id(self) -> str:
        """The webhook-id: the same at each attempt, so that a receiver can tell a repeated one."""
        return f"msg_{self.id.hex}"


class Delivery(OrganisationOwned):
    """One event for one endpoint. Whoever sends it holds a claim; see deliver.py.

    `tries` counts the attempts since it was queued (again); `log` has them all, the newest last:
    {"at", "status" (of the answer, or null), "seconds", "note"}.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    log = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["event", "endpoint"], name="one_delivery_per_endpoint")]
        indexes = [
            models.Index(fields=["endpoint", "-created_at"], name="webhook_deliveries_by_endpoint"),
            models.Index(fields=["due_at"], name="webhook_deliveries_due", condition=Q(state="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"

    @property
    def last(self) -> dict[str, Any] | None:
        """The newest attempt."""
        return self.log[-1] if self.log else None
