"""Every rule and its verdict, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import words
from audits.report.blocks import Block, Cell, Head, Paragraph, Row, RowGroup, Section, TableBlock
from audits.report.phrases import COUNTS, settled_by
from audits.report.reading import Reading
from audits.report.tables import cut

Json = Mapping[str, Any]
MOST_VERDICTS = 60
HEADS = (
    Head("Rule"),
    Head("Verdict"),
    Head("Figure", "number"),
    Head("95% interval", "number"),
    Head("n", "number"),
    Head("Limit", "number"),
    Head("Note"),
    Head("Measurement", "id"),
)


def every_verdict(reading: Reading) -> Section:
    blocks: list[Block] = [Paragraph(_how_judged(reading))]
    if reading.verdicts:
        blocks.append(verdict_table(reading, reading.verdicts, "verdicts", "Every rule and its verdict"))
    return Section("every-verdict", "Every rule and its verdict", tuple(blocks))


def _how_judged(reading: Reading) -> str:
    if not reading.verdicts:
        return "No rule was applied."
    return (
        "A rule compares an interval with its limit, not a single figure. It passes when the whole interval is on the "
        "good side, fails when it is on the other, and is too close to call when the interval crosses the limit. A "
        "pass is wrong at most one time in twenty, and so is a fail."
    )


def verdict_table(reading: Reading, verdicts: Sequence[Json], id: str, caption: str) -> TableBlock:
    shown = verdicts[:MOST_VERDICTS]
    rows = tuple(_row(reading, v) for v in shown)
    return TableBlock(id, caption, HEADS, (RowGroup(rows),), cut(len(shown), len(verdicts)), "full")


def _row(reading: Reading, verdict: Json) -> Row:
    measured = reading.measured(verdict)
    metric, tone = reading.metric_of(verdict), words.tone(verdict)
    only = measured[0] if len(measured) == 1 and metric not in COUNTS else None
    bounds = verdict.get("interval") or (only["interval"] if only else None)
    sign = {"at_least": "≥ ", "at_most": "≤ "}.get(str(verdict.get("direction")), "")
    limit = "" if verdict.get("limit") is None else sign + words.limit(metric, verdict["limit"])
    several = f"{len(measured)} figures" if len(measured) > 1 and metric not in COUNTS else ""
    figure = words.value(metric, only["value"]) if only and only["value"] is not None else several
    ids = only["id"] if only else ""
    n = words.n_of(only) if only and only["value"] is not None else ""
    span = words.interval(metric, bounds) if only and bounds else ""
    texts = (figure, span, n, limit, _note(reading, verdict, only), ids)
    named = Cell(rule_in_words(reading, verdict), id=words.clean(verdict["rule"]))
    return Row((named, Cell(words.OUTCOMES[tone], tone), *(Cell(text) for text in texts)))


def rule_in_words(reading: Reading, verdict: Json) -> str:
    """`Disparate impact by age band`: what the rule asks about, and by which attribute."""
    metric, attribute = reading.metric_of(verdict), verdict.get("attribute")
    title = words.plain(metric).title if metric else words.short(verdict["rule"])
    return f"{title} by {words.attribute(attribute)}" if attribute else title


def _note(reading: Reading, verdict: Json, only: Json | None) -> str:
    """What figure, interval and limit do not say by themselves."""
    judged = only is not None and only["value"] is not None
    if not judged:
        return words.sentence(words.clean(verdict["reason"]))
    said = []
    aside = verdict.get("not_assessed") or []
    if aside:
        said.append(f"Not assessed: {words.listed([words.group(g) for g in aside], 4)}.")
    if words.tone(verdict) == "inconclusive":
        said.append(settled_by(reading, [verdict]))
    if verdict.get("waived"):
        said.append(words.waiver(verdict))
    return " ".join(said)
