"""Restoring a backup into an empty place, on SQLite or PostgreSQL, whichever it was taken from."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.executor import MigrationExecutor

from governance.archive import Archive, checked
from governance.backup import heads, key_mark
from governance.rows import insert, kept_models
from models.accounts.models import Organisation
from models.registry.storage import store
from models.trail.verify import verify_chain


class Refused(Exception):
    """Nothing was restored: why."""


@dataclass(frozen=True, slots=True)
class Restored:
    rows: int
    blobs: int
    same_key: bool
    missing: list[str]


def restore(file: Path, fingerprint: str | None = None) -> Restored:
    """Check the archive whole, then fill the database and the storage, then check the trail.

    Raises:
        Damaged: the archive is not what was written. Refused: something is here already, or the archive is of another
        version of the software, or the trail that came out of it is not whole.
    """
    archive = checked(file, fingerprint)
    state = MigrationExecutor(connection)
    targets = targets_of(state, archive.manifest["migrations"])
    refuse_what_is_here()
    blobs = sum(keep_blob(name, content) for name, content in archive.members("blobs/"))
    for name, content in archive.members("parts/"):
        keep_part(archive, name, content)
    rows = fill_database(archive, state, targets)
    latest = MigrationExecutor(connection)
    latest.migrate(latest.loader.graph.leaf_nodes())
    check_trail(archive)
    return Restored(rows, blobs, archive.manifest["key"] == key_mark(), archive.manifest["missing"])


def targets_of(state: MigrationExecutor, applied: dict[str, list[str]]) -> list[tuple[str, str]]:
    """The last migrations of the backup, which this software has to know. What it has more comes afterwards."""
    known = state.loader.graph.nodes
    keys = {(app, name) for app, names in applied.items() for name in names}
    if unknown := sorted(f"{app}.{name}" for app, name in keys - set(known)):
        raise Refused(f"The backup is of a newer version: {', '.join(unknown[:5])} is not known here. Upgrade first.")
    return [
        key for key in keys if not any(child.key in keys and child.key[0] == key[0] for child in children(state, key))
    ]


def children(state: MigrationExecutor, key: tuple[str, str]) -> Any:
    return state.loader.graph.node_map[key].children


def refuse_what_is_here() -> None:
    """Only an empty place: no rows in any table of ours, no stored file."""
    tables = set(connection.introspection.table_names())
    for model in kept_models():
        if model._meta.db_table in tables and model._base_manager.exists():
            raise Refused(f"The database is not empty (table {model._meta.db_table}). Restore into a fresh one.")
    if next(store().names(), None) is not None:
        raise Refused("The storage is not empty. Restore into a fresh one.")


def keep_blob(name: str, content: BinaryIO) -> int:
    sha256 = name.rpartition("/")[2]
    store().put(content, 1 << 62, expected=sha256)
    return 1


def keep_part(archive: Archive, name: str, content: BinaryIO) -> None:
    _, area, part = name.split("/")
    store().put_part(area, part, content, archive.manifest["members"][name]["size"], part.rpartition("-")[2])


def fill_database(archive: Archive, state: MigrationExecutor, targets: list[tuple[str, str]]) -> int:
    """The tables as they were when the backup was taken, with the rows of then, all or nothing."""
    try:
        state.migrate(targets)
    except IrreversibleError as error:
        raise Refused(
            f"The database's tables are newer than the backup. Start from one without tables. ({error})"
        ) from error
    then = state.loader.project_state(targets).apps
    made = {model._meta.label_lower: model for model in kept_models(then)}
    tables = {table["member"]: table for table in archive.manifest["tables"]}
    rows = 0
    with transaction.atomic():
        for member, content in archive.members("database/"):
            table = tables[member]
            found = insert(made[table["model"]], table["fields"], lines(content))
            if found != table["rows"]:
                raise Refused(f"{member} has {found} rows, not {table['rows']}.")
            rows += found
        connection.check_constraints()
        reset_sequences(list(made.values()))
    return rows


def lines(content: BinaryIO) -> Iterator[str]:
    with gzip.open(content, "rt", encoding="utf-8", newline="\n") as text:
        yield from text


def reset_sequences(models: list[Any]) -> None:
    """The next row of each table gets a number that no row has."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def check_trail(archive: Archive) -> None:
    """Every chain is whole and ends where the manifest says; raises Refused."""
    for organisation in Organisation.objects.all():
        found = verify_chain(organisation)
        if not found.whole:
            raise Refused(
                f"The trail of {organisation} is not whole: entry {found.bad}: {found.reason}. Do not use this."
            )
    if heads() != archive.manifest["trail"]:
        raise Refused("The trails do not end where they ended when the backup was taken. Do not use this.")
