"""The API of this room: models and datasets with their versions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from models.jobs.api import JobRecord, job_record, leads_to
from models.jobs.api import one as one_job
from models.jobs.models import Job
from models.registry import api_comparing, api_uploads
from models.registry import records as r
from models.registry.describe import begin, describe
from models.registry.formats.discovery import formats
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion
from models.registry.references.declared import Reference
from models.registry.sources import sources_for
from models.registry.submit import KIND, submit_dataset, submit_model
from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.problems import invalid
from models.rest.records import ApiRequest, Listed, reply, started
from models.rest.router import Router

router = Router()
models, datasets = Router(tags=["Models"]), Router(tags=["Datasets"])
for part in (models, datasets, api_comparing.models, api_comparing.datasets, api_uploads.router):
    router.add_router("", part)

LINEAGE = {
    ModelVersion: ("model", "created_by", "erasure", "trained_on__dataset", "derived_from__model"),
    DatasetVersion: ("dataset", "created_by", "erasure", "derived_from__dataset"),
}
# of the versions that one comes from only the name is told
HEAVY = {
    ModelVersion: ("trained_on__stored_profile", "derived_from__stored_signature"),
    DatasetVersion: ("derived_from__stored_profile",),
}
BY_NUMBER = ["-number"]
STARTED = {202: JobRecord, 200: JobRecord}
TABLES = (
    ("parquet", "Apache Parquet", [".parquet"]),
    ("csv", "Comma-separated values", [".csv"]),
    ("arrow", "Apache Arrow file", [".arrow", ".feather"]),
)


class ThingQuery(PageQuery):
    name: str | None = Field(None, max_length=200, description="Exactly this name.")
    q: str | None = Field(None, max_length=200, description="Words in name, description or purpose.")
    owner: str | None = Field(None, max_length=200, description="Exactly this owner.")


def versions(request: ApiRequest, kind: Any) -> QuerySet[Any]:
    found: QuerySet[Any] = kind.objects.of(request.organisation)
    return found.select_related(*LINEAGE[kind]).defer(*HEAVY[kind])


def things(request: ApiRequest, kind: Any, of: Any, field: str) -> QuerySet[Any]:
    """With the newest version of each, by one more query for all of them."""
    last = of.unscoped.filter(**{field: OuterRef(field)}).order_by("-number").values("number")[:1]
    newest = of.unscoped.select_related(*LINEAGE[of]).defer(*HEAVY[of]).filter(number=Subquery(last))
    if of is DatasetVersion:
        newest = newest.defer("stored_profile", *HEAVY[of])
    found: QuerySet[Any] = kind.objects.of(request.organisation).select_related("created_by")
    return found.prefetch_related(Prefetch("versions", queryset=newest, to_attr="newest"))


def models_of(request: ApiRequest) -> QuerySet[Any]:
    return things(request, Model, ModelVersion, "model")


def datasets_of(request: ApiRequest) -> QuerySet[Any]:
    return things(request, Dataset, DatasetVersion, "dataset")


def filtered(rows: QuerySet[Any], query: ThingQuery, *words: str) -> QuerySet[Any]:
    if query.name is not None:
        rows = rows.filter(name=query.name)
    if query.owner is not None:
        rows = rows.filter(owner=query.owner)
    for word in (query.q or "").split():
        condition = Q()
        for name in words:
            condition |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(condition)
    return rows


# Models


@models.on("GET", "/models", {200: Listed[r.ModelRecord]}, action="read")
def list_models(request: ApiRequest, query: Query[ThingQuery]) -> HttpResponse:
    """List models, the newest first."""
    rows = filtered(models_of(request), query, "name", "description", "purpose")
    return listed(request, rows, query, r.model_record)


@models.on("POST", "/models", {201: r.ModelRecord}, action="register", once=True, problems=("conflict",))
def create_model(request: ApiRequest, body: r.NewModel) -> HttpResponse:
    """Create a model.

    It has no version yet; add one with an upload. A name that is taken is a conflict, which gives the id of the other.
    """
    made = begin(request.user, request.organisation, Model, body.said())
    return reply(one_model(request, made.pk), 201, location=f"/api/v1/models/{made.pk}")


@models.on("GET", "/models/{uuid:model_id}", {200: r.ModelRecord}, action="read")
def get_model(request: ApiRequest, model_id: UUID) -> HttpResponse:
    """Get a model, with its newest version."""
    return reply(one_model(request, model_id))


@models.on("PATCH", "/models/{uuid:model_id}", {200: r.ModelRecord}, action="describe", match=True)
def change_model(request: ApiRequest, model_id: UUID, body: r.ModelChange) -> HttpResponse:
    """Change what is said of a model.

    Only what is given. Its versions, and reports that were made, stay as they are.
    """
    return changed(request, Model, model_id, body.said(), one_model)


@models.on("GET", "/models/{uuid:model_id}/versions", {200: Listed[r.ModelVersionRecord]}, action="read")
def list_model_versions(request: ApiRequest, model_id: UUID, query: Query[PageQuery]) -> HttpResponse:
    """List a model's versions, the newest first."""
    model = get_object_or_404(Model.objects.of(request.organisation), pk=model_id)
    return listed(request, versions(request, ModelVersion).filter(model=model), query, r.model_version, BY_NUMBER)


@models.on("POST", "/models/{uuid:model_id}/versions", STARTED, action="register", once=True, waits=True)
def create_model_version(request: ApiRequest, model_id: UUID, body: r.NewModelVersion) -> HttpResponse:
    """Register an upload as a model's next version.

    The answer is 202 with the job, which looks at the file in a sandbox; its result names the version. A file that was
    registered before is told as what it was, and nothing new is made. The card of a first version fills in what was not
    said of the model; later ones change nothing.
    """
    model = get_object_or_404(Model.objects.of(request.organisation), pk=model_id)
    return model_registered(request, body, model=model)


@models.on("POST", "/model-versions", STARTED, action="register", once=True, waits=True)
def register_model(request: ApiRequest, body: r.NamedModelVersion) -> HttpResponse:
    """Register an upload as a version of the model of a name.

    Where there is no model of that name it is made together with its first version, and not at all if the file is
    refused. Otherwise as adding a version to a model, which keeps what is said of it.
    """
    said = body.said()
    return model_registered(request, body, name=said.pop("name"), words=said)


def model_registered(request: ApiRequest, body: r.NewModelVersion, **of: Any) -> HttpResponse:
    job = submit_model(
        request.user,
        request.organisation,
        upload=api_uploads.mine(request, body.upload),
        trained_on=version(request, DatasetVersion, body.trained_on),
        derived_from=version(request, ModelVersion, body.derived_from),
        card=body.card,
        **of,
    )
    return registering(request, job)


@models.on("GET", "/models/{uuid:model_id}/versions/{int:number}", {200: r.ModelVersionRecord}, action="read")
def get_model_version_by_number(request: ApiRequest, model_id: UUID, number: int) -> HttpResponse:
    """Get a model's version by its number."""
    found = get_object_or_404(versions(request, ModelVersion), model_id=model_id, number=number)
    return reply(r.model_version(found))


@models.on("GET", "/model-versions/{uuid:version_id}", {200: r.ModelVersionRecord}, action="read")
def get_model_version(request: ApiRequest, version_id: UUID) -> HttpResponse:
    """Get a version of a model."""
    return reply(r.model_version(get_object_or_404(versions(request, ModelVersion), pk=version_id)))


# Datasets


@datasets.on("GET", "/datasets", {200: Listed[r.DatasetRecord]}, action="read")
def list_datasets(request: ApiRequest, query: Query[ThingQuery]) -> HttpResponse:
    """List datasets, the newest first."""
    rows = filtered(datasets_of(request), query, "name", "description")
    return listed(request, rows, query, r.dataset_record)


@datasets.on("POST", "/datasets", {201: r.DatasetRecord}, action="register", once=True, problems=("conflict",))
def create_dataset(request: ApiRequest, body: r.NewDataset) -> HttpResponse:
    """Create a dataset.

    It has no version yet; add one with an upload or a reference. A name that is taken is a conflict.
    """
    made = begin(request.user, request.organisation, Dataset, body.said())
    return reply(one_dataset(request, made.pk), 201, location=f"/api/v1/datasets/{made.pk}")


@datasets.on("GET", "/datasets/{uuid:dataset_id}", {200: r.DatasetRecord}, action="read")
def get_dataset(request: ApiRequest, dataset_id: UUID) -> HttpResponse:
    """Get a dataset, with its newest version."""
    return reply(one_dataset(request, dataset_id))


@datasets.on("PATCH", "/datasets/{uuid:dataset_id}", {200: r.DatasetRecord}, action="describe", match=True)
def change_dataset(request: ApiRequest, dataset_id: UUID, body: r.DatasetChange) -> HttpResponse:
    """Change what is said of a dataset.

    Only what is given. Its versions, and reports that were made, stay as they are.
    """
    return changed(request, Dataset, dataset_id, body.said(), one_dataset)


@datasets.on("GET", "/datasets/{uuid:dataset_id}/versions", {200: Listed[r.DatasetVersionRecord]}, action="read")
def list_dataset_versions(request: ApiRequest, dataset_id: UUID, query: Query[PageQuery]) -> HttpResponse:
    """List a dataset's versions, the newest first."""
    dataset = get_object_or_404(Dataset.objects.of(request.organisation), pk=dataset_id)
    rows = versions(request, DatasetVersion).filter(dataset=dataset).defer("stored_profile", *HEAVY[DatasetVersion])
    return listed(request, rows, query, r.dataset_version, BY_NUMBER)


@datasets.on("POST", "/datasets/{uuid:dataset_id}/versions", STARTED, action="register", once=True, waits=True)
def create_dataset_version(request: ApiRequest, dataset_id: UUID, body: r.NewDatasetVersion) -> HttpResponse:
    """Register data as a dataset's next version.

    An upload, or a reference to a place that the operator declared (see /sources), whose data stay where they are. The
    answer is 202 with the job, which reads the table in a sandbox; its result names the version.
    """
    dataset = get_object_or_404(Dataset.objects.of(request.organisation), pk=dataset_id)
    return dataset_registered(request, body, dataset=dataset)


@datasets.on("POST", "/dataset-versions", STARTED, action="register", once=True, waits=True)
def register_dataset(request: ApiRequest, body: r.NamedDatasetVersion) -> HttpResponse:
    """Register data as a version of the dataset of a name.

    Where there is no dataset of that name it is made together with its first version, and not at all if the data are
    refused. Otherwise as adding a version to a dataset, which keeps what is said of it.
    """
    said = body.said()
    return dataset_registered(request, body, name=said.pop("name"), words=said)


def dataset_registered(request: ApiRequest, body: r.NewDatasetVersion, **of: Any) -> HttpResponse:
    job = submit_dataset(
        request.user,
        request.organisation,
        upload=api_uploads.mine(request, body.upload) if body.upload else None,
        reference=referred(request, body.reference) if body.reference else None,
        roles=body.roles,
        derived_from=version(request, DatasetVersion, body.derived_from),
        **of,
    )
    return registering(request, job)


def referred(request: ApiRequest, asked: r.AskedReference) -> Reference:
    """Raises Problem for a place that is not declared, or not for this organisation: the two look the same."""
    if asked.source not in {each.name for each in sources_for(request.organisation)}:
        said = "There is no such data source. GET /api/v1/sources lists those that there are for you."
        raise invalid("/body/reference/source", said)
    return asked.reference()


@datasets.on("GET", "/datasets/{uuid:dataset_id}/versions/{int:number}", {200: r.DatasetVersionRecord}, action="read")
def get_dataset_version_by_number(request: ApiRequest, dataset_id: UUID, number: int) -> HttpResponse:
    """Get a dataset's version by its number."""
    found = get_object_or_404(versions(request, DatasetVersion), dataset_id=dataset_id, number=number)
    return reply(r.dataset_version(found, whole=True))


@datasets.on("GET", "/dataset-versions/{uuid:version_id}", {200: r.DatasetVersionRecord}, action="read")
def get_dataset_version(request: ApiRequest, version_id: UUID) -> HttpResponse:
    """Get a version of a dataset, with the profile of every column."""
    return reply(r.dataset_version(get_object_or_404(versions(request, DatasetVersion), pk=version_id), whole=True))


@datasets.on("GET", "/formats", {200: r.Formats}, action="read")
def list_formats(request: ApiRequest) -> HttpResponse:
    """List the formats of models and of data that are read."""
    told = [r.FormatRecord(id=f.id, title=f.title, suffixes=list(f.suffixes), what="model") for f in formats().values()]
    data = [r.FormatRecord(id=i, title=title, suffixes=ends, what="data") for i, title, ends in TABLES]
    return reply(r.Formats(items=[*told, *data]))


@datasets.on("GET", "/sources", {200: r.Sources}, action="read")
def list_sources(request: ApiRequest) -> HttpResponse:
    """List the places whose data may be referenced.

    The operator declares them; nobody else names an address.
    """
    items = [{"name": each.name, "kind": each.kind} for each in sources_for(request.organisation)]
    return reply(r.Sources.model_validate({"items": items}))


def version(request: ApiRequest, kind: Any, pk: UUID | None) -> Any:
    return get_object_or_404(kind.objects.of(request.organisation), pk=pk) if pk else None


def registering(request: ApiRequest, job: Job) -> HttpResponse:
    return started(job_record(job), job.pk, lambda: reply(job_record(one_job(request, job.pk))))


def version_address(job: Job) -> str | None:
    """Of what a registration made."""
    made = job.result or {}
    kind = next((kind for kind in ("model", "dataset") if f"{kind}_version" in made), None)
    return f"/api/v1/{kind}-versions/{made[f'{kind}_version']}" if kind else None


leads_to(KIND, version_address)


def one_model(request: ApiRequest, model_id: UUID) -> r.ModelRecord:
    return r.model_record(get_object_or_404(models_of(request), pk=model_id))


def one_dataset(request: ApiRequest, dataset_id: UUID) -> r.DatasetRecord:
    return r.dataset_record(get_object_or_404(datasets_of(request), pk=dataset_id))


def changed(request: ApiRequest, kind: Any, pk: UUID, said: dict[str, str], one: Any) -> HttpResponse:
    """If-Match is compared with the row locked, so that of two who change it at once the second is told."""
    with transaction.atomic():
        thing = get_object_or_404(kind.objects.of(request.organisation).select_for_update(), pk=pk)
        require_match(request, one(request, pk))
        describe(request.user, thing, said)
        return reply(one(request, pk))
