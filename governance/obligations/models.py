"""What is asked of a system, how far each of it is, and the evidence that supports it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from audits.models import Audit
from governance.frameworks.requirements import Requirement
from governance.obligations.gone import asks
from governance.systems.frozen import Frozen
from governance.systems.models import System
from models.accounts.scoped import OrganisationOwned


class State(models.TextChoices):
    NOT_STARTED = "not started", "Not started"
    IN_PROGRESS = "in progress", "In progress"
    EVIDENCED = "evidenced", "Evidenced"
    ACCEPTED = "accepted", "Accepted"
    NOT_APPLICABLE = "not applicable", "Not applicable"


class Duty(OrganisationOwned):
    """One requirement of a framework as it is asked of a system.

    `binds_from` is the day from which it counts, None where its framework dates nothing. `where` is the condition under
    which it is asked at all, of which no fact speaks; empty for most. `holds` says that somebody found the condition to
    hold: until then it counts nowhere as missing. `is_asked` is False once the newest classification no longer brings
    it; what was done for it stays. `reason` says why it is not applicable. `law_version` is the text by which it was
    last said to be proven.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="duties")
    framework = models.CharField(max_length=60)
    requirement = models.CharField(max_length=80)
    binds_from = models.DateField(null=True, blank=True)
    where = models.TextField(blank=True)
    holds = models.BooleanField(default=False, db_default=False)
    is_asked = models.BooleanField(default=True)
    state = models.CharField(max_length=20, choices=State, default=State.NOT_STARTED)
    reason = models.TextField(blank=True, max_length=10_000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_on = models.DateField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    law_version = models.CharField(max_length=200, blank=True)
    edition = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["system", "framework", "binds_from", "requirement"]
        verbose_name = "obligation"
        constraints = [models.UniqueConstraint(fields=["system", "requirement"], name="one_duty_per_requirement")]
        indexes = [
            models.Index(fields=["organisation", "state", "due_on"], name="duties_by_state"),
            models.Index(fields=["organisation", "binds_from"], name="duties_by_law"),
        ]

    def __str__(self) -> str:
        return f"{self.asks.ref} for {self.system}"

    @property
    def asks(self) -> Requirement:
        """The requirement as the data has it; what says so where the data has it no longer."""
        return asks(self.framework, self.requirement)


class Evidence(Frozen, OrganisationOwned):
    """Something that supports obligations of a system: an audit's result, a document, or a signed statement.

    `type` is one of evidence-types.yaml. A newer version is a row of its own that `replaces` this one. A document's
    bytes are the blob `sha256`; the hash of a statement is that of its text.
    """

    class Source(models.TextChoices):
        AUDIT = "audit", "Result of an audit"
        DOCUMENT = "document", "Document"
        STATEMENT = "statement", "Signed statement"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="evidence")
    source = models.CharField(max_length=20, choices=Source)
    type = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    number = models.PositiveIntegerField(default=1)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    audit = models.ForeignKey(Audit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True, max_length=20_000)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(default=0)
    file_name = models.CharField(max_length=255, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_on = models.DateField(null=True, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "piece of evidence"
        verbose_name_plural = "evidence"
        indexes = [
            models.Index(fields=["organisation", "system", "-created_at"], name="evidence_of_system"),
            models.Index(fields=["organisation", "expires_on"], name="evidence_that_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.title} (version {self.number})"


class Support(OrganisationOwned):
    """That a piece of evidence supports an obligation."""

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="supports")
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="supports")
    by: Any = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["duty", "evidence"], name="one_support_per_evidence")]

    def __str__(self) -> str:
        return f"{self.evidence} for {self.duty}"


class Followed(OrganisationOwned):
    """That a system is held to a framework that no class brings by itself (a standard, say)."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="follows")
    framework = models.CharField(max_length=60)
    by: Any = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["framework"]
        constraints = [models.UniqueConstraint(fields=["system", "framework"], name="one_following_per_framework")]

    def __str__(self) -> str:
        return f"{self.system} follows {self.framework}"


class Awaited(OrganisationOwned):
    """That an audit's result is to be attached to the system of an obligation once it is there, in the name of `by`.

    `audit` is the number that the audit has or will have: its form may not be filled in yet.
    """

    audit = models.UUIDField(unique=True)
    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="awaited")
    by: Any = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Result of {self.audit} for {self.duty}"


class Dismissal(OrganisationOwned):
    """That an audit's result is not to be evidence of a system, and why: it is not proposed again."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="dismissals")
    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=10_000)
    by: Any = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["system", "audit"], name="one_dismissal_per_result")]

    def __str__(self) -> str:
        return f"{self.audit} is no evidence of {self.system}"
