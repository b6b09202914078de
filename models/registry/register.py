"""Registering a file as a version of a model or a dataset: all of it, or nothing."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from models.accounts.models import Organisation
from models.accounts.permission import NotFound, authorize
from models.errors import InputError
from models.registry.blobs.store import Staged
from models.registry.formats.predict import inspect_in_sandbox
from models.registry.intake.chosen import with_roles
from models.registry.intake.profile import profile_in_sandbox
from models.registry.intake.roles import Role as ColumnRole
from models.registry.intake.shown import plain_name
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion, Registered, Role, Version
from models.registry.signals import version_registered
from models.registry.storage import data_limits, store
from models.trail.record import record

V = TypeVar("V", ModelVersion, DatasetVersion)
WORDS = 10_000


@dataclass(frozen=True, slots=True)
class Registration(Generic[V]):
    """The version that a file is. `new` is false where the same file was registered before; `message` says so."""

    version: V
    new: bool
    message: str


def register_dataset(
    user: Any,
    organisation: Organisation,
    *,
    name: str,
    source: BinaryIO,
    file_name: str,
    owner: str = "",
    licence: str = "",
    description: str = "",
    derived_from: DatasetVersion | None = None,
    roles: Mapping[str, ColumnRole] | None = None,
    sha256: str | None = None,
) -> Registration[DatasetVersion]:
    """Store a table, profile it in the sandbox, and make it a version of the dataset of that name.

    What is said about the dataset counts for its first version; an existing dataset keeps what it says of itself.

    Args:
        source: the file's bytes, read once. file_name: what messages call it. sha256: what its sender declared.
        roles: column to role, where a person chose; the others are guessed.

    Raises:
        NotFound, Forbidden: the user may not. InputError: the file or a word is refused. SandboxError: reading the file
        crossed a limit. StorageError: it could not be stored. In each case nothing is registered and no file is kept.
    """
    authorize(user, "register", organisation)
    same_organisation(organisation, derived_from)
    said = {"owner": words("owner", owner, 200), "licence": words("licence", licence, 200)}
    said["description"] = words("description", description, WORDS)
    dataset_name = checked_name(name)

    def look(staged: Staged, scratch: Path) -> dict[str, Any]:
        read = profile_in_sandbox(staged.path, scratch, name=plain_name(file_name), data_limits=data_limits())
        profile = with_roles(read, roles or {})
        return {"kind": profile.kind, "rows": profile.rows, "stored_profile": profile.to_json()}

    def save(staged: Staged, found: dict[str, Any]) -> DatasetVersion:
        dataset = named(Dataset, organisation, dataset_name, user, said)
        return DatasetVersion.unscoped.create(
            dataset=dataset,
            derived_from=derived_from,
            **found,
            **common(user, organisation, staged, file_name, dataset),
        )

    return register(DatasetVersion, user, organisation, source, sha256, look, save)


def register_model(
    user: Any,
    organisation: Organisation,
    *,
    name: str,
    source: BinaryIO,
    file_name: str,
    purpose: str = "",
    role: str = "",
    owner: str = "",
    licence: str = "",
    description: str = "",
    trained_on: DatasetVersion | None = None,
    derived_from: ModelVersion | None = None,
    sha256: str | None = None,
) -> Registration[ModelVersion]:
    """Store a model file, read its signature in the sandbox, and make it a version of the model of that name.

    A table of predictions is a model file too. Arguments and errors are those of register_dataset.
    """
    authorize(user, "register", organisation)
    same_organisation(organisation, trained_on, derived_from)
    said = {"owner": words("owner", owner, 200), "licence": words("licence", licence, 200), "role": known_role(role)}
    said |= {"purpose": words("purpose", purpose, WORDS), "description": words("description", description, WORDS)}
    model_name = checked_name(name)

    def look(staged: Staged, scratch: Path) -> dict[str, Any]:
        signature = inspect_in_sandbox(staged.path, scratch, name=plain_name(file_name))
        return {"format": signature.format, "stored_signature": signature.to_json()}

    def save(staged: Staged, found: dict[str, Any]) -> ModelVersion:
        model = named(Model, organisation, model_name, user, said)
        lineage = {"trained_on": trained_on, "derived_from": derived_from}
        return ModelVersion.unscoped.create(
            model=model, **lineage, **found, **common(user, organisation, staged, file_name, model)
        )

    return register(ModelVersion, user, organisation, source, sha256, look, save)


def register(
    kind: type[V],
    user: Any,
    organisation: Organisation,
    source: BinaryIO,
    sha256: str | None,
    look: Callable[[Staged, Path], dict[str, Any]],
    save: Callable[[Staged, dict[str, Any]], V],
) -> Registration[V]:
    """Receive the file, look at it in the sandbox, and then write rows, trail and blob in one transaction.

    The blob is made visible last, when only the commit itself can still fail; a blob without a row is harmless, a row
    without its blob would not be.
    """
    with store().stage(source, settings.UPLOAD_BYTES, sha256) as staged:
        if known := same_file(kind, organisation, staged.sha256):
            return known
        with tempfile.TemporaryDirectory(prefix="plumbline-intake-") as scratch:
            found = look(staged, Path(scratch))
        try:
            with transaction.atomic():
                version = save(staged, found)
                version_registered.send(sender=kind, version=version)
                facts = {"sha256": version.sha256, "size": version.size, "file": version.file_name}
                record(organisation, user, "registered", version, facts)
                staged.keep()
        except IntegrityError:
            if known := same_file(kind, organisation, staged.sha256):
                return known
            raise
    return Registration(version, True, f"Registered as {version}.")


def same_file(kind: type[V], organisation: Organisation, sha256: str) -> Registration[V] | None:
    version = kind.unscoped.filter(organisation=organisation, sha256=sha256).first()
    if version is None:
        return None
    when = f"{version.created_at:%Y-%m-%d}"
    return Registration(version, False, f"The same file was registered before, as {version} on {when}.")


def named(kind: type[Any], organisation: Organisation, name: str, user: Any, said: dict[str, str]) -> Any:
    """The dataset or model of that name, locked until its new version has its number; made where there is none."""
    thing, _ = kind.unscoped.get_or_create(organisation=organisation, name=name, defaults={"created_by": user, **said})
    return kind.unscoped.select_for_update().get(pk=thing.pk)


def common(user: Any, organisation: Organisation, staged: Staged, file_name: str, thing: Registered) -> dict[str, Any]:
    """What every version has."""
    last = thing.versions.aggregate(last=Max("number"))["last"]  # type: ignore[attr-defined]
    return {
        "organisation": organisation,
        "number": (last or 0) + 1,
        "sha256": staged.sha256,
        "size": staged.size,
        "file_name": plain_name(file_name),
        "created_by": user,
    }


def same_organisation(organisation: Organisation, *versions: Version | None) -> None:
    if any(version is not None and version.organisation_id != organisation.pk for version in versions):
        raise NotFound("There is nothing here.")


def checked_name(name: str) -> str:
    text = words("name", " ".join(name.split()), 200)
    if not text:
        raise InputError("Give it a name.")
    return text


def words(field: str, text: str, longest: int) -> str:
    """Text that people wrote, whole; control characters but for line ends are refused."""
    text = text.strip()
    if len(text) > longest:
        raise InputError(f"The {field} has {len(text):,} characters; at most {longest:,} are taken.")
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\r\n\t" for sign in text):
        raise InputError(f"The {field} holds an unprintable character.")
    return text


def known_role(role: str) -> str:
    if role and role not in Role.values:
        raise InputError(f"The role is one of {', '.join(Role.values)}, not {role[:40]!r}.")
    return role
