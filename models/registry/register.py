"""Registering a file as a version of a model or a dataset: all of it, or nothing.

Three steps, which a job takes one after the other (job_kinds.py) and register_dataset and register_model take at once:
what is asked is checked as far as words go, the file is looked at in the sandbox, the rows are written.
"""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Generic, Literal, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from models.accounts.models import Organisation
from models.accounts.permission import NotFound, authorize
from models.errors import InputError
from models.jobs.sandbox.limits import Limits
from models.registry.formats.format import Signature
from models.registry.formats.predict import inspect_in_sandbox
from models.registry.intake.chosen import with_roles
from models.registry.intake.profile import Profile, profile_in_sandbox
from models.registry.intake.roles import Role as ColumnRole
from models.registry.intake.shown import plain_name
from models.registry.models import Dataset, DatasetVersion, Erased, Model, ModelVersion, Registered, Role, Version
from models.registry.signals import version_registered
from models.registry.storage import data_limits, store
from models.trail.record import record

V = TypeVar("V", ModelVersion, DatasetVersion)
WORDS = 10_000
LONGEST = {"owner": 200, "licence": 200, "purpose": WORDS, "description": WORDS}
LOOK = Limits(seconds=300)
LINEAGE = {"derived_from": "derived_from_id", "trained_on": "trained_on_id"}


@dataclass(frozen=True, slots=True)
class Registration(Generic[V]):
    """The version that a file is. `new` is false where the same file was registered before; `message` says so."""

    version: V
    new: bool
    message: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be registered, checked as far as words go; plain JSON, as a job's parameters keep it.

    `said` is what people say of the model or dataset, `lineage` a field of the version to the id of another version.
    `of` is the id of the model or dataset, whatever it is called by then; without it the one of that name is meant.
    """

    kind: Literal["dataset", "model"]
    name: str
    file_name: str
    said: Mapping[str, str] = field(default_factory=dict)
    lineage: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, ColumnRole] = field(default_factory=dict)
    of: str = ""

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Asked:
        return cls(**params["asked"], of=params.get("of", ""))

    def to_params(self) -> dict[str, Any]:
        """A job's. `of` stands beside the rest: the worker of the version before knows no such word in it."""
        said = asdict(self)
        of = said.pop("of")
        return {"asked": said} | ({"of": of} if of else {})

    @property
    def version_kind(self) -> type[Any]:
        return DatasetVersion if self.kind == "dataset" else ModelVersion


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file turned out to be: its name, its size, and what the version keeps of it."""

    sha256: str
    size: int
    fields: Mapping[str, Any]


def register_dataset(
    user: Any,
    organisation: Organisation,
    *,
    name: str,
    source: BinaryIO,
    file_name: str,
    derived_from: DatasetVersion | None = None,
    roles: Mapping[str, ColumnRole] | None = None,
    sha256: str | None = None,
    **said: str,
) -> Registration[DatasetVersion]:
    """Store a table, profile it in the sandbox, and make it a version of the dataset of that name.

    What is said about the dataset counts for its first version; an existing dataset keeps what it says of itself.

    Args:
        source: the file's bytes, read once. file_name: what messages call it. sha256: what its sender declared.
        roles: column to role, where a person chose; the others are guessed. said: owner, licence, description.

    Raises:
        NotFound, Forbidden: the user may not. InputError: the file or a word is refused. SandboxError: reading the file
        crossed a limit. StorageError: it could not be stored. In each case nothing is registered and no file is kept.
    """
    asked = asked_dataset(user, organisation, name, file_name, said, derived_from=derived_from, roles=roles)
    return register(asked, user, organisation, source, sha256)


def register_model(
    user: Any,
    organisation: Organisation,
    *,
    name: str,
    source: BinaryIO,
    file_name: str,
    trained_on: DatasetVersion | None = None,
    derived_from: ModelVersion | None = None,
    sha256: str | None = None,
    **said: str,
) -> Registration[ModelVersion]:
    """Store a model file, read its signature in the sandbox, and make it a version of the model of that name.

    A table of predictions is a model file too. Arguments and errors are those of register_dataset; there is more that
    can be said of a model: purpose, role.
    """
    asked = asked_model(
        user, organisation, name, file_name, said, trained_on=trained_on, derived_from=derived_from
    )  # fmt: skip
    return register(asked, user, organisation, source, sha256)


def asked_dataset(
    user: Any,
    organisation: Organisation,
    name: str,
    file_name: str,
    said: Mapping[str, str],
    *,
    derived_from: DatasetVersion | None = None,
    roles: Mapping[str, ColumnRole] | None = None,
) -> Asked:
    """Raises NotFound, Forbidden, and InputError for a word that is refused."""
    authorize(user, "register", organisation)
    parents = lineage(organisation, derived_from=derived_from)
    checked = checked_words(said, ("owner", "licence", "description"))
    return Asked("dataset", checked_name(name), plain_name(file_name), checked, parents, dict(roles or {}))


def asked_model(
    user: Any,
    organisation: Organisation,
    name: str,
    file_name: str,
    said: Mapping[str, str],
    *,
    trained_on: DatasetVersion | None = None,
    derived_from: ModelVersion | None = None,
) -> Asked:
    """Raises NotFound, Forbidden, and InputError for a word that is refused."""
    authorize(user, "register", organisation)
    parents = lineage(organisation, trained_on=trained_on, derived_from=derived_from)
    known = {"role": known_role(said.get("role", ""))}
    checked = checked_words({key: text for key, text in said.items() if key != "role"}, tuple(LONGEST)) | known
    return Asked("model", checked_name(name), plain_name(file_name), checked, parents)


def register(
    asked: Asked, user: Any, organisation: Organisation, source: BinaryIO, sha256: str | None
) -> Registration[Any]:
    """All three steps at once. The blob is made visible last, when only the commit itself can still fail: a blob
    without a row is harmless, a row without its blob would not be."""
    with store().stage(source, settings.UPLOAD_BYTES, sha256) as staged:
        if known := same_file(asked.version_kind, organisation, staged.sha256):
            return known
        with tempfile.TemporaryDirectory(prefix="plumbline-intake-") as scratch:
            found = look(asked, staged.path, Path(scratch))
        looked = Looked(staged.sha256, staged.size, kept_of(asked, found))
        return write(asked, looked, user, organisation, last=staged.keep)


def look(asked: Asked, path: Path, scratch: Path, *, limits: Limits = LOOK, **watched: Any) -> Profile | Signature:
    """What the sandbox reads off a file; `scratch` is an empty folder for it, `watched` says who watches (on_progress,
    cancelled).

    Raises:
        InputError: the file is refused. SandboxError: a limit was crossed.
    """
    if asked.kind == "model":
        return inspect_in_sandbox(path, scratch, name=asked.file_name, limits=limits, **watched)
    return profile_in_sandbox(
        path, scratch, name=asked.file_name, data_limits=data_limits(), limits=limits, **watched
    )  # fmt: skip


def kept_of(asked: Asked, found: Profile | Signature) -> dict[str, Any]:
    """What a version keeps of that. Raises InputError for a role of a column that is not there."""
    if isinstance(found, Signature):
        return {"format": found.format, "stored_signature": found.to_json()}
    profile = with_roles(found, asked.roles)
    return {"kind": profile.kind, "rows": profile.rows, "stored_profile": profile.to_json()}


def write(
    asked: Asked, looked: Looked, user: Any, organisation: Organisation, last: Callable[[], object] = lambda: None
) -> Registration[Any]:
    """The rows and the trail in one transaction, or in a part of the caller's; `last` is called at its end.

    Whoever registered the same file in the meantime was first: then it is that version.
    """
    kind = asked.version_kind
    if known := same_file(kind, organisation, looked.sha256):
        return known
    try:
        with transaction.atomic():
            version = kind.unscoped.create(**row(asked, looked, user, organisation))
            version_registered.send(sender=kind, version=version)
            if version.number == 1:
                fill_in(getattr(version, asked.kind), asked.said, user)
            facts = {"sha256": version.sha256, "size": version.size, "file": version.file_name}
            record(organisation, user, "registered", version, facts)
            last()
    except IntegrityError:
        if known := same_file(kind, organisation, looked.sha256):
            return known
        raise
    return Registration(version, True, f"Registered as {version}.")


def row(asked: Asked, looked: Looked, user: Any, organisation: Organisation) -> dict[str, Any]:
    """The fields of a new version; its dataset or model is made where there is none, and locked."""
    thing = meant(asked, user, organisation)
    last = thing.versions.aggregate(last=Max("number"))["last"]  # type: ignore[attr-defined]
    return {
        asked.kind: thing,
        "organisation": organisation,
        "number": (last or 0) + 1,
        "sha256": looked.sha256,
        "size": looked.size,
        "file_name": asked.file_name,
        "created_by": user,
        **{LINEAGE[name]: UUID(parent) for name, parent in asked.lineage.items()},
        **looked.fields,
    }


def same_file(kind: type[V], organisation: Organisation, sha256: str) -> Registration[V] | None:
    version = kind.unscoped.filter(organisation=organisation, sha256=sha256).first()
    if version is None:
        return None
    if version.erased is not None:
        raise Erased(f"{version} was this file. {version.erased.sentence} It is not taken again.")
    when = f"{version.created_at:%Y-%m-%d}"
    return Registration(version, False, f"The same file was registered before, as {version} on {when}.")


def meant(asked: Asked, user: Any, organisation: Organisation) -> Registered:
    """The dataset or model, locked until its new version has its number; one of a new name is made."""
    kind: type[Any] = Dataset if asked.kind == "dataset" else Model
    of = asked.of
    if not of:
        said = {"created_by": user, **asked.said}
        of = kind.unscoped.get_or_create(organisation=organisation, name=asked.name, defaults=said)[0].pk
    return kind.unscoped.select_for_update().get(organisation=organisation, pk=of)


def fill_in(thing: Registered, said: Mapping[str, str], user: Any) -> None:
    """What its first version (a model's card) says of one that was begun without a word on it; no word is replaced."""
    new = {name: text for name, text in said.items() if text and not getattr(thing, name)}
    if new:
        for name, text in new.items():
            setattr(thing, name, text)
        thing.save(update_fields=list(new))
        record(thing.organisation, user, "described", thing, {"from": dict.fromkeys(new, ""), "to": new})


def lineage(organisation: Organisation, **parents: Version | None) -> dict[str, str]:
    """The ids of the versions that there are; another organisation's does not exist."""
    if any(version is not None and version.organisation_id != organisation.pk for version in parents.values()):
        raise NotFound("There is nothing here.")
    return {name: str(version.pk) for name, version in parents.items() if version is not None}


def checked_name(name: str) -> str:
    text = words("name", " ".join(name.split()), 200)
    if not text:
        raise InputError("Give it a name.")
    return text


def checked_words(said: Mapping[str, str], known: tuple[str, ...]) -> dict[str, str]:
    """Every known word, empty where nothing was said. TypeError for another one, a fault of the caller's."""
    if unknown := set(said) - set(known):
        raise TypeError(f"nothing is known of {', '.join(sorted(unknown))}")
    return {key: words(key, said.get(key, ""), LONGEST[key]) for key in known}


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
