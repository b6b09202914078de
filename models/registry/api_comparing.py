"""The API of this room: what changed between two versions of a model or dataset, as the page of two versions has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import BaseModel, Field

from models.registry import records as r
from models.registry.audited import last_audits
from models.registry.comparing import compared_datasets, compared_models
from models.registry.formats.changes import SignatureChange
from models.registry.formats.format import Input
from models.registry.intake.changes import ColumnChange, TableChange
from models.registry.intake.profile import ColumnProfile
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion
from models.rest.records import ApiRequest, Moment, Record, reply
from models.rest.router import Router

models, datasets = Router(tags=["Models"]), Router(tags=["Datasets"])
T = TypeVar("T")
MOST = 999_999_999
Heading = Field(description="What changed, in a sentence.", examples=["Version 2 against version 1: 40 rows more"])
Moved = Field(
    description="How far the values lie from where they lay. With `values`: the share of rows that would have to have "
    "another value. Of numbers: how far the median went, in units of the middle half of the values before. Null where "
    "neither can be said."
)


class TwoVersions(BaseModel):
    """Which two."""

    before: int = Field(alias="from", ge=1, le=MOST, description="Number of a version.", examples=[1])
    after: int = Field(alias="to", ge=1, le=MOST, description="Number of the version against it.", examples=[2])


class Pair(Record, Generic[T]):
    """The same of the one version and of the other."""

    before: T
    after: T


class Range(Record):
    low: float
    high: float


class LastAudit(Record):
    """The newest audit that has a result."""

    id: UUID
    verdict: Literal["pass", "fail", "inconclusive", "waived", "not_applicable"]
    outcomes: dict[str, int] = Field(examples=[{"pass": 3, "fail": 1}])
    created_at: Moment


class InputRecord(Record):
    name: str = Field(examples=["income"])
    type: Literal["number", "integer", "boolean", "text", "any"]
    missing: bool = Field(description="Whether it takes missing values.")


class ModelComparison(Record):
    summary: str = Heading
    versions: Pair[r.ModelVersionName]
    audits: Pair[LastAudit | None]
    takes_the_same: bool = Field(description="Whether what calls the one can call the other.")
    gives_the_same: bool
    format: Pair[str]
    kind: Pair[Literal["score", "label"]]
    classes: Pair[list[str]]
    width: Pair[int | None] = Field(description="Columns of a model that reads them without names.")
    rows: Pair[int | None] = Field(description="Rows that a file of predictions holds; null for a model.")
    added: list[InputRecord] = Field(description="Columns that it reads now and did not.")
    removed: list[InputRecord]
    retyped: list[Pair[InputRecord]] = Field(description="Columns of another type.")
    reordered: bool = Field(description="Whether the columns that both read come in another order.")


class ColumnRecord(Record):
    name: str = Field(examples=["income"])
    type: str = Field(examples=["DOUBLE"])
    kind: Literal["number", "integer", "boolean", "text", "time"]
    role: str = Field(examples=["feature"])


class ValueChangeRecord(Record):
    value: str = Field(examples=["female"])
    before: float = Field(description="Share of the rows that had it.", examples=[0.25])
    after: float


class ColumnChangeRecord(Record):
    name: str = Field(examples=["income"])
    changed: bool
    type: Pair[str]
    role: Pair[str]
    missing: Pair[float] = Field(description="Share of the rows.")
    distinct: Pair[int]
    values: list[ValueChangeRecord] = Field(description="Of a column with few values, those that changed most.")
    median: Pair[float] | None
    range: Pair[Range] | None
    moved: float | None = Moved


class DatasetComparison(Record):
    summary: str = Heading
    versions: Pair[r.DatasetVersionName]
    audits: Pair[LastAudit | None]
    rows: Pair[int]
    kind: Pair[str]
    added: list[ColumnRecord]
    removed: list[ColumnRecord]
    columns: list[ColumnChangeRecord] = Field(description="Those of both versions, the ones that moved most first.")


@models.on("GET", "/models/{uuid:model_id}/comparison", {200: ModelComparison}, action="read")
def compare_models(request: ApiRequest, model_id: UUID, query: Query[TwoVersions]) -> HttpResponse:
    """Compare two versions of a model.

    What they take and give, as far as their files tell. It says what is different, not whether that matters: an audit
    does.
    """
    model = get_object_or_404(Model.objects.of(request.organisation), pk=model_id)
    found = ModelVersion.objects.of(request.organisation).filter(model=model).select_related("model")
    before, after = (get_object_or_404(found, number=number) for number in (query.before, query.after))
    compared = compared_models(before, after)
    change: SignatureChange = compared.change
    pairs = ("format", "kind", "classes", "width", "rows")
    said = {
        "summary": compared.heading,
        "versions": pair((r.model_name(before), r.model_name(after))),
        "audits": audits(request, before, after),
        **{name: pair(getattr(change, name)) for name in pairs},
        **{name: getattr(change, name) for name in ("takes_the_same", "gives_the_same", "reordered")},
        "added": inputs(change.added),
        "removed": inputs(change.removed),
        "retyped": [pair(inputs(both)) for both in change.retyped],
    }
    return reply(ModelComparison.model_validate(said))


@datasets.on("GET", "/datasets/{uuid:dataset_id}/comparison", {200: DatasetComparison}, action="read")
def compare_datasets(request: ApiRequest, dataset_id: UUID, query: Query[TwoVersions]) -> HttpResponse:
    """Compare two versions of a dataset.

    Columns, rows, and how the values lie, from the stored profiles. It says what is different, not whether that
    matters: an audit does.
    """
    dataset = get_object_or_404(Dataset.objects.of(request.organisation), pk=dataset_id)
    found = DatasetVersion.objects.of(request.organisation).filter(dataset=dataset).select_related("dataset")
    before, after = (get_object_or_404(found, number=number) for number in (query.before, query.after))
    compared = compared_datasets(before, after)
    change: TableChange = compared.change
    said = {
        "summary": compared.heading,
        "versions": pair((r.dataset_name(before), r.dataset_name(after))),
        "audits": audits(request, before, after),
        "rows": pair(change.rows),
        "kind": pair((before.kind, after.kind)),
        "added": [column(each) for each in change.added],
        "removed": [column(each) for each in change.removed],
        "columns": [column_change(each) for each in change.columns],
    }
    return reply(DatasetComparison.model_validate(said))


def pair(both: Iterable[Any]) -> dict[str, Any]:
    before, after = both
    return {"before": before, "after": after}


def audits(request: ApiRequest, before: Any, after: Any) -> dict[str, Any]:
    last = last_audits(request.organisation, [before, after])
    names = ("id", "verdict", "outcomes", "created_at")
    said = {pk: {name: getattr(audit, name) for name in names} for pk, audit in last.items()}
    return pair(said.get(each.pk) for each in (before, after))


def inputs(some: Iterable[Input]) -> list[dict[str, Any]]:
    return [{"name": each.name, "type": each.type, "missing": each.missing} for each in some]


def column(profile: ColumnProfile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in ColumnRecord.model_fields}


def column_change(change: ColumnChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "changed": change.has_changed,
        **{name: pair(getattr(change, name)) for name in ("type", "role", "missing", "distinct")},
        "values": [{"value": each.value, "before": each.before, "after": each.after} for each in change.values],
        "median": pair(change.medians) if change.medians else None,
        "range": pair({"low": low, "high": high} for low, high in change.ranges) if change.ranges else None,
        "moved": change.moved,
    }
