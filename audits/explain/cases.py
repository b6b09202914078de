"""Single decisions explained: the highest score, the one nearest the threshold, the lowest. No names, no row numbers.

Local values tell of single people; they are left out whenever small counts are suppressed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc

from audits.explain.explained import Explained, printed
from audits.explain.summary import numeric
from audits.measure.types import Column, Table

INPUTS_SHOWN = 8
IDENTIFYING_SHARE = 0.9
"""Text that differs in so many of the rows may name people, and is not printed."""


def case_table(found: Explained) -> Table:
    """The inputs that moved each case most; each case's rows add up from the base to the model's output."""
    columns = (
        Column("case", "Case", "text"),
        Column("score", "Score"),
        Column("feature", "Input", "text"),
        Column("value", "Its value", "text"),
        Column("shapley", f"Shapley value, {found.space}"),
    )
    rows = [row for name, place in _cases(found) for row in _case(found, name, place)]
    note = f"Base: the mean output, {found.space}, over {found.against}. The values of a case add up to its output."
    return Table("explanation-cases", "Three decisions explained", columns, tuple(rows), note)


def _cases(found: Explained) -> list[tuple[str, int]]:
    nearest = int(np.argmin(np.abs(found.scores - found.threshold)))
    return [
        ("the highest score", int(np.argmax(found.scores))),
        ("nearest the threshold", nearest),
        ("the lowest score", int(np.argmin(found.scores))),
    ]


def _case(found: Explained, name: str, place: int) -> list[tuple[Any, ...]]:
    values = found.shapley.values[place]
    score = float(found.scores[place])
    order = [int(j) for j in np.argsort(-np.abs(values), kind="stable")]
    shown, others = order[:INPUTS_SHOWN], order[INPUTS_SHOWN:]
    rows: list[tuple[Any, ...]] = [(name, score, "(base)", None, found.shapley.base)]
    rows += [(name, score, found.names[j], _value(found, j, place), float(values[j])) for j in shown]
    if others:
        rows.append((name, score, f"({len(others)} other inputs)", None, float(values[others].sum())))
    return rows


def _value(found: Explained, column: int, place: int) -> str | None:
    """The input's value in this row as text; withheld where it may name the person."""
    cells = found.inputs.column(column)
    if numeric(found, column) is None and pc.count_distinct(cells).as_py() > IDENTIFYING_SHARE * found.n:
        return "(withheld: nearly every row differs)"
    value = printed(cells[place].as_py())
    return f"{value:,.6g}" if isinstance(value, float) else value or "(missing)"
