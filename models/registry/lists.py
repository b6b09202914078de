"""The lists of models and of datasets: what is asked of them, and what each row shows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from models.accounts.filters import Filters, choice
from models.accounts.models import Organisation
from models.registry.audited import VERDICTS, last_verdict
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion

MOST_CHOICES = 200
ORDERS = {
    "name": ("name", "pk"),
    "-latest": (F("last").desc(nulls_last=True), "name", "pk"),
    "latest": (F("last").asc(nulls_last=True), "name", "pk"),
}
SORT = (("name", "Name"), ("-latest", "Newest version first"), ("latest", "Oldest version first"))
TITLES = {"onnx": "ONNX", "lightgbm": "LightGBM", "xgboost": "XGBoost", "csv": "CSV"}


class RegisteredFilters(Filters):
    orders: dict[str, tuple[Any, ...]] = ORDERS
    sort = forms.ChoiceField(label="Order", required=False, choices=SORT)

    def __init__(self, request: HttpRequest, owned: QuerySet[Any], versions: QuerySet[Any], kind: str) -> None:
        super().__init__(request)
        self.offer("owner", "Anyone", distinct(owned.exclude(owner=""), "owner"))
        self.offer(kind, "Any", distinct(versions, kind))

    def offer(self, name: str, everything: str, values: list[str]) -> None:
        """The values that there are."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", everything), *((value, TITLES.get(value, value)) for value in values)]


class ModelFilters(RegisteredFilters):
    searched = ("name", "owner", "purpose", "description")
    lookups = {"owner": "owner", "format": "kind", "verdict": "verdict"}

    owner = choice("Owner", "Anyone", ())
    format = choice("Format", "Any", ())
    verdict = choice("Last audit", "Any", VERDICTS)

    field_order = ["q", "owner", "format", "verdict", "sort"]

    def __init__(self, request: HttpRequest, organisation: Organisation) -> None:
        super().__init__(request, Model.objects.of(organisation), ModelVersion.objects.of(organisation), "format")


class DatasetFilters(RegisteredFilters):
    searched = ("name", "owner", "description")
    lookups = {"owner": "owner", "kind": "kind", "verdict": "verdict"}

    owner = choice("Owner", "Anyone", ())
    kind = choice("Kind", "Any", ())
    verdict = choice("Last audit", "Any", VERDICTS)

    field_order = ["q", "owner", "kind", "verdict", "sort"]

    def __init__(self, request: HttpRequest, organisation: Organisation) -> None:
        super().__init__(request, Dataset.objects.of(organisation), DatasetVersion.objects.of(organisation), "kind")


def distinct(found: QuerySet[Any], column: str) -> list[str]:
    return list(found.order_by(column).values_list(column, flat=True).distinct()[:MOST_CHOICES])


def models_of(organisation: Organisation) -> QuerySet[Model]:
    """With the number and the time of the latest version, its format as `kind`, and the last audit's verdict."""
    return listed(Model.objects.of(organisation), ModelVersion, "model", "format").annotate(
        verdict=last_verdict(organisation, "model__model")
    )


def datasets_of(organisation: Organisation) -> QuerySet[Dataset]:
    return listed(Dataset.objects.of(organisation), DatasetVersion, "dataset", "kind").annotate(
        verdict=last_verdict(organisation, "dataset__dataset")
    )


def listed(found: QuerySet[Any], versions: Any, of: str, kind: str) -> QuerySet[Any]:
    newest = versions.unscoped.filter(**{of: OuterRef("pk")}).order_by("-number")
    columns = {"latest": "number", "last": "created_at", "kind": kind}
    return found.annotate(**{name: Subquery(newest.values(column)[:1]) for name, column in columns.items()})
