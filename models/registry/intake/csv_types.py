"""The types of a CSV's columns, told by all of its cells."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from models.registry.intake.sql import identifier

if TYPE_CHECKING:
    import duckdb

# In the order of preference; each with the condition that every cell must meet. Numbers with leading zeros and whole
# numbers of more than 18 digits are codes (account numbers, postal codes) and stay text: as numbers they would change.
CONDITIONS = {
    "BIGINT": r"regexp_full_match({c}, '\s*[-+]?(0|[1-9][0-9]{{0,17}})\s*')",
    "CODE": r"regexp_full_match({c}, '\s*[-+]?[0-9]+\s*')",
    "DOUBLE": "TRY_CAST({c} AS DOUBLE) IS NOT NULL AND NOT contains({c}, '_')",
    "BOOLEAN": "lower({c}) IN ('true', 'false')",
    "DATE": r"regexp_full_match({c}, '\d{{4}}-\d\d-\d\d') AND TRY_CAST({c} AS DATE) IS NOT NULL",
    "TIMESTAMP": r"regexp_matches({c}, '^\d{{4}}-\d\d-\d\d[ T]\d\d:\d\d') AND TRY_CAST({c} AS TIMESTAMP) IS NOT NULL",
    "VARCHAR": "TRUE",
}
SAMPLE = 2_000
# Planning a query takes the square of its expressions: 4,000 columns at once take minutes.
COLUMNS_AT_ONCE = 64


def column_types(
    connection: duckdb.DuckDBPyConnection, text_relation: str, names: Sequence[str], filled: Collection[str]
) -> dict[str, str]:
    """The narrowest type that every cell of each column has; a column that is not `filled` with any value is VARCHAR.

    `text_relation` reads every column as VARCHAR. A first look at a sample guesses, one pass over the whole file
    confirms, and only columns for which the guess failed are looked at again.
    """
    found = {name: "BIGINT" if name in filled else "VARCHAR" for name in names}
    settle(connection, f"(SELECT * FROM {text_relation} LIMIT {SAMPLE})", found)
    settle(connection, text_relation, found)
    return {name: "VARCHAR" if kind == "CODE" else kind for name, kind in found.items()}


def settle(connection: duckdb.DuckDBPyConnection, relation: str, found: dict[str, str]) -> None:
    """Move each column to the first type, from the one it has, whose condition all of its cells meet."""
    open_names = [name for name, kind in found.items() if kind != "VARCHAR"]
    while open_names:
        failing = misfits(connection, relation, {name: found[name] for name in open_names})
        for name in failing:
            found[name] = following(found[name])
        open_names = [name for name in failing if found[name] != "VARCHAR"]


def misfits(connection: duckdb.DuckDBPyConnection, relation: str, kinds: Mapping[str, str]) -> list[str]:
    """The columns with at least one cell that their type does not fit."""
    failing: list[str] = []
    for names in batched(list(kinds), COLUMNS_AT_ONCE):
        counts = ", ".join(misfit_count(name, kinds[name]) for name in names)
        row = connection.execute(f"SELECT {counts} FROM {relation}").fetchone()
        assert row is not None
        failing += [name for name, count in zip(names, row, strict=True) if count]
    return failing


def misfit_count(name: str, kind: str) -> str:
    cell = identifier(name)
    return f"count(*) FILTER (WHERE {cell} IS NOT NULL AND NOT ({CONDITIONS[kind].format(c=cell)}))"


def batched(names: Sequence[str], size: int) -> list[Sequence[str]]:
    return [names[start : start + size] for start in range(0, len(names), size)]


def following(kind: str) -> str:
    order = list(CONDITIONS)
    return order[order.index(kind) + 1]
