"""Data by reference: which declared places an organisation may name, and reading what lies there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from models.accounts.models import Organisation
from models.accounts.permission import NotFound
from models.errors import InputError
from models.registry.blobs.store import StorageError
from models.registry.models import DatasetVersion
from models.registry.references import database
from models.registry.references.database import DatabaseTable
from models.registry.references.declared import Reference, Source, SourceError, read_sources
from models.registry.references.objects import fetch
from models.registry.storage import data_limits

Cancelled = Callable[[], bool]


def sources_for(organisation: Organisation) -> list[Source]:
    """The places that this organisation may name, by name. Raises SourceError where the operator's list is wrong."""
    return [source for source in declared().values() if allowed(source, organisation)]


def source_named(organisation: Organisation, name: str) -> Source:
    """Raises NotFound for a place that is not declared, or not for this organisation: the two look the same."""
    source = declared().get(name)
    if source is None or not allowed(source, organisation):
        raise NotFound("There is no such data source.")
    return source


def allowed(source: Source, organisation: Organisation) -> bool:
    return source.organisations is None or organisation.name in source.organisations


def declared() -> dict[str, Source]:
    """What the operator's file says now; it is read again when it changes."""
    if not settings.DATA_SOURCES:
        return {}
    path = Path(settings.DATA_SOURCES)
    try:
        return read_once(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise SourceError("The list of data sources cannot be read.") from error


@lru_cache(maxsize=1)
def read_once(path: Path, changed: int) -> dict[str, Source]:
    return read_sources(path)


def fetched(organisation: Organisation, reference: Reference, target: Path) -> tuple[str, int]:
    """The file of a reference at `target`; its SHA-256 and bytes. Raises what source_named and fetch raise."""
    return fetch(source_named(organisation, reference.source), reference, target, settings.UPLOAD_BYTES)


def table_at(organisation: Organisation, reference: Reference, cancelled: Cancelled | None = None) -> Any:
    """A context: the table of a reference. Raises what source_named and database.opened raise."""
    source = source_named(organisation, reference.source)
    return database.opened(source, reference, data_limits(), cancelled)


@contextmanager
def data_of(
    version: DatasetVersion,
    folder: Path,
    *,
    columns: Sequence[str] | None = None,
    cancelled: Cancelled | None = None,
) -> Iterator[tuple[Path | DatabaseTable, dict[str, str] | None]]:
    """The rows of a version, to be read until the end of the `with`; and if they are not of our store, what they stand
    for: {"sha256": the version's, "from": source and table or file}.

    Args:
        folder: for what is fetched. columns: of a table in a database, to be fetched into a file; None leaves it there.

    Raises:
        InputError: the data are not what they were when they were registered, or are gone, or cannot be read now.
    """
    try:
        with read_by(version, folder, columns, cancelled) as found:
            yield found
    except NotFound as error:
        raise InputError(str(error)) from error
    except StorageError as error:
        raise InputError(f"{error} Try again later; if it stays like this, tell whoever runs this service.") from error


@contextmanager
def read_by(
    version: DatasetVersion, folder: Path, columns: Sequence[str] | None, cancelled: Cancelled | None
) -> Iterator[tuple[Path | DatabaseTable, dict[str, str] | None]]:
    reference = version.reference
    if reference is None:
        yield version.path, None
        return
    origin = {"sha256": version.sha256, "from": str(reference)}
    folder.mkdir(parents=True, exist_ok=True)
    if reference.path:
        found, _ = fetched(version.organisation, reference, folder / "data")
        refuse_change(version, found)
        yield folder / "data", origin
        return
    with table_at(version.organisation, reference, cancelled) as table:
        refuse_change(version, table.sha256())
        if columns is None:
            yield table, origin
            return
        database.write_parquet(table, columns, folder / "data", settings.UPLOAD_BYTES)
    yield folder / "data", origin


def refuse_change(version: DatasetVersion, found: str) -> None:
    if found != version.sha256:
        raise InputError(
            f"{version.reference} has changed since {version} was registered on {version.created_at:%Y-%m-%d}. "
            "Register it again: what it is now is a new version."
        )
