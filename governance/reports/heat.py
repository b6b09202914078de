"""The heat map of a system's risks, before and after measures: tables with darker cells for higher levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report.blocks import Block, Cell, Head, Row, RowGroup
from governance.law.risks import degrees, level, levels
from governance.reports.counting import standing
from governance.reports.text import table

Json = Mapping[str, Any]
MAPS = (("before", "Before measures"), ("after", "After measures"))


def heat(told: Json) -> tuple[Block, ...]:
    """Nothing where no risk that stands was judged."""
    if not any(each["before"] or each["after"] for each in standing(told)):
        return ()
    return tuple(heat_map(told, when, title) for when, title in MAPS)


def heat_map(told: Json, when: str, title: str) -> Block:
    rows = []
    for likely in reversed(degrees("likelihood")):
        cells = (cell(told, when, likely.id, severe.id) for severe in degrees("severity"))
        rows.append(Row((Cell(f"{likely.id} {likely.title}"), *cells)))
    heads = (Head("Likelihood, by severity"), *(Head(f"{each.id} {each.title}") for each in degrees("severity")))
    said = ", ".join(f"{each.title} from {each.starts}" for each in levels())
    note = f"The numbers are those of the risks that stand; the darker, the higher likelihood × severity: {said}."
    if left := [str(each["number"]) for each in standing(told) if not each[when]]:
        note += f" Not judged, and so in no cell: {', '.join(left)}."
    caption = f"{title}: where the risks stand"
    return table(f"heat-{when}", caption, heads, [RowGroup(tuple(rows))], note=note, width="full")


def cell(told: Json, when: str, likelihood: int, severity: int) -> Cell:
    here = {"likelihood": likelihood, "severity": severity}
    found = ", ".join(str(each["number"]) for each in standing(told) if each[when] == here)
    reached = level(likelihood, severity)
    return Cell(found or "·", shade=levels().index(reached) + 1 if reached else 0)
