"""Tables that checks declare, printed by what their columns say they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal

from audits.report import numbers, words
from audits.report.blocks import Align, Cell, Head, Row, RowGroup, TableBlock
from audits.report.tables import cut, spaced

Json = Mapping[str, Any]
MOST_ROWS = 50
MOST_POINTS = 9


def declared_table(table: Json, id: str, curve: bool = False, measured: Sequence[Json] = ()) -> TableBlock:
    """A check's own table. Columns print by their declared kind, a column's numbers with the same decimals.

    Of a curve's many points some are printed, evenly spaced with both ends; of other tables the first. Rows that say
    what a measurement in `measured` says get its id. Runs of rows with the same first entry stand under it.
    """
    columns, rows = table["columns"], table["rows"]
    shown = spaced(rows, MOST_POINTS) if curve else rows[:MOST_ROWS]
    printers = [_printer(c["kind"], [row[i] for row in shown]) for i, c in enumerate(columns)]
    printed = [[print_(value) for print_, value in zip(printers, row, strict=True)] for row in shown]
    heads = [Head(words.clean(c["title"]), _align(c["kind"])) for c in columns]
    ids = row_ids(table, measured)
    if ids:
        heads.append(Head("Measurement", "id"))
        printed = [[*cells, ids.get(i, "")] for i, cells in enumerate(printed)]
    groups = _runs(printed) if columns[0]["kind"] == "text" else None
    said = [table.get("note") and words.clean(table["note"]), cut(len(shown), len(rows), curve)]
    return TableBlock(
        id,
        words.clean(table["title"]),
        tuple(heads if groups is None else heads[1:]),
        groups or (_group(printed),),
        " ".join(filter(None, said)) or None,
        _width(len(heads) - (groups is not None)),
    )


def row_ids(table: Json, measured: Sequence[Json]) -> dict[int, str]:
    """The measurement that each row repeats: the same feature, and its value among the row's numbers."""
    names = [c["name"] for c in table["columns"]]
    if "feature" not in names:
        return {}
    by_feature = {m["feature"]: m for m in measured if m.get("feature") is not None and m["value"] is not None}
    found = {}
    for i, row in enumerate(table["rows"]):
        m = by_feature.get(row[names.index("feature")])
        if m is not None and m["value"] in row:
            found[i] = str(m["id"])
    return found


def _runs(printed: Sequence[Sequence[str]]) -> tuple[RowGroup, ...] | None:
    """The rows under their first entry, where most of them share it with their neighbour."""
    runs = [(title, [row[1:] for row in rows]) for title, rows in groupby(printed, key=lambda row: row[0])]
    if len(runs) * 2 > len(printed) or len(printed) < 4:
        return None
    return tuple(RowGroup(_group(rows).rows, title) for title, rows in runs)


def _group(printed: Sequence[Sequence[str]]) -> RowGroup:
    return RowGroup(tuple(Row(tuple(Cell(text) for text in row)) for row in printed))


def _width(columns: int) -> Literal["narrow", "full", "wide"]:
    return "narrow" if columns <= 5 else "full" if columns <= 8 else "wide"


def _align(kind: str) -> Align:
    return "number" if kind in ("count", "rate", "number") else "id" if kind == "id" else "text"


def _printer(kind: str, column: Sequence[Any]) -> Callable[[Any], str]:
    decimals = numbers.column_decimals(column)
    by_kind: dict[str, Callable[[Any], str]] = {
        "count": numbers.count,
        "rate": numbers.rate,
        "number": lambda value: numbers.number(value, decimals),
    }
    print_ = by_kind.get(kind)

    def printed(value: Any) -> str:
        if value is None:
            return "none" if print_ else ""
        return print_(value) if print_ and numbers.is_number(value) else words.clean(value)

    return printed
