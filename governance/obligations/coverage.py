"""How much of each chapter of each framework is proven, as a table and as a drawing; and what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from audits.report.charts import style
from audits.report.charts.svg import draw
from governance.frameworks.requirements import framework
from governance.obligations.models import State
from governance.obligations.rows import Row
from models.accounts.templatetags.pages import count

COLUMNS = ("Framework", "Chapter", "Asked", "Accepted", "Evidenced", "Stale", "Open", "Not applicable")
GAP_COLUMNS = (
    "Framework", "Reference", "Obligation", "State", "What is missing", "Owner", "Due on", "Binds from", "Where", "Id",
)  # fmt: skip
WIDTH, ROW, ROOM, LETTERS = 192, 18, 136, 58


@dataclass(frozen=True, slots=True)
class Line:
    """One chapter: each obligation that is asked counts once, in the first of these that fits: not applicable, stale,
    accepted, evidenced, open."""

    framework: str
    chapter: str
    title: str
    accepted: int = 0
    evidenced: int = 0
    stale: int = 0
    open: int = 0
    not_applicable: int = 0

    @property
    def proven(self) -> int:
        return self.accepted + self.evidenced

    @property
    def counted(self) -> int:
        """All but those that are not applicable."""
        return self.proven + self.stale + self.open

    @property
    def asked(self) -> int:
        return self.counted + self.not_applicable

    @property
    def values(self) -> tuple[int, ...]:
        return (self.asked, self.accepted, self.evidenced, self.stale, self.open, self.not_applicable)


def counted_as(row: Row) -> str:
    if row.duty.state == State.NOT_APPLICABLE:
        return "not_applicable"
    if row.stale:
        return "stale"
    return {State.ACCEPTED: "accepted", State.EVIDENCED: "evidenced"}.get(State(row.duty.state), "open")


def coverage(rows: Iterable[Row]) -> list[Line]:
    """By framework and chapter, in their order, of what is asked."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        if row.duty.is_asked:
            mine = counts.setdefault((row.duty.framework, row.asks.chapter), {})
            mine[counted_as(row)] = mine.get(counted_as(row), 0) + 1
    return [
        Line(name, chapter, framework(name).chapters[chapter], **found) for (name, chapter), found in counts.items()
    ]


def gaps(rows: Iterable[Row]) -> list[Row]:
    """What is asked and not proven, or no longer."""
    return [row for row in rows if row.gap]


def gap_values(row: Row) -> list[Any]:
    duty = row.duty
    title = framework(duty.framework).title
    named = str(duty.owner) if duty.owner else ""
    return [title, row.asks.ref, row.asks.title, duty.state, row.gap, named, duty.due_on, duty.binds_from, duty.where,
            str(duty.pk)]  # fmt: skip


def line_values(line: Line) -> list[Any]:
    return [framework(line.framework).title, called(line), *line.values]


def called(line: Line) -> str:
    """The chapter by its number and its name."""
    return line.title if line.title == line.chapter else f"{line.chapter}: {line.title}"


def label(line: Line) -> str:
    """For the drawing; where it would be cut, the chapter's number is left to the table."""
    return called(line) if len(called(line)) <= LETTERS else line.title


def finding(lines: Sequence[Line]) -> str:
    """What the drawing shows, in a sentence."""
    proven, all_ = (sum(getattr(line, name) for line in lines) for name in ("proven", "counted"))
    if not all_:
        return "Nothing is asked that could be proven"
    most = max(lines, key=lambda line: line.counted - line.proven)
    missing = most.counted - most.proven
    if not missing:
        return f"All {count(all_)} obligations are proven"
    begun = f"{count(proven)} of {count(all_)} obligations" if proven else f"None of {count(all_)} obligations"
    is_are = "is" if proven < 2 else "are"
    where = "" if len(lines) == 1 else f"; most is missing in {called(most)} ({count(missing)})"
    return f"{begun} {is_are} proven{where}"


def chart(lines: Sequence[Line]) -> dict[str, Any]:
    """Bars of shares, each under its name and beside its words: proven, stale, open. Narrow enough for a telephone."""
    rows = [bar for number, line in enumerate(lines) for bar in bars(number, line)]
    # every row stands in the first layer, in order: what comes first is above
    heads = [{"row": row, "label": "" if row % 2 else label(lines[row // 2])} for row in range(2 * len(lines))]
    notes = [{"row": 2 * number + 1, "note": note(line)} for number, line in enumerate(lines)]
    x = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": None}
    layers = [
        style.label_layer(heads, "label", 0, WIDTH + ROOM),
        {
            "data": style.values(rows),
            "mark": {"type": "bar", "height": 12, "strokeWidth": 1},
            "encoding": {
                "y": style.row_axis(),
                "x": {"field": "from"} | x,
                "x2": {"field": "to"},
                "color": {"field": "colour", "type": "nominal", "scale": None},
                "stroke": {"field": "edge", "type": "nominal", "scale": None},
            },
        },
        style.label_layer(notes, "note", WIDTH + 8, ROOM - 8, color=style.SOFT, fontSize=10),
    ]
    return style.chart(layers, WIDTH, 2 * ROW * max(1, len(lines)))


def bars(number: int, line: Line) -> Iterable[dict[str, Any]]:
    at = 0.0
    parts = ((line.proven, style.GOOD, style.GOOD), (line.stale, style.BAD, style.BAD),
             (line.open, style.SHADE, style.LINE))  # fmt: skip
    for many, colour, edge in parts:
        if many:
            until = at + many / line.counted
            yield {"row": 2 * number + 1, "from": at, "to": until, "colour": colour, "edge": edge}
            at = until


def note(line: Line) -> str:
    if not line.counted:
        return "not applicable"
    stale = f", {count(line.stale)} stale" if line.stale else ""
    return f"{count(line.proven)} of {count(line.counted)} proven{stale}"


def drawn(lines: Sequence[Line], id: str) -> str:
    """As SVG, to stand in a page."""
    described = "; ".join(f"{called(line)}: {note(line)}" for line in lines)
    return _drawn(json.dumps(chart(lines)), id, finding(lines), described)


@lru_cache(maxsize=64)
def _drawn(spec: str, id: str, title: str, description: str) -> str:
    return draw(json.loads(spec), id=id, title=title, description=description)
