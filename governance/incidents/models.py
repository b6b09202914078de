"""What went wrong with a system, and what was told of it to whom."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from governance.systems.frozen import Frozen
from governance.systems.models import System
from models.accounts.scoped import OrganisationOwned


class Link(models.TextChoices):
    """Whether the system caused it: the word on which the clocks of Article 73 turn."""

    UNKNOWN = "unknown", "Not known yet"
    SUSPECTED = "suspected", "Suspected"
    LIKELY = "likely", "Reasonably likely"
    ESTABLISHED = "established", "Established"
    EXCLUDED = "excluded", "Excluded"


class Incident(OrganisationOwned):
    """One incident. `kinds` are those of eu-ai-act-incidents.yaml, none as long as it is not a serious one.

    `aware_at` starts every clock. `link_since` is when the present word on the link was written down, from which a
    report may be due at once. `provider_unreachable` is of deployers, who then bear the provider's clocks. `edition`
    grows by one with each change, so that a page that is older is refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="incidents")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    kinds = models.JSONField(default=list, blank=True)
    happened_at = models.DateTimeField(null=True, blank=True)
    aware_at = models.DateTimeField()
    place = models.CharField(max_length=200, blank=True)
    link = models.CharField(max_length=20, choices=Link, default=Link.UNKNOWN)
    link_since = models.DateTimeField(default=timezone.now, editable=False)
    provider_unreachable = models.BooleanField(default=False)
    known = models.TextField(blank=True, max_length=20_000)
    corrective = models.TextField(blank=True, max_length=20_000)
    closed_at = models.DateTimeField(null=True, blank=True)
    closing = models.TextField(blank=True, max_length=20_000)
    edition = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-aware_at"]
        constraints = [models.UniqueConstraint(fields=["system", "number"], name="one_incident_per_number")]
        indexes = [models.Index(fields=["organisation", "closed_at", "-aware_at"], name="incidents_open")]

    def __str__(self) -> str:
        return f"Incident {self.number} of {self.system}"


class Notification(Frozen, OrganisationOwned):
    """That an authority, or the provider, was told: what the incident's fields said then, word for word.

    `recipient` is one of eu-ai-act-incidents.yaml, by which clocks are met; `authority` is its name.
    """

    class Sort(models.TextChoices):
        INITIAL = "initial", "Initial report"
        FOLLOW_UP = "follow-up", "Follow-up"
        FINAL = "final", "Final report"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notifications")
    number = models.PositiveIntegerField()
    sort = models.CharField(max_length=20, choices=Sort)
    recipient = models.CharField(max_length=40, default="other")
    authority = models.CharField(max_length=200)
    sent_at = models.DateTimeField()
    content = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["incident", "number"]
        constraints = [models.UniqueConstraint(fields=["incident", "number"], name="one_notification_per_number")]

    def __str__(self) -> str:
        return f"{self.get_sort_display()} {self.number} about {self.incident}"
