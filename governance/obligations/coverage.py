"""How much of each chapter of each framework is proven, as a table and as a drawing; and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from governance.frameworks.requirements import framework
from governance.obligations.gone import framework_title
from governance.obligations.models import State
from governance.obligations.rows import NOW, WHERE, Row
from models.accounts.templatetags.pages import count

COLUMNS = ("Framework", "Chapter", "Asked", "Accepted", "Evidenced", "Stale", "Open", "Not applicable", "Only if")
ROW_COLUMNS = (
    "Framework", "Reference", "Obligation", "When", "Binds from", "If", "State", "Reason", "What is missing", "Owner",
    "Due on", "Evidence", "Id",
)  # fmt: skip
# how wide a whole bar is drawn
WIDTH = 150
WHEN = {"now": "binds now", "coming": "coming", "where": "only if", "undated": "no day", "no longer": "no longer asked"}


@dataclass(frozen=True, slots=True)
class Line:
    """One chapter: each obligation that is asked counts once, in the first of these that fits: not applicable,
    conditional (asked only if something happens, which nobody said to hold), stale, accepted, evidenced, open."""

    framework: str
    chapter: str
    title: str
    accepted: int = 0
    evidenced: int = 0
    stale: int = 0
    open: int = 0
    not_applicable: int = 0
    conditional: int = 0

    @property
    def proven(self) -> int:
        return self.accepted + self.evidenced

    @property
    def counted(self) -> int:
        """All but those that are not applicable, or may never be asked."""
        return self.proven + self.stale + self.open

    @property
    def asked(self) -> int:
        return self.counted + self.not_applicable + self.conditional

    @property
    def values(self) -> tuple[int, ...]:
        return (self.asked, self.accepted, self.evidenced, self.stale, self.open, self.not_applicable, self.conditional)

    @property
    def called(self) -> str:
        """The chapter by its number and its name."""
        return self.title if self.title == self.chapter else f"{self.chapter}: {self.title}"

    @property
    def note(self) -> str:
        """What the drawing says beside the bar."""
        found = []
        if self.counted:
            found.append(f"{count(self.proven)} of {count(self.counted)} proven")
        if self.stale:
            found.append(f"{count(self.stale)} stale")
        if self.conditional:
            found.append(f"{count(self.conditional)} only if something happens")
        if self.not_applicable:
            found.append(f"{count(self.not_applicable)} not applicable")
        return ", ".join(found)

    @property
    def bars(self) -> Iterator[tuple[str, float, float]]:
        """What the drawing shows: of proven, stale and open, in this order, where it begins and how wide it is."""
        at = 0
        for kind, many in (("proven", self.proven), ("stale", self.stale), ("open", self.open)):
            if many:
                yield kind, at * WIDTH / self.counted, many * WIDTH / self.counted
                at += many


def counted_as(row: Row) -> str:
    if row.duty.state == State.NOT_APPLICABLE:
        return "not_applicable"
    if row.when == WHERE:
        return "conditional"
    if row.stale:
        return "stale"
    return {State.ACCEPTED: "accepted", State.EVIDENCED: "evidenced"}.get(State(row.duty.state), "open")


def coverage(rows: Iterable[Row]) -> list[Line]:
    """By framework and chapter, in their order, of what is asked."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        if row.is_asked:
            mine = counts.setdefault((row.duty.framework, row.asks.chapter), {})
            mine[counted_as(row)] = mine.get(counted_as(row), 0) + 1
    return [
        Line(name, chapter, framework(name).chapters[chapter], **found) for (name, chapter), found in counts.items()
    ]


def gaps(rows: Iterable[Row]) -> list[Row]:
    """What is asked and not proven, or no longer: what binds first."""
    return sorted((row for row in rows if row.gap), key=lambda row: row.when != NOW)


def conditional(rows: Iterable[Row]) -> list[Row]:
    """What is asked only if something happens, which nobody said to hold."""
    return [row for row in rows if row.when == WHERE and row.duty.state != State.NOT_APPLICABLE]


def row_values(row: Row) -> list[Any]:
    """As ROW_COLUMNS."""
    duty = row.duty
    named = str(duty.owner) if duty.owner else ""
    return [row.framework_title, row.asks.ref, row.asks.title, WHEN[row.when], duty.binds_from, duty.where, duty.state,
            duty.reason, row.gap, named, duty.due_on, len(row.pieces), str(duty.pk)]  # fmt: skip


def line_values(line: Line) -> list[Any]:
    return [framework_title(line.framework), line.called, *line.values]


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
    where = "" if len(lines) == 1 else f"; most is missing in {most.called} ({count(missing)})"
    return f"{begun} {is_are} proven{where}"
