"""What the API tells of models, datasets, their versions and uploads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, StrictInt

from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion, Registered, Upload, Version
from models.registry.references.declared import Reference
from models.rest.records import Asked, Moment, Person, Record, person

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
RoleName = Literal["", "provider", "deployer", "importer", "distributor"]
WORDS = frozenset({"name", "owner", "licence", "description", "purpose", "role"})
ColumnRole = Literal["label", "sensitive", "feature", "identifier", "weight", "time"]


class Named(Record):
    id: UUID
    name: str = Field(examples=["Credit scoring"])


class ModelVersionName(Named):
    """A version of a model, by which it is meant."""

    number: int
    model: UUID


class DatasetVersionName(Named):
    """A version of a dataset, by which it is meant."""

    number: int
    dataset: UUID


class VersionRecord(Record):
    id: UUID
    number: int = Field(ge=1)
    sha256: str = Field(examples=[SHA])
    size: int = Field(description="Bytes.", examples=[48213])
    file_name: str
    created_at: Moment
    created_by: Person
    erased: str | None = Field(description="When and why its file was let go; null while it is there.", examples=[None])


class ModelVersionRecord(VersionRecord):
    model: Named
    format: str = Field(examples=["onnx"])
    signature: dict[str, Any] = Field(description="What goes in and what comes out.", examples=[{"kind": "score"}])
    trained_on: DatasetVersionName | None
    derived_from: ModelVersionName | None
    page: str = Field(examples=["/models/6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10/1/"])


class DatasetVersionRecord(VersionRecord):
    dataset: Named
    kind: str = Field(examples=["parquet"])
    rows: int = Field(examples=[30000])
    profile: dict[str, Any] | None = Field(description="Every column. Null in lists: get the version for it.")
    derived_from: DatasetVersionName | None
    reference: dict[str, Any] | None = Field(description="Where the rows lie, of data that are read in their place.")
    page: str = Field(examples=["/datasets/6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10/1/"])


class Described(Record):
    id: UUID
    name: str = Field(examples=["Credit scoring"])
    owner: str = Field(examples=["Retail lending"])
    licence: str
    description: str
    created_at: Moment
    created_by: Person


class ModelRecord(Described):
    purpose: str = Field(examples=["Decides who gets a loan."])
    role: RoleName = Field(description="What the organisation is to the system.", examples=["deployer"])
    latest: ModelVersionRecord | None


class DatasetRecord(Described):
    latest: DatasetVersionRecord | None


class DatasetChange(Asked):
    name: str | None = Field(None, max_length=200)
    owner: str | None = Field(None, max_length=200, examples=["Retail lending"])
    licence: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=10_000)

    def said(self) -> dict[str, str]:
        """What was given; null says nothing."""
        return self.model_dump(exclude_none=True, include=set(WORDS))


class ModelChange(DatasetChange):
    purpose: str | None = Field(None, max_length=10_000, examples=["Decides who gets a loan."])
    role: RoleName | None = Field(None, examples=["deployer"])


class NewDataset(DatasetChange):
    name: str = Field(min_length=1, max_length=200, examples=["Applicants 2026"])


class NewModel(ModelChange):
    name: str = Field(min_length=1, max_length=200, examples=["Credit scoring"])


class NewModelVersion(Asked):
    upload: UUID = Field(description="A complete upload.")
    trained_on: UUID | None = Field(None, description="A version of a dataset.")
    derived_from: UUID | None = Field(None, description="A version of a model.")
    card: str | None = Field(
        None, max_length=1_000_000, description="Text of a Hugging Face model card.", examples=[None]
    )


class AskedReference(Asked):
    """Data in a place that the operator declared: a table of a database, or a file of an object store."""

    source: str = Field(min_length=1, max_length=60, examples=["warehouse"])
    table: str | None = Field(None, max_length=1_000, examples=["public.applicants"])
    path: str | None = Field(None, max_length=1_000, examples=[None])

    def reference(self) -> Reference:
        return Reference(self.source, self.table or "", self.path or "")


class NewDatasetVersion(Asked):
    """An upload, or a reference to where the data lie: one of the two."""

    upload: UUID | None = Field(None, description="A complete upload.")
    reference: AskedReference | None = Field(None, description="Where the data lie.", examples=[None])
    roles: dict[str, ColumnRole] = Field({}, description="What columns are for; the others are guessed.")
    derived_from: UUID | None = Field(None, description="A version of a dataset.")


class NamedModelVersion(NewModelVersion, NewModel):
    """A version, and the name of the model that it is one of; what is said counts where the model is new."""


class NamedDatasetVersion(NewDatasetVersion, NewDataset):
    """A version, and the name of the dataset that it is one of; what is said counts where the dataset is new."""


class FormatRecord(Record):
    id: str = Field(examples=["onnx"])
    title: str = Field(examples=["ONNX"])
    suffixes: list[str] = Field(examples=[[".onnx"]])
    what: Literal["model", "data"]


class Formats(Record):
    items: list[FormatRecord]


class SourceRecord(Record):
    name: str = Field(examples=["warehouse"])
    kind: Literal["s3", "postgresql", "duckdb"]


class Sources(Record):
    items: list[SourceRecord]


class PartRecord(Record):
    number: int = Field(ge=0)
    size: int
    sha256: str = Field(examples=[SHA])


class UploadRecord(Record):
    id: UUID
    file_name: str
    size: int = Field(description="Of the whole file, in bytes.")
    part_size: int = Field(description="Of every part but the last.")
    state: Literal["open", "complete", "expired"]
    parts: list[PartRecord] = Field(description="Those that arrived.")
    received: int = Field(description="Bytes that arrived.")
    sha256: str | None = Field(description="Of the whole file, where it was declared.")
    expires_at: Moment


class NewUpload(Asked):
    file_name: str = Field(min_length=1, max_length=255, examples=["applicants.parquet"])
    size: StrictInt = Field(ge=1, le=2**53, examples=[1048576])
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", examples=[SHA])
    part_size: StrictInt | None = Field(None, ge=1, le=2**31, description="At most 67,108,864.", examples=[8388608])


class Whole(Asked):
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", examples=[SHA])


def common(version: Version, thing: Registered, kind: str) -> dict[str, Any]:
    names = ("id", "number", "sha256", "size", "file_name", "created_at")
    return {
        **{name: getattr(version, name) for name in names},
        "created_by": person(version.created_by),
        "erased": version.erased.sentence if version.erased else None,
        "page": f"/{kind}/{thing.pk}/{version.number}/",
    }


def model_name(version: ModelVersion | None) -> ModelVersionName | None:
    if version is None:
        return None
    return ModelVersionName(id=version.pk, name=version.model.name, number=version.number, model=version.model_id)


def dataset_name(version: DatasetVersion | None) -> DatasetVersionName | None:
    if version is None:
        return None
    named = version.dataset
    return DatasetVersionName(id=version.pk, name=named.name, number=version.number, dataset=named.pk)


def model_version(version: ModelVersion) -> ModelVersionRecord:
    return ModelVersionRecord(
        **common(version, version.model, "models"),
        model=Named(id=version.model_id, name=version.model.name),
        format=version.format,
        signature=version.stored_signature,
        trained_on=dataset_name(version.trained_on),
        derived_from=model_name(version.derived_from),
    )


def dataset_version(version: DatasetVersion, *, whole: bool = False) -> DatasetVersionRecord:
    """`whole`: with the profile of every column, which may be long."""
    return DatasetVersionRecord(
        **common(version, version.dataset, "datasets"),
        dataset=Named(id=version.dataset_id, name=version.dataset.name),
        kind=version.kind,
        rows=version.rows,
        profile=version.stored_profile if whole else None,
        derived_from=dataset_name(version.derived_from),
        reference=version.stored_reference,
    )


def described(thing: Registered) -> dict[str, Any]:
    names = ("id", "name", "owner", "licence", "description", "created_at")
    return {**{name: getattr(thing, name) for name in names}, "created_by": person(thing.created_by)}


def model_record(model: Model) -> ModelRecord:
    """Of a row with its newest version prefetched (api.py does)."""
    latest = first(model.newest)  # type: ignore[attr-defined]
    said = {**described(model), "purpose": model.purpose, "role": model.role}
    return ModelRecord(**said, latest=model_version(latest) if latest else None)


def dataset_record(dataset: Dataset) -> DatasetRecord:
    latest = first(dataset.newest)  # type: ignore[attr-defined]
    return DatasetRecord(**described(dataset), latest=dataset_version(latest) if latest else None)


def first(found: Iterable[Any]) -> Any:
    return next(iter(found), None)


def upload_record(upload: Upload) -> UploadRecord:
    parts = [PartRecord(number=p.number, size=p.size, sha256=p.sha256) for p in upload.parts.all()]
    names = ("id", "file_name", "size", "part_size", "state", "expires_at")
    return UploadRecord(
        **{name: getattr(upload, name) for name in names},
        parts=parts,
        received=sum(part.size for part in parts),
        sha256=upload.sha256 or None,
    )
