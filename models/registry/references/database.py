"""A table of a database, read where it lies: in one read-only transaction, so that all that is said of it is said of
the same rows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from models.errors import InputError
from models.registry.intake.limits import DataLimits
from models.registry.intake.names import check_names
from models.registry.intake.read import ColumnInfo
from models.registry.references.declared import Reference, Source, SourceError
from models.registry.references.fingerprint import identity

if TYPE_CHECKING:
    import ibis

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 10
LOOK_SECONDS = 0.5
BATCH = 50_000
# the texts of values must be the same in every session, or the fingerprint would not be
SESSION = {"TimeZone": "UTC", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "extra_float_digits": "1"}

DENIED = frozenset({"InsufficientPrivilege", "ReadOnlySqlTransaction", "PermissionException"})

Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class DatabaseTable:
    """A table or view within an open transaction; like a TableFile it has columns, rows and a SHA-256 (see
    fingerprint.py)."""

    reference: Reference
    kind: str
    columns: tuple[ColumnInfo, ...]
    rows: int
    expression: ibis.Table = field(repr=False)
    _identity: str

    @property
    def name(self) -> str:
        return self.reference.name

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def sha256(self) -> str:
        return self._identity


@contextmanager
def opened(
    source: Source,
    reference: Reference,
    limits: DataLimits = DataLimits(),
    cancelled: Cancelled | None = None,
) -> Iterator[DatabaseTable]:
    """The table, until the end of the `with`; nothing in the database can be changed through it.

    Raises:
        InputError: there is no such table, or it is beyond a limit, or a statement took too long.
        SourceError: the database cannot be reached.
    """
    schema, name = source.parts(reference.table)
    with told(source, reference), CONNECT[source.kind](source, cancelled) as connection:
        if name not in connection.list_tables(database=schema):
            raise InputError(f"{source.name} has no table {reference.table[:200]!r} that may be read here.")
        table = connection.table(name, database=schema)
        columns = tuple(column_of(each, table.schema()[each]) for each in table.columns)
        check_names([column.name for column in columns], limits)
        rows = int(table.count().to_pyarrow().as_py())
        if not 0 < rows <= limits.rows:
            has = f"{reference} has {rows:,} rows" if rows else f"{reference} has no rows"
            raise InputError(f"{has}; at most {limits.rows:,} are taken." if rows else f"{has}.")
        found = identity(connection, source.kind, schema, name, columns)
        yield DatabaseTable(reference, source.kind, columns, rows, table, found)


def column_of(name: str, kind: Any) -> ColumnInfo:
    """The column with its type as DuckDB writes it, which is how types are written everywhere here."""
    from ibis.backends.sql.datatypes import DuckDBType

    if kind.is_nested() or kind.is_binary() or kind.is_json():
        raise InputError(f"The column {name[:200]!r} holds {kind}, not single values. Make a view without it.")
    if not (kind.is_numeric() or kind.is_boolean() or kind.is_temporal()):
        return ColumnInfo(name, "VARCHAR")
    return ColumnInfo(name, str(DuckDBType.from_ibis(kind).sql("duckdb")))


@contextmanager
def told(source: Source, reference: Reference) -> Iterator[None]:
    """What the database says becomes an error in our words: its own could name hosts and people."""
    try:
        yield
    except (InputError, SourceError):
        raise
    except Exception as error:
        causes = set(names_of(error))
        if "QueryCanceled" in causes:
            raise InputError(f"Reading {reference} took longer than {source.seconds} seconds, the limit.") from error
        if causes & DENIED:
            raise InputError(f"{reference} may not be read with the rights that {source.name} gives.") from error
        if type(error).__module__.split(".")[0] in ("psycopg", "duckdb", "_duckdb", "ibis"):
            # of other errors the text may hold values of rows
            why = " ".join(str(error).split()) if "OperationalError" in causes else type(error).__name__
            logger.warning("data source %s: %s", source.name, why)
            raise SourceError(f"The data source {source.name} cannot be read now ({type(error).__name__}).") from error
        raise


def names_of(error: BaseException | None) -> Iterator[str]:
    """What went wrong, and what before that: closing a cursor after an error may raise another one."""
    while error is not None:
        yield type(error).__name__
        error = error.__cause__ or error.__context__


@contextmanager
def postgresql(source: Source, cancelled: Cancelled | None) -> Iterator[Any]:
    import ibis
    import psycopg

    settings = SESSION | {"statement_timeout": str(1000 * source.seconds), "lock_timeout": "10000"}
    options = " ".join(f"-c {name}={value}".replace(", ", r",\ ") for name, value in settings.items())
    line = psycopg.connect(source.url, options=options, connect_timeout=CONNECT_SECONDS)
    try:
        line.read_only, line.isolation_level = True, psycopg.IsolationLevel.REPEATABLE_READ
        line.execute("SELECT 1")  # the one transaction begins; what Ibis calls transactions are savepoints in it
        with stopping(line.cancel, cancelled):
            yield ibis.postgres.from_connection(line)
    finally:
        line.close()


@contextmanager
def duckdb(source: Source, cancelled: Cancelled | None) -> Iterator[Any]:
    import ibis

    path = Path(unquote(urlsplit(source.url).path))
    connection = ibis.duckdb.connect(path, read_only=True, autoinstall_known_extensions=False)
    try:
        connection.raw_sql("SET enable_external_access = false")
        connection.raw_sql("BEGIN TRANSACTION READ ONLY")
        with stopping(connection.con.interrupt, cancelled):
            yield connection
    finally:
        connection.disconnect()


CONNECT: dict[str, Callable[[Source, Cancelled | None], Any]] = {"postgresql": postgresql, "duckdb": duckdb}


@contextmanager
def stopping(stop: Callable[[], object], cancelled: Cancelled | None) -> Iterator[None]:
    """While the `with` lasts, a statement that runs is stopped as soon as the work is cancelled."""
    if cancelled is None:
        yield
        return
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            if cancelled():
                stop()
                return

    watcher = threading.Thread(target=watch, name="cancels a statement", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def write_parquet(table: DatabaseTable, columns: Sequence[str], target: Path, limit: int) -> None:
    """The named columns of every row as a parquet file, in an order that the values decide, batch by batch.

    Raises:
        InputError: the file would be larger than `limit` bytes.
    """
    import pyarrow.parquet

    chosen = table.expression.select(*columns).order_by(list(columns))
    reader = chosen.to_pyarrow_batches(chunk_size=BATCH)
    with pyarrow.parquet.ParquetWriter(target, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            if target.stat().st_size > limit:
                raise InputError(f"The columns of {table.reference} come to more than {limit:,} bytes, the most taken.")
