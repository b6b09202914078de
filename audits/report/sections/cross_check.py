"""The second opinion: the same figures by fairlearn and AIF360."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report import numbers, words
from audits.report.blocks import Block, Cell, Head, Paragraph, Row, RowGroup, Section, TableBlock
from audits.report.reading import Reading
from audits.report.tables import cut

Json = Mapping[str, Any]
MOST_COMPARISONS = 24
HEADS = (
    Head("Metric"),
    Head("Of"),
    Head("Plumbline", "number"),
    Head("fairlearn", "number"),
    Head("AIF360", "number"),
    Head("Largest difference", "number"),
    Head("Agrees"),
    Head("Measurement", "id"),
)


def cross_check(reading: Reading) -> Section:
    found = reading.audit.get("cross_check")
    title = "A second opinion"
    if not found:
        return Section("cross-check", title, (Paragraph("No other library was asked to compute these figures again."),))
    blocks: list[Block] = [Paragraph(_sentence(found))]
    if found["comparisons"]:
        blocks.append(_table(found["comparisons"]))
    if found.get("definitions"):
        blocks.append(_definitions(found["definitions"]))
    return Section("cross-check", title, tuple(blocks))


def _sentence(found: Json) -> str:
    comparisons = found["comparisons"]
    against = [c for c in comparisons if c["agrees"] == "neither"]
    agreed = [c for c in comparisons if c["agrees"] in ("both", "fairlearn", "aif360")]
    versions = words.listed(
        [f"{words.clean(name)} {words.clean(version)}" for name, version in found["libraries"].items()]
    )
    sample = "a seeded sample of " if found.get("sampled") else "all "
    text = (
        f"{versions} computed {numbers.count(len(comparisons))} of the figures again from {sample}"
        f"{numbers.count(found['rows'])} rows. {numbers.count(len(agreed))} agree with at least one of them."
    )
    verb = "differs" if len(against) == 1 else "differ"
    return text + (
        f" {numbers.count(len(against))} {verb} from both: see the table." if against else " None differs from both."
    )


def _table(comparisons: list[Json]) -> TableBlock:
    """Where no library agrees first, then the disparities, then everybody's figures, then those of groups."""
    ranked = sorted(comparisons, key=lambda c: (c["agrees"] != "neither", bool(c.get("group")), not c.get("attribute")))
    shown = ranked[:MOST_COMPARISONS]
    note = cut(len(shown), len(comparisons))
    return TableBlock(
        "cross-check-table",
        "The same figures by other libraries",
        HEADS,
        (RowGroup(tuple(map(_row, shown))),),
        note,
        "wide",
    )


def _row(c: Json) -> Row:
    metric = c["metric"]
    of = words.group(c.get("group")) if c.get("group") else words.attribute(c.get("attribute")) or "everyone"
    others = [_other(metric, c.get(name)) for name in ("fairlearn", "aif360")]
    agrees = words.clean(c["agrees"])
    if c.get("note") and agrees in ("neither", "not defined"):
        agrees += f". {words.sentence(words.clean(c['note']))}"
    texts = (
        words.plain(metric).title,
        of,
        _other(metric, c.get("value")),
        *others,
        _difference(c.get("difference")),
        agrees,
        c["measurement"],
    )
    return Row(tuple(Cell(words.clean(text)) for text in texts))


def _difference(value: Any) -> str:
    """Below 1e-12 two figures are the same to the last digits that a computer keeps."""
    if value is None:
        return ""
    return "none" if abs(value) < 1e-12 else numbers.number(value)


def _other(metric: str, value: Any) -> str:
    return "not defined" if value is None else words.value(metric, value)


def _definitions(definitions: list[Json]) -> TableBlock:
    """What a library says otherwise, once, with the metrics that it concerns."""
    found: dict[tuple[str, str], list[str]] = {}
    for d in definitions:
        titles = found.setdefault((words.clean(d["library"]), words.clean(d["note"])), [])
        titles.append(words.plain(d["metric"]).title)
    rows = tuple(
        Row((Cell(library), Cell(words.sentence(note)), Cell(words.listed(titles))))
        for (library, note), titles in found.items()
    )
    heads = (Head("Library"), Head("How it is defined there"), Head("Metrics"))
    return TableBlock("definitions", "Where definitions differ", heads, (RowGroup(rows),), width="full")
