"""An audit: which versions, asked what, judged by which policy, and what came of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from audits.measure.policy import Policy, parse_policy
from audits.run.parameters import Parameters
from models.accounts.scoped import OrganisationOwned


class Audit(OrganisationOwned):
    """One audit. Parameters and policy are kept as they were asked; results are written once, by its job.

    `model` is None where the predictions stand in a column of the dataset. `evidence` and `report` name blobs by their
    SHA-256. `outcomes` counts the verdicts by outcome ({"pass": 14, ...}), a waived fail as "waived".
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(
        "registry.ModelVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="audits"
    )
    dataset = models.ForeignKey("registry.DatasetVersion", on_delete=models.PROTECT, related_name="audits")
    job = models.OneToOneField("jobs.Job", on_delete=models.PROTECT, related_name="audit")
    parameters = models.JSONField()
    policy = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    evidence = models.CharField(max_length=64, blank=True)
    report = models.CharField(max_length=64, blank=True)
    outcomes = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["organisation", "-created_at"], name="audits_of_organisation")]

    def __str__(self) -> str:
        return f"Audit of {self.model or self.dataset}"

    @property
    def asked(self) -> Parameters:
        return Parameters.from_json(self.parameters)

    @property
    def judged_by(self) -> Policy:
        return parse_policy(self.policy, self.policy.get("name", ""))

    @property
    def is_done(self) -> bool:
        return bool(self.evidence)

    def subject(self) -> dict[str, Any]:
        """What the report says of the system, from the registry."""
        if self.model is not None:
            return self.model.subject()
        dataset = self.dataset.dataset
        return {"name": dataset.name, "version": str(self.dataset.number), "owner": dataset.owner or None}
