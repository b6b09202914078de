"""How the score moves with a number: the mean Shapley value of an input over eighths of the rows."""

from __future__ import annotations

import numpy as np

from audits.explain.explained import Explained
from audits.explain.summary import numeric
from audits.explain.trees import Floats
from audits.measure.types import Column, Figure, Table

INPUTS_SHOWN = 2
PARTS = 8


def dependence(found: Explained, suppress: int | None) -> list[tuple[Table, Figure]]:
    """A table and its line for each of the most important numeric inputs."""
    drawn: list[tuple[Table, Figure]] = []
    for place in found.ranking():
        values = numeric(found, place)
        if values is not None and len(drawn) < INPUTS_SHOWN and found.importance()[place] > 0:
            drawn.append(_drawn(found, place, values, suppress, f"explanation-dependence-{len(drawn) + 1}"))
    return [(table, figure) for table, figure in drawn if len(table.rows) > 1]


def _drawn(found: Explained, place: int, values: Floats, suppress: int | None, id: str) -> tuple[Table, Figure]:
    name = found.names[place]
    columns = (
        Column("value", f"Mean of {name}"),
        Column("shapley", f"Mean Shapley value, {found.space}"),
        Column("n", "n", "count"),
    )
    rows = in_parts(values, found.shapley.values[:, place], suppress or 1)
    table = Table(
        id,
        f"The score by {name}",
        columns,
        rows,
        "Rows in eighths of equal number, as far as values differ.",
    )
    figure = Figure(
        id=table.id,
        kind="line",
        title=_finding(name, [shapley for _, shapley, _ in rows]),
        description=f"Mean Shapley value of {name} in {found.space} against its value, in eighths of the rows.",
        table=table.id,
        x="value",
        y="shapley",
    )
    return table, figure


def _finding(name: str, moves: list[float]) -> str:
    """From where to where the score is moved, and whether it goes one way all along."""
    if not moves:
        return f"{name} has no known value"
    steps = np.diff(moves)
    way = "rises with" if (steps > 0).all() else "falls with" if (steps < 0).all() else "goes up and down with"
    low, high = (f"{end:+.2f}".replace("-", "−") for end in (min(moves), max(moves)))
    if len(moves) == 1:
        return f"{name} moves the score by {low} in every part of the rows"
    return f"The score {way} {name}: it moves it by {low} to {high}"


def in_parts(values: Floats, shapley: Floats, fewest: int) -> tuple[tuple[float, float, int], ...]:
    """(mean value, mean Shapley value, n) of each eighth of the known values; a bin below `fewest` joins another."""
    known = np.isfinite(values)
    x, y = values[known], shapley[known]
    if not len(x):
        return ()
    edges = np.unique(np.quantile(x, np.linspace(0, 1, PARTS + 1)[1:-1], method="lower"))
    # a value equal to an edge belongs below it, so that a frequent value keeps a bin of its own
    at = np.searchsorted(edges, x, side="left")
    merged: list[list[int]] = []
    for members in (np.flatnonzero(at == b) for b in range(len(edges) + 1)):
        if merged and (len(members) < fewest or len(merged[-1]) < fewest):
            merged[-1].extend(members.tolist())
        elif len(members):
            merged.append(members.tolist())
    return tuple((float(x[m].mean()), float(y[m].mean()), len(m)) for m in merged if len(m) >= fewest)
