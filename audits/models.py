"""An audit: which versions, asked what, judged by which policy, and what came of it, figure by figure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
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
    SHA-256. `outcomes` counts the verdicts by outcome ({"pass": 14, ...}), a waived fail as "waived"; `rules` says how
    each rule came out ({"four-fifths[sex]": "pass", ...}; None where the result is older than this field), and
    `verdict` is the worst of them, "" until there is a result.
    """

    class Verdict(models.TextChoices):
        """As the whole audit is known, worst first."""

        FAIL = "fail", "Fails"
        WAIVED = "waived", "Fails, waived"
        INCONCLUSIVE = "inconclusive", "Too close to call"
        PASS = "pass", "Passes"
        NOT_APPLICABLE = "not_applicable", "Not applicable"

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
    rules = models.JSONField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="audits_of_organisation"),
            models.Index(fields=["organisation", "verdict", "-created_at"], name="audits_by_verdict"),
        ]

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

    def before(self) -> Audit | None:
        """The newest finished audit before this one of the same model, in whatever version; of the same dataset where
        the predictions are a column of it."""
        earlier = Audit.unscoped.filter(organisation_id=self.organisation_id, created_at__lt=self.created_at)
        earlier = earlier.exclude(evidence="").exclude(pk=self.pk)
        if self.model is not None:
            return earlier.filter(model__model_id=self.model.model_id).first()
        return earlier.filter(model=None, dataset__dataset_id=self.dataset.dataset_id).first()


def worst(outcomes: Iterable[str]) -> str:
    """The outcome that a whole audit is known by; not applicable where no rule could be judged."""
    found = set(outcomes)
    return next((verdict.value for verdict in Audit.Verdict if verdict in found), Audit.Verdict.NOT_APPLICABLE.value)


class Measurement(OrganisationOwned):
    """One figure of an audit, to be looked for and compared; `stored` is it as the evidence has it.

    Written with the audit's result and never changed. `group` is {} for everybody and for a disparity, which has an
    `attribute` ("" for none).
    """

    audit = models.ForeignKey(Audit, on_delete=models.CASCADE, related_name="measurements", db_index=False)
    ident = models.CharField(max_length=20)
    metric = models.CharField(max_length=200)
    attribute = models.TextField(blank=True)
    group = models.JSONField(default=dict)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.BigIntegerField(null=True)
    stored = models.JSONField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["audit", "metric"], name="figures_of_audit")]

    def __str__(self) -> str:
        return f"{self.metric} ({self.ident})"
