"""AI systems, what they are made of, what was answered about them, and what they were found to be in law."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from governance.systems.frozen import Frozen
from models.accounts.models import Membership
from models.accounts.scoped import OrganisationOwned
from models.registry.models import ModelVersion


class Stage(models.TextChoices):
    DEVELOPMENT = "development", "In development"
    IN_SERVICE = "in service", "In service"
    WITHDRAWN = "withdrawn", "Withdrawn"


class System(OrganisationOwned):
    """An AI system, as the law speaks of one: a purpose, what the organisation is to it, and the models in it.

    `edition` grows by one with each change of what stands here, so that a page that is older is refused. `roles` are
    those of eu-ai-act.yaml. `placed_on` is the day on which it came on the market or into service.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    purpose = models.TextField(blank=True, max_length=10_000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    stage = models.CharField(max_length=20, choices=Stage, default=Stage.DEVELOPMENT)
    placed_on = models.DateField(null=True, blank=True)
    roles = models.JSONField(default=list)
    edition = models.PositiveIntegerField(default=1)
    is_archived = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_system_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def standing(self) -> Standing | None:
        """What it was last found to be, if it was ever classified."""
        found = Standing.unscoped.filter(system=self).order_by("-number")
        return found.select_related("author", "answers").first()

    @property
    def answered(self) -> Answers | None:
        """The newest revision of the answers."""
        return Answers.unscoped.filter(system=self).order_by("-number").select_related("author").first()

    @property
    def present_owner(self) -> Any:
        """The owner, as long as that is somebody of this organisation; None asks for another one."""
        if self.owner_id is None:
            return None
        here = Membership.unscoped.filter(organisation_id=self.organisation_id, user_id=self.owner_id)
        return self.owner if here.exists() else None


class SystemPart(OrganisationOwned):
    """A version of a model that works in a system."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="parts")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="systems")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["system", "version"], name="one_part_per_version")]

    def __str__(self) -> str:
        return f"{self.version} in {self.system}"


class Answers(Frozen, OrganisationOwned):
    """What is answered of a system's questionnaire, as one person left it; what changes makes the next number.

    `answers`: question id -> {"value", "why", "by" (a user's key), "at"}. `facts` is what they come to, null as long as
    questions that matter are open.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    answers = models.JSONField()
    facts = models.JSONField(null=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["system", "-number"]
        verbose_name = "revision of answers"
        verbose_name_plural = "revisions of answers"
        constraints = [models.UniqueConstraint(fields=["system", "number"], name="one_revision_per_number")]

    def __str__(self) -> str:
        return f"Answers {self.number} about {self.system}"


class Standing(Frozen, OrganisationOwned):
    """A classification that was recorded: from which answers, as of which day, by which text of the law.

    `outcome` is the primary class of `result` (Classification.as_json()). `assessment` is what Article 6(4) asks to be
    documented where a system of Annex III is held not to be high-risk; empty otherwise.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="standings")
    number = models.PositiveIntegerField()
    answers = models.ForeignKey(Answers, on_delete=models.PROTECT, related_name="standings")
    as_of = models.DateField()
    outcome = models.CharField(max_length=60)
    result = models.JSONField()
    law_version = models.CharField(max_length=200)
    assessment = models.TextField(blank=True, max_length=20_000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["system", "-number"]
        verbose_name = "classification"
        constraints = [models.UniqueConstraint(fields=["system", "number"], name="one_standing_per_number")]

    def __str__(self) -> str:
        return f"Classification {self.number} of {self.system}"
