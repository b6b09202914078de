"""Opens a table: parquet, CSV or Arrow, looked over for what would mislead or harm, ready for DuckDB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.registry.intake.content import TableKind, table_kind
from models.registry.intake.limits import DataLimits
from models.registry.intake.names import check_names
from models.registry.intake.sql import file_literal

if TYPE_CHECKING:
    import duckdb

    from models.registry.intake.csv_dialect import Dialect


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column's name and its type as DuckDB writes it (BIGINT, DOUBLE, VARCHAR, BOOLEAN, DATE, ...)."""

    name: str
    type: str


@dataclass(frozen=True)
class TableFile:
    """A table on disk. `rows` is exact; `columns` stand in the file's order.

    A CSV's columns have the narrowest type that all of their cells have.
    """

    path: Path
    kind: TableKind
    columns: tuple[ColumnInfo, ...]
    rows: int
    dialect: Dialect | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def relation(self, connection: duckdb.DuckDBPyConnection, text_columns: Sequence[str] = ()) -> str:
        """The table as it stands behind FROM in a query on `connection`.

        Parquet and CSV are read in place; an Arrow file is registered with the connection under a name of its own.
        `text_columns` matters to CSV alone: those columns are read as VARCHAR exactly as they are written (an empty
        cell is NULL), so that 007 stays 007 and 1 does not become 1.0.
        """
        if self.kind == "parquet":
            return f"read_parquet({file_literal(self.path)}, hive_partitioning=false)"
        if self.kind == "csv":
            assert self.dialect is not None
            types = {c.name: "VARCHAR" if c.name in set(text_columns) else c.type for c in self.columns}
            return self.dialect.relation(self.path, types)
        from models.registry.intake.arrow import dataset

        name = "arrow_" + hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:16]
        connection.register(name, dataset(self.path))
        return name

    def sha256(self) -> str:
        """The SHA-256 of the file's bytes, in hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def open_table(path: Path, limits: DataLimits = DataLimits()) -> TableFile:
    """Look a table over and say how to read it.

    A CSV is read through once, for its types, its number of rows and whatever is wrong with it; of parquet only the
    footer is read, of an Arrow file every batch is checked. No more than one block of it is in memory at a time.

    Raises:
        InputError: the file is no table, is damaged, or is beyond a limit; the message says which and where.
    """
    kind = table_kind(path)
    size = path.stat().st_size
    if size > limits.bytes:
        raise InputError(f"{path.name} has {size:,} bytes; at most {limits.bytes:,} are taken.")
    table = _open(path, kind, limits)
    if table.rows == 0:
        raise InputError(f"{path.name} has a header but no rows.")
    if table.rows > limits.rows:
        raise InputError(f"{path.name} has {table.rows:,} rows; at most {limits.rows:,} are taken.")
    return table


def _open(path: Path, kind: TableKind, limits: DataLimits) -> TableFile:
    if kind == "csv":
        from models.registry.intake.csv_table import open_csv

        dialect, types, rows = open_csv(path, limits)
        return TableFile(path, kind, tuple(ColumnInfo(*pair) for pair in types.items()), rows, dialect)
    if kind == "parquet":
        from models.registry.intake.parquet import open_parquet as look_over
    else:
        from models.registry.intake.arrow import open_arrow as look_over
    names, rows = look_over(path, limits)
    check_names(names, limits)
    return TableFile(path, kind, tuple(described(path, kind, names)), rows)


def described(path: Path, kind: TableKind, names: Sequence[str]) -> Iterator[ColumnInfo]:
    """The columns with their types, as DuckDB sees them."""
    import duckdb

    with duckdb.connect() as connection, reading(path):
        relation = TableFile(path, kind, (), 0).relation(connection)
        rows: list[Any] = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    for name, row in zip(names, rows, strict=True):
        plain = "VARCHAR" if row[1].startswith("ENUM") else row[1]
        yield ColumnInfo(name, plain)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever DuckDB or Arrow says of a damaged file becomes an InputError with the file's name."""
    import duckdb
    import pyarrow

    try:
        yield
    except (duckdb.OutOfMemoryException, pyarrow.ArrowMemoryError) as error:
        raise MemoryError(str(error)) from error
    except (duckdb.Error, pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {first_sentence(error)}") from error


def first_sentence(error: BaseException) -> str:
    """The first line of a library's message, cut to a readable length."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= 300 else text[:300] + "..."
