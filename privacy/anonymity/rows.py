"""The rows of a table as distinct combinations of a few columns, each with how often it stands there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import InputError
from models.registry.intake.read import TableFile, open_table, reading
from models.registry.intake.sql import identifier

MISSING = "(missing)"
MOST_COMBINATIONS = 20_000_000
MOST_IDENTIFIERS = 20
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "UTINYINT", "USMALLINT")
DAYS = ("DATE", "TIMESTAMP")


@dataclass(frozen=True)
class Column:
    """One column over the combinations. `codes` (m,) point into `levels`, which stand in order where they have one.

    `kind` is number, day or text. A missing value is a level of its own, the last.
    """

    name: str
    kind: str
    levels: tuple[Any, ...]
    codes: np.ndarray

    @property
    def ordered(self) -> bool:
        return self.kind != "text"


@dataclass(frozen=True)
class Combinations:
    """`n` (m,) rows have the i-th combination of identifiers (what an attacker may know) and sensitive columns."""

    identifiers: tuple[Column, ...]
    sensitive: tuple[Column, ...]
    n: np.ndarray

    @property
    def rows(self) -> int:
        return int(self.n.sum())


def read_combinations(data: Path, identifiers: Sequence[str], sensitive: Sequence[str] = ()) -> Combinations:
    """Count the table's rows once. A column that is an identifier is not also a sensitive one.

    Raises InputError where a column is not there or named twice, none is named, or nearly every row of a very large
    table is a combination of its own.
    """
    table = open_table(data)
    _check_names(table, identifiers, sensitive)
    frame = _counted(table, [*identifiers, *sensitive])
    kinds = {column.name: _kind(column.type) for column in table.columns}
    return Combinations(
        tuple(_column(name, kinds[name], frame[name]) for name in identifiers),
        tuple(_column(name, kinds[name], frame[name]) for name in sensitive),
        frame["rows of it"].to_numpy(np.int64),
    )


def _check_names(table: TableFile, identifiers: Sequence[str], sensitive: Sequence[str]) -> None:
    if not identifiers:
        raise InputError("Name the columns that somebody may know of a person: --identifiers COL.")
    if len(identifiers) > MOST_IDENTIFIERS:
        raise InputError(f"At most {MOST_IDENTIFIERS} identifiers are taken, not {len(identifiers)}.")
    named = [*identifiers, *sensitive]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise InputError(f"Named twice: {', '.join(map(repr, twice))}. A column is either an identifier or sensitive.")
    if absent := [name for name in named if name not in table.names]:
        known = ", ".join(map(repr, table.names[:12])) + (", ..." if len(table.names) > 12 else "")
        raise InputError(f"{table.name} has no column {', '.join(map(repr, absent))}. It has {known}.")


def _counted(table: TableFile, names: Sequence[str]) -> Any:
    """The distinct combinations as a pandas frame, with their number of rows."""
    import tempfile

    import duckdb

    settings: dict[str, Any] = {"temp_directory": tempfile.gettempdir(), "autoinstall_known_extensions": False}
    with duckdb.connect(config=settings) as connection, reading(table.path):
        chosen = ", ".join(identifier(name) for name in names)
        relation = table.relation(connection)
        query = f'SELECT {chosen}, count(*) AS "rows of it" FROM {relation} GROUP BY ALL'
        (found,) = connection.execute(f"SELECT count(*) FROM ({query})").fetchone() or (0,)
        if found > MOST_COMBINATIONS:
            raise InputError(
                f"These columns have {found:,} combinations in {table.rows:,} rows; at most {MOST_COMBINATIONS:,} are "
                "taken. Leave out a column that is an identifier of its own, such as a number of the row."
            )
        # whole numbers stay whole beside missing ones: as floats two large ones could become one
        return connection.execute(query).to_arrow_table().to_pandas(integer_object_nulls=True)


def _kind(type_name: str) -> str:
    if type_name.startswith(NUMBERS):
        return "number"
    return "day" if type_name.startswith(DAYS) else "text"


def _column(name: str, kind: str, values: Any) -> Column:
    import pandas as pd

    if kind == "text":
        values = values.astype("string")
    codes, levels = pd.factorize(values, sort=True)
    codes = codes.astype(np.int64)
    told: tuple[Any, ...] = tuple(levels)
    if (codes < 0).any():
        codes = np.where(codes < 0, len(told), codes)
        told = (*told, MISSING)
    return Column(name, kind, told, codes)
