"""What could go wrong with a system, what is done about it, and the statements that have a form in the law."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from audits.models import Audit
from governance.obligations.models import Evidence
from governance.systems.frozen import Frozen
from governance.systems.models import System
from models.accounts.scoped import OrganisationOwned

DEGREE = (MinValueValidator(1), MaxValueValidator(5))


class Risk(OrganisationOwned):
    """One risk (Article 9(2), after the shape of ISO 31000).

    `rights` are ids of eu-charter.yaml. Likelihood and severity are 1 to 5 (risk-scale.yaml), before measures and, once
    that was judged, after them. `audit` and `rule` name the finding that proposed it. `edition` grows by one with each
    change, so that a page that is older is refused.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Residual risk accepted"
        CLOSED = "closed", "Closed"
        DISMISSED = "dismissed", "Dismissed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="risks")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    hazard = models.CharField(max_length=300)
    cause = models.TextField(blank=True, max_length=10_000)
    affected = models.TextField(blank=True, max_length=10_000)
    rights = models.JSONField(default=list, blank=True)
    likelihood = models.PositiveSmallIntegerField(null=True, blank=True, validators=DEGREE)
    severity = models.PositiveSmallIntegerField(null=True, blank=True, validators=DEGREE)
    likelihood_after = models.PositiveSmallIntegerField(null=True, blank=True, validators=DEGREE)
    severity_after = models.PositiveSmallIntegerField(null=True, blank=True, validators=DEGREE)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    acceptance = models.TextField(blank=True, max_length=10_000)
    audit = models.ForeignKey(Audit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rule = models.TextField(blank=True)
    finding = models.CharField(max_length=64, blank=True)
    closing = models.TextField(blank=True, max_length=10_000)
    writers = models.JSONField(default=list, blank=True)
    edition = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["system", "number"]
        constraints = [
            models.UniqueConstraint(fields=["system", "number"], name="one_risk_per_number"),
            models.UniqueConstraint(
                fields=["system", "finding"], condition=~models.Q(finding=""), name="one_risk_per_finding"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "state"], name="risks_by_state")]

    def __str__(self) -> str:
        return f"Risk {self.number} of {self.system}"


class Measure(OrganisationOwned):
    """What is done about a risk, by whom and until when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="measures")
    text = models.TextField(max_length=10_000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_on = models.DateField(null=True, blank=True)
    done_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["organisation", "done_on", "due_on"], name="measures_by_day")]

    def __str__(self) -> str:
        return self.text[:80]


class Statement(Frozen, OrganisationOwned):
    """What the law asks to be said in a fixed form, point by point; a change makes the next number.

    `content`: requirement id -> text. What the points of each kind are stands in the law's data (points.py). `taken`:
    requirement id -> the evidence that its text draws on, or was taken over from (Article 27(4)).
    """

    class Kind(models.TextChoices):
        FRIA = "fria", "Fundamental rights impact assessment"
        OVERSIGHT = "oversight", "Human oversight"
        INSTRUCTIONS = "instructions", "Instructions for use"
        QUALITY = "quality", "Quality management"
        MONITORING = "monitoring", "Post-market monitoring plan"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(max_length=20, choices=Kind)
    number = models.PositiveIntegerField()
    content = models.JSONField()
    taken = models.JSONField(default=dict, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["system", "kind", "-number"]
        constraints = [models.UniqueConstraint(fields=["system", "kind", "number"], name="one_statement_per_number")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number} of {self.system}"


class Given(OrganisationOwned):
    """That a statement was given in evidence: its words then, whatever the law's data call its points later."""

    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="given")
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.statement}, given in evidence"
