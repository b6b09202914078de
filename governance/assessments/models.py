"""A system's risk assessment on its way from draft to approval, what was said about it, and what was signed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from governance.systems.frozen import Frozen
from governance.systems.models import System
from models.accounts.scoped import OrganisationOwned


class State(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in review", "In review"
    APPROVED = "approved", "Approved"
    SUPERSEDED = "superseded", "Superseded"


SIGNED = (State.APPROVED, State.SUPERSEDED)


class Assessment(OrganisationOwned):
    """One version of a system's risk assessment.

    What it tells is frozen when it goes into review: `snapshot` is that as canonical JSON, `sha256` its hash, which is
    what an approver signs. Sent back, both are empty again. `authors` are the keys of everybody who wrote in it or sent
    it into review, or recorded the class that it rests on; none of them may approve. `approved_for` names whom the
    approver stood in for. `report` names the PDF's blob, made by `job`: a draft's while in review, else the
    signed one's, with `signing_key` as the fingerprint of the key that signed it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="assessments")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    as_of = models.DateField()
    summary = models.TextField(blank=True, max_length=20_000)
    not_assessed = models.TextField(blank=True, max_length=20_000)
    authors = models.JSONField(default=list)
    snapshot = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_for = models.CharField(max_length=200, blank=True)
    decision = models.TextField(blank=True, max_length=20_000)
    trail_sequence = models.BigIntegerField(null=True, blank=True)
    trail_head = models.CharField(max_length=64, blank=True)
    report = models.CharField(max_length=64, blank=True)
    signing_key = models.CharField(max_length=64, blank=True)
    job = models.ForeignKey("jobs.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    edition = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["system", "-number"]
        verbose_name = "risk assessment"
        constraints = [
            models.UniqueConstraint(fields=["system", "number"], name="one_assessment_per_number"),
            models.UniqueConstraint(
                fields=["system"],
                condition=models.Q(state__in=("draft", "in review")),
                name="one_assessment_under_way",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "state"], name="assessments_by_state")]

    def __str__(self) -> str:
        return f"Risk assessment {self.number} of {self.system}"

    @property
    def is_frozen(self) -> bool:
        """Whether nothing of it changes any more, or only its state."""
        return self.state != State.DRAFT

    def signed_before(self) -> Assessment | None:
        """The last one of its system that was approved before it; its snapshot is read once it is asked for."""
        earlier = Assessment.objects.of(self.organisation).filter(
            system=self.system_id, number__lt=self.number, state__in=SIGNED
        )
        return earlier.select_related("system__organisation").defer("snapshot").order_by("-number").first()


class Comment(Frozen, OrganisationOwned):
    """What somebody said about an assessment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="comments")
    text = models.TextField(max_length=10_000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"Comment on {self.assessment}"
