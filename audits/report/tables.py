"""Tables of measurements: value, interval, n and measurement id stand together in every one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from audits.report import numbers, words
from audits.report.blocks import Cell, Head, Row, RowGroup, TableBlock

Json = Mapping[str, Any]
FIGURE_HEADS = (Head("Value", "number"), Head("95% interval", "number"), Head("n", "number"), Head("Measurement", "id"))


def cells(*texts: Any) -> tuple[Cell, ...]:
    return tuple(text if isinstance(text, Cell) else Cell(words.clean(text)) for text in texts)


def metric_cell(metric: str, more: str = "") -> Cell:
    """A metric by its title, which knows where its meaning stands."""
    return Cell(words.clean(words.plain(metric).title + more), metric=metric if words.entry(metric) else None)


def control(
    id: str, caption: str, rows: Iterable[tuple[str, Any]], heads: tuple[str, str] = ("Item", "Entry")
) -> TableBlock:
    """Two columns, a name and what it is. What is not known says so."""
    body = tuple(Row(cells(name, "not given" if entry in (None, "") else entry)) for name, entry in rows)
    return TableBlock(id, caption, (Head(heads[0]), Head(heads[1])), (RowGroup(body),))


def figure_cells(m: Json) -> tuple[Cell, ...]:
    """Value, interval, n, id, in the order of FIGURE_HEADS."""
    return cells(words.value_or_reason(m), words.interval(m["metric"], m["interval"]), words.n_of(m), m["id"])


def measurement_table(id: str, caption: str, measurements: Sequence[Json], first: str = "Metric") -> TableBlock:
    """One row per measurement, named by its metric."""
    known = known_metrics(measurements)
    rows = tuple(Row((metric_cell(m["metric"]), *figure_cells(m))) for m in known)
    note = unavailable(measurements, known) or None
    return TableBlock(id, caption, (Head(first), *FIGURE_HEADS), (RowGroup(rows),), note, "full")


def known_metrics(measurements: Sequence[Json]) -> list[Json]:
    """Figures of metrics that have a value somewhere; one that has none anywhere is named below the table."""
    valued = {m["metric"] for m in measurements if m["value"] is not None}
    return [m for m in measurements if m["metric"] in valued]


def unavailable(measurements: Sequence[Json], known: Sequence[Json]) -> str:
    """`Not available: precision, recall (no label …).`, by reason; empty where all are."""
    shown = {m["metric"] for m in known}
    by_reason: dict[str, dict[str, None]] = {}
    for m in measurements:
        if m["metric"] not in shown:
            by_reason.setdefault(words.reason(m), {})[words.plain(m["metric"]).title] = None
    said = [f"{words.listed(list(titles))} ({reason})" for reason, titles in by_reason.items()]
    return f"Not available: {'; '.join(said)}. " if said else ""


def spaced(rows: Sequence[Any], most: int) -> list[Any]:
    """At most so many rows, evenly spaced, the first and the last among them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[round(i * (len(rows) - 1) / (most - 1))] for i in range(most)]


def cut(shown: int, total: int, spread: bool = False) -> str | None:
    """What a table says when it does not hold all its rows."""
    if shown >= total:
        return None
    which = "" if spread else "The first "
    return f"{which}{numbers.count(shown)} of {numbers.count(total)} rows; all of them are in evidence.json."
