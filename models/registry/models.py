"""Models and datasets, and their versions, which never change and are named by the SHA-256 of their bytes."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

from models.accounts.scoped import OrganisationOwned
from models.errors import InputError
from models.registry.blobs.store import StorageError
from models.registry.formats.format import Signature
from models.registry.intake.profile import Profile
from models.registry.references.declared import Reference
from models.registry.storage import store


class Immutable(RuntimeError):
    """A version was to be changed: a changed file is a new version."""


class Erased(InputError):
    """The version's file was erased; the version itself, its hash and what was found out with it stay."""


class Role(models.TextChoices):
    """What the organisation is to the system, in the words of the law."""

    PROVIDER = "provider", "Provider"
    DEPLOYER = "deployer", "Deployer"
    IMPORTER = "importer", "Importer"
    DISTRIBUTOR = "distributor", "Distributor"


class Registered(OrganisationOwned):
    """What a model and a dataset have in common: a name, and people's words about it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    owner = models.CharField(max_length=200, blank=True, help_text="the person or department that answers for it")
    licence = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True, max_length=10_000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Dataset(Registered):
    class Meta(Registered.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_dataset_per_name")]


class Model(Registered):
    """Purpose and role belong to the AI system that a model serves; they stand here until there are systems."""

    purpose = models.TextField(blank=True, max_length=10_000)
    role = models.CharField(max_length=20, blank=True, choices=Role)

    class Meta(Registered.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_model_per_name")]


class Version(OrganisationOwned):
    """One file, as it was registered. Rows are written once: save() refuses to change one, and so does the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    file_name = models.CharField(max_length=255)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable("a version never changes; a changed file is a new version")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Immutable("a version is not deleted: audits and lineage refer to it")

    @property
    def erased(self) -> Erasure | None:
        """When and why its file was erased, if it was."""
        return getattr(self, "erasure", None)

    @property
    def path(self) -> Path:
        """The file, to be read in the sandbox only. Raises Erased, and StorageError where it is missing."""
        if self.erased is not None:
            raise Erased(self.erased.sentence)
        return store().path(self.sha256)


class DatasetVersion(Version):
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    kind = models.CharField(max_length=10)
    rows = models.PositiveBigIntegerField()
    stored_profile = models.JSONField(db_column="profile")
    # where the rows lie, for data that were not brought but are read in their place (see references/)
    stored_reference = models.JSONField(db_column="reference", null=True, blank=True)
    derived_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="derived_versions"
    )

    class Meta:
        ordering = ["dataset", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "sha256"], name="one_dataset_version_per_file"),
            models.UniqueConstraint(fields=["dataset", "number"], name="one_dataset_version_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} version {self.number}"

    @property
    def reference(self) -> Reference | None:
        """Where the rows lie, if they were not brought."""
        return Reference(**self.stored_reference) if self.stored_reference else None

    @property
    def path(self) -> Path:
        """The file. Raises StorageError where it is missing, or was never here (see sources.data_of)."""
        if self.stored_reference:
            raise StorageError(f"{self} lies at {self.reference}; no copy of it is kept.")
        return super().path

    @property
    def profile(self) -> Profile:
        return Profile.from_json(self.stored_profile)


class ModelVersion(Version):
    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    format = models.CharField(max_length=20)
    stored_signature = models.JSONField(db_column="signature")
    trained_on = models.ForeignKey(
        DatasetVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="trained_models"
    )
    derived_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="derived_versions"
    )

    class Meta:
        ordering = ["model", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "sha256"], name="one_model_version_per_file"),
            models.UniqueConstraint(fields=["model", "number"], name="one_model_version_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.model} version {self.number}"

    @property
    def signature(self) -> Signature:
        return Signature.from_json(self.stored_signature)

    @property
    def is_predictions(self) -> bool:
        """Whether the file holds predictions and not a model that makes them."""
        return self.signature.rows is not None

    def subject(self) -> dict[str, Any]:
        """What a report says of the system; what was left blank is null."""
        told = ("purpose", "role", "owner", "licence", "description")
        said = {name: getattr(self.model, name) or None for name in told}
        return {
            "name": self.model.name,
            "version": str(self.number),
            **said,
            "format": self.format,
            "sha256": self.sha256,
        }


class Erasure(OrganisationOwned):
    """That a version's file was let go on purpose, by whom and why (see erasure.py). removed_at: when the file went."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset_version = models.OneToOneField(DatasetVersion, null=True, on_delete=models.PROTECT, related_name="erasure")
    model_version = models.OneToOneField(ModelVersion, null=True, on_delete=models.PROTECT, related_name="erasure")
    sha256 = models.CharField(max_length=64)
    reason = models.TextField(max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["sha256"], name="erasures_by_file")]
        constraints = [
            models.CheckConstraint(
                name="one_version_is_erased",
                condition=models.Q(dataset_version__isnull=False, model_version__isnull=True)
                | models.Q(dataset_version__isnull=True, model_version__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """For people: when, and why."""
        return f"The file was erased on {self.at:%Y-%m-%d} because: {self.reason}"


class UploadState(models.TextChoices):
    OPEN = "open", "Open"
    COMPLETE = "complete", "Complete"
    EXPIRED = "expired", "Expired"


class Upload(OrganisationOwned):
    """A file that comes in parts, numbered from 0; each but the last has `part_size` bytes. See uploading.py.

    `sha256` is the whole file's, where its sender declared it. `job` is the registration that it was brought for.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file_name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    part_size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.OPEN)
    job = models.ForeignKey("jobs.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["expires_at"], name="uploads_by_end")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def part_count(self) -> int:
        return -(-self.size // self.part_size)

    def size_of(self, number: int) -> int:
        """The bytes that part `number` has to have."""
        return min(self.part_size, self.size - number * self.part_size)


class UploadPart(models.Model):
    """A part that arrived whole. Its bytes stand in the blob store's side area, under number and SHA-256."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="one_part_per_number")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.upload_id}"

    @property
    def name(self) -> str:
        return f"{self.number}-{self.sha256}"
