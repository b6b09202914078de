"""A table's schema and profile: what each column holds, how much of it is missing, and what it is probably for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.jobs.sandbox.run import Limits, run_sandboxed
from models.registry.intake.csv_table import held
from models.registry.intake.limits import DataLimits
from models.registry.intake.read import ColumnInfo, TableFile, open_table, reading
from models.registry.intake.roles import Role, suggested_role
from models.registry.intake.shown import shown_as
from models.registry.intake.sql import identifier

if TYPE_CHECKING:
    import duckdb

ColumnKind = Literal["number", "integer", "boolean", "text", "time"]
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
FEW = 20
EXACT_ROWS = 1_000_000
COLUMNS_AT_ONCE = 16
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Balance:
    """One value of a column and the number of rows that have it."""

    value: str
    rows: int


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column. `role` is a suggestion; `missing` counts empty cells and NaN; `infinite` counts infinities.

    `distinct` and `quantiles` (those of QUANTILES, for numbers) are exact up to a million rows, beyond that estimates
    (HyperLogLog, about 2% off; t-digest). `low` and `high` are the smallest and largest value. `values` lists those
    of a column with at most twenty, most frequent first. `numbers_in_text` counts the cells of a text column that are
    numbers: neither none nor all of them is a sign of mixed types.
    """

    name: str
    type: str
    kind: ColumnKind
    role: Role
    missing: int
    distinct: int
    infinite: int
    low: float | str | None
    high: float | str | None
    quantiles: tuple[float | None, ...]
    values: tuple[Balance, ...]
    numbers_in_text: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A table: its kind, its rows, its columns, and what a person should look at before trusting it."""

    kind: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Profile:
        return cls(
            values["kind"], values["rows"], tuple(map(column_from_json, values["columns"])), tuple(values["warnings"])
        )

    def column_infos(self) -> list[ColumnInfo]:
        return [ColumnInfo(column.name, column.type) for column in self.columns]


def column_from_json(values: Mapping[str, Any]) -> ColumnProfile:
    balances = tuple(Balance(**each) for each in values["values"])
    return ColumnProfile(**{**values, "quantiles": tuple(values["quantiles"]), "values": balances})


def profile_in_sandbox(
    path: Path,
    scratch: Path,
    *,
    name: str | None = None,
    data_limits: DataLimits = DataLimits(),
    limits: Limits = Limits(seconds=300),
    on_progress: Callable[[float, str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Profile:
    """The profile of a stranger's file; `scratch` is an empty folder for the sandbox, `name` what messages call it.

    Raises:
        InputError: the file is refused, with what is wrong and where. SandboxError: reading it crossed a limit.
    """
    with shown_as({"data": path}, {"data": name or path.name}) as inputs:
        payload = {"limits": data_limits.to_json()}
        task = "models.registry.intake.profile:profile_task"
        found = run_sandboxed(
            task, payload, inputs=inputs, output=scratch, limits=limits, on_progress=on_progress, cancelled=cancelled
        )
    return Profile.from_json(found)


def profile_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Any) -> dict[str, Any]:
    """In the sandbox: the profile of inputs["data"], as JSON."""
    progress(0.0, "Reading the table")
    return profile(open_table(inputs["data"], DataLimits.from_json(payload["limits"])), progress).to_json()


def profile(table: TableFile, progress: Any = lambda fraction, what: None) -> Profile:
    """Read a table through and describe every column of it.

    Raises:
        InputError: a page of the file is damaged.
    """
    import duckdb

    with duckdb.connect() as connection, reading(table.path):
        relation = table.relation(connection)
        if table.kind == "csv":
            relation = held(connection, relation, table.path)
        columns = []
        for column in profiled(connection, relation, table):
            columns.append(column)
            progress(len(columns) / len(table.columns), f"Looked at {len(columns)} of {len(table.columns)} columns")
    warnings = tuple(sentence for column in columns for sentence in remarks(column, table.rows))
    return Profile(table.kind, table.rows, tuple(columns), warnings)


def profiled(connection: duckdb.DuckDBPyConnection, relation: str, table: TableFile) -> Iterator[ColumnProfile]:
    """The columns, some at a time: a query for their figures, another for the values of those that have few."""
    for start in range(0, len(table.columns), COLUMNS_AT_ONCE):
        group = table.columns[start : start + COLUMNS_AT_ONCE]
        figures = ", ".join(figure for column in group for figure in aggregates(column, table.rows))
        row = connection.execute(f"SELECT {figures} FROM {relation}").fetchone()
        assert row is not None
        width = len(row) // len(group)
        found = {column: row[place * width : (place + 1) * width] for place, column in enumerate(group)}
        values = balances(connection, relation, [column for column in group if 0 < found[column][1] <= FEW])
        yield from (described(column, found[column], table.rows, values.get(column.name, ())) for column in group)


def aggregates(column: ColumnInfo, rows: int) -> list[str]:
    """The same figures for every column, in the order that `described` reads them."""
    cell, kind = identifier(column.name), column_kind(column.type)
    real = column.type in ("FLOAT", "DOUBLE")
    missing = f"{cell} IS NULL OR isnan({cell})" if real else f"{cell} IS NULL"
    finite = f"{cell} IS NOT NULL AND isfinite({cell})" if real else f"{cell} IS NOT NULL"
    distinct = f"count(DISTINCT {cell})" if rows <= EXACT_ROWS else f"approx_count_distinct({cell})"
    quantile = "quantile_cont" if rows <= EXACT_ROWS else "approx_quantile"
    numbers = f"{cell}::DOUBLE" if kind in ("number", "integer") else "NULL::DOUBLE"
    text = f"count(*) FILTER (WHERE TRY_CAST({cell} AS DOUBLE) IS NOT NULL)" if kind == "text" else "0"
    return [
        f"count(*) FILTER (WHERE {missing})",
        f"{distinct} FILTER (WHERE NOT ({missing}))",
        f"count(*) FILTER (WHERE isinf({cell}))" if real else "0",
        f"min({cell}) FILTER (WHERE {finite})",
        f"max({cell}) FILTER (WHERE {finite})",
        f"{quantile}({numbers}, {list(QUANTILES)}) FILTER (WHERE {finite})",
        text,
    ]


def described(column: ColumnInfo, found: Sequence[Any], rows: int, values: tuple[Balance, ...]) -> ColumnProfile:
    missing, distinct, infinite, low, high, quantiles, numbers = found
    kind = column_kind(column.type)
    numeric = kind in ("number", "integer")
    return ColumnProfile(
        name=column.name,
        type=column.type,
        kind=kind,
        role=suggested_role(column.name, kind, rows, distinct, missing),
        missing=missing,
        distinct=distinct,
        infinite=infinite,
        low=plain(low),
        high=plain(high),
        quantiles=tuple(plain_number(value) for value in quantiles or ()) if numeric else (),
        values=values,
        numbers_in_text=numbers,
    )


def balances(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[ColumnInfo]
) -> dict[str, tuple[Balance, ...]]:
    """The values of each column with their rows, most frequent first; NaN and empty cells are no values."""
    if not columns:
        return {}
    counted = ", ".join(f"histogram({identifier(column.name)}::VARCHAR)" for column in columns)
    row = connection.execute(f"SELECT {counted} FROM {relation}").fetchone()
    assert row is not None
    return {column.name: ordered(found) for column, found in zip(columns, row, strict=True)}


def ordered(found: Mapping[str, int] | None) -> tuple[Balance, ...]:
    pairs = sorted((found or {}).items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Balance(value[:LONGEST_VALUE], rows) for value, rows in pairs if value.lower() not in ("nan", "-nan"))


def column_kind(type_name: str) -> ColumnKind:
    """A DuckDB type as one of five kinds."""
    if type_name == "BOOLEAN":
        return "boolean"
    if type_name.endswith(("INT", "INTEGER")):
        return "integer"
    if type_name in ("FLOAT", "DOUBLE") or type_name.startswith("DECIMAL"):
        return "number"
    return "time" if type_name.startswith(("DATE", "TIME")) else "text"


def plain(value: Any) -> float | str | None:
    """A value as JSON holds it."""
    if value is None:
        return None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return plain_number(value)
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)[:LONGEST_VALUE]


def plain_number(value: Any) -> float | int | None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, int) else float(value)


def remarks(column: ColumnProfile, rows: int) -> Iterator[str]:
    """What a person should look at, one sentence each."""
    name = repr(column.name)
    held = rows - column.missing
    if column.numbers_in_text and column.numbers_in_text < held:
        others = held - column.numbers_in_text
        yield f"The column {name} mixes types: {column.numbers_in_text:,} cells are numbers, {others:,} are other text."
    if column.infinite:
        yield f"The column {name} has {column.infinite:,} infinite values."
    if not held:
        yield f"The column {name} is empty."
    elif column.missing > rows / 2:
        yield f"The column {name} is mostly missing: {column.missing:,} of {rows:,} rows."
    elif column.distinct == 1 and rows > 1:
        yield f"The column {name} has the same value in every row that has one."
