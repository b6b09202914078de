"""What the registry knows of audits: that versions have them. The room above owns them; they are reached by the
relation that it declares on a version, so nothing of it is imported here."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery

from models.registry.models import DatasetVersion, ModelVersion

VERDICTS = (
    ("fail", "Fails"),
    ("waived", "Fails, waived"),
    ("inconclusive", "Too close to call"),
    ("pass", "Passes"),
    ("not_applicable", "Not applicable"),
)


def audits_of(organisation: Any) -> Any:
    """Every audit that has a result."""
    audit: Any = ModelVersion._meta.get_field("audits").related_model
    return audit.objects.of(organisation).exclude(verdict="")


def last_verdict(organisation: Any, of: str) -> Subquery:
    """The verdict of the newest audit of a model, or on a dataset, whichever the version: of is "model__model" or
    "dataset__dataset"."""
    newest = audits_of(organisation).filter(**{of: OuterRef("pk")}).order_by("-created_at")
    return Subquery(newest.values("verdict")[:1])


def last_audits(organisation: Any, versions: list[ModelVersion] | list[DatasetVersion]) -> dict[Any, Any]:
    """The newest audit of each version, by the version's key."""
    if not versions:
        return {}
    of = "model" if isinstance(versions[0], ModelVersion) else "dataset"
    newest = audits_of(organisation).filter(**{of: OuterRef("pk")}).order_by("-created_at").values("pk")[:1]
    each = type(versions[0]).unscoped.filter(pk__in=[version.pk for version in versions])
    found = audits_of(organisation).filter(pk__in=each.values(newest=Subquery(newest)))
    return {getattr(audit, f"{of}_id"): audit for audit in found.only("pk", of, "verdict", "outcomes", "created_at")}
