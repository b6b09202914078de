"""The profile of a table that lies in a database: only figures come over, and the values of columns that have few."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from models.registry.intake.profile import (
    COLUMNS_AT_ONCE,
    EXACT_ROWS,
    FEW,
    QUANTILES,
    Balance,
    ColumnProfile,
    Profile,
    column_kind,
    described,
    ordered,
    remarks,
)
from models.registry.intake.read import ColumnInfo
from models.registry.references.database import DatabaseTable

NUMBER = r"^[[:space:]]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[[:space:]]*$"
FIGURES = ("missing", "distinct", "infinite", "low", "high", "quantiles", "numbers")

Progress = Callable[[float, str], None]


def profile_in_database(table: DatabaseTable, progress: Progress) -> Profile:
    """Figures as intake/profile.py has them for files; quantiles only up to a million rows, since they need sorting."""
    columns: list[ColumnProfile] = []
    for start in range(0, len(table.columns), COLUMNS_AT_ONCE):
        columns += profiled(table, table.columns[start : start + COLUMNS_AT_ONCE])
        progress(len(columns) / len(table.columns), f"Looked at {len(columns)} of {len(table.columns)} columns")
    warnings = tuple(sentence for column in columns for sentence in remarks(column, table.rows))
    return Profile(table.kind, table.rows, tuple(columns), warnings)


def profiled(table: DatabaseTable, columns: Sequence[ColumnInfo]) -> Iterator[ColumnProfile]:
    asked = {}
    for place, column in enumerate(columns):
        for figure, expression in figures(table, column).items():
            asked[f"{figure}_{place}"] = expression
    found = table.expression.aggregate(**asked).to_pyarrow().to_pylist()[0]
    for place, column in enumerate(columns):
        own = [found.get(f"{figure}_{place}", 0 if figure in ("infinite", "numbers") else None) for figure in FIGURES]
        values = balances(table, column) if 0 < own[1] <= FEW else ()
        yield described(column, own, table.rows, values)


def figures(table: DatabaseTable, column: ColumnInfo) -> dict[str, Any]:
    cell, kind = table.expression[column.name], column_kind(column.type)
    missing, finite = cell.isnull(), cell.notnull()
    asked: dict[str, Any] = {}
    if cell.type().is_floating():
        missing, finite = missing | cell.isnan(), finite & ~cell.isnan() & ~cell.isinf()
        asked["infinite"] = (cell.notnull() & cell.isinf()).sum()
    elif kind == "text":
        cell = cell.cast("string")
        asked["numbers"] = cell.re_search(NUMBER).sum()
    asked |= {"missing": missing.sum(), "distinct": cell.nunique(where=~missing)}
    if kind != "boolean":
        asked |= {"low": cell.min(where=finite), "high": cell.max(where=finite)}
    if kind in ("number", "integer") and table.rows <= EXACT_ROWS:
        asked["quantiles"] = cell.cast("float64").quantile(list(QUANTILES), where=finite)
    return asked


def balances(table: DatabaseTable, column: ColumnInfo) -> tuple[Balance, ...]:
    """The values of a column that has few, with their rows."""
    counted = (
        table.expression.select(value=table.expression[column.name].cast("string"))
        .group_by("value")
        .aggregate(rows=lambda each: each.count())
    )
    found = {row["value"]: row["rows"] for row in counted.to_pyarrow().to_pylist() if row["value"] is not None}
    return ordered(found)
