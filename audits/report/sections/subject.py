"""The system and the data that it was audited on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from audits.report import numbers, words
from audits.report.blocks import Block, Cell, Head, Paragraph, Row, RowGroup, Section, TableBlock
from audits.report.reading import Reading
from audits.report.tables import control, cut

Json = Mapping[str, Any]
MOST_COLUMNS = 60
# what a reader would look for, so that its absence is said
ASKED = ("purpose", "role", "owner")


def system(reading: Reading) -> Section:
    subject = reading.subject
    if not subject:
        text = (
            "This audit was made on a file of predictions. No system was described, so its purpose is not known here."
        )
        return Section("system", "The system and its purpose", (Paragraph(text),))
    names = ("purpose", "role", "owner", "licence", "description", "format")
    rows = [("Name", _text(subject.get("name"))), ("Version", _text(subject.get("version")))]
    rows += [(words.sentence(name), _text(subject.get(name))) for name in names if name in ASKED or subject.get(name)]
    if subject.get("sha256"):
        rows.append(("SHA-256 of the model", _text(subject["sha256"])))
    lead = Paragraph("As registered by its owner; Plumbline does not check these statements.")
    return Section("system", "The system and its purpose", (lead, control("system-table", "The audited system", rows)))


def _text(value: object) -> str | None:
    return None if value is None else words.clean(value)


def data(reading: Reading) -> Section:
    profile = reading.data
    if not profile:
        return Section("data", "Data", (Paragraph("The audit holds no profile of the data."),))
    blocks: list[Block] = [Paragraph(_sentence(profile)), *_label(profile)]
    if profile.get("attributes"):
        blocks.append(_groups(profile["attributes"]))
    if profile.get("columns"):
        blocks.append(_columns(profile["columns"]))
    return Section("data", "Data", tuple(blocks))


def _sentence(profile: Json) -> str:
    dropped = profile.get("dropped") or 0
    count = sum(dropped.values()) if isinstance(dropped, Mapping) else dropped
    left_out = f" {numbers.count(count)} rows with missing values were left out." if count else ""
    name = words.short(profile.get("name") or "The file")
    rows, used = numbers.count(profile.get("rows")), numbers.count(profile.get("rows_used"))
    stood = f", standing for {numbers.count(profile['stands_for'])}" if "stands_for" in profile else ""
    return f"{name} has {rows} rows; {used} were used{stood}.{left_out}"


def _label(profile: Json) -> list[Block]:
    label = profile.get("label")
    if not label or label.get("name") is None:
        text = (
            "The data hold no true outcomes, so only what needs none was measured: counts, selection rates, their "
            "disparities."
        )
        return [Paragraph(text)]
    rows = [("Column", words.clean(label["name"])), ("Positive value", _text(label.get("positive")))]
    rows.append(("Value that benefits the person", _text(label.get("favourable"))))
    rows += [(f"Rows with {words.clean(value)}", numbers.count(n)) for value, n in (label.get("counts") or {}).items()]
    return [control("label-table", "The true outcome", rows)]


def _groups(attributes: list[Json]) -> TableBlock:
    most = 15
    groups = []
    for a in attributes:
        found = sorted(a.get("groups") or [], key=lambda g: -(g["n"] or 0))
        total = sum(g["n"] or 0 for g in found)
        rows = tuple(_group(g, total) for g in found[:most])
        rest = f" (the {most} largest of {len(found)})" if len(found) > most else ""
        groups.append(RowGroup(rows, words.sentence(words.attribute(a["name"])) + rest))
    heads = (Head("Group"), Head("Rows", "number"), Head("Share", "number"))
    return TableBlock("groups", "Groups by sensitive attribute", heads, tuple(groups))


def _group(group: Json, total: int) -> Row:
    n = group["n"]
    count = "suppressed" if n is None else numbers.count(n)
    share = numbers.rate(n / total) if n is not None and total else numbers.NONE
    return Row((Cell(words.clean(group["value"])), Cell(count), Cell(share)))


def _columns(columns: list[Json]) -> TableBlock:
    """What is known of each column; what is known of none has no place in the table."""
    shown = columns[:MOST_COLUMNS]
    known = {key: entry for key, entry in COLUMN.items() if any(c.get(key) is not None for c in shown)}
    rows = tuple(Row(tuple(Cell(print_(c.get(key))) for key, (_, print_) in known.items())) for c in shown)
    heads = tuple(head for head, _ in known.values())
    return TableBlock("columns", "Columns", heads, (RowGroup(rows),), cut(len(shown), len(columns)), "full")


def _name(value: Any) -> str:
    return "" if value is None else words.clean(value)


def _count(value: Any) -> str:
    return "" if value is None else numbers.count(value)


def _extreme(value: Any) -> str:
    return numbers.extreme(value) if numbers.is_number(value) else "" if value is None else words.short(value, 24)


COLUMN: dict[str, tuple[Head, Callable[[Any], str]]] = {
    "name": (Head("Column", "code"), _name),
    "type": (Head("Type"), _name),
    "role": (Head("Role"), _name),
    "missing": (Head("Missing", "number"), _count),
    "distinct": (Head("Distinct", "number"), _count),
    "min": (Head("Lowest", "number"), _extreme),
    "max": (Head("Highest", "number"), _extreme),
}
