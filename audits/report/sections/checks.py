"""Sections of checks: their measurements, then whatever tables and figures the check declares, drawn by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import numbers, words
from audits.report.blocks import Block, FigureBlock, Head, Paragraph, Row, RowGroup, Section, TableBlock
from audits.report.charts.declared import declared_chart
from audits.report.declared import declared_table, row_ids
from audits.report.reading import Reading
from audits.report.tables import (
    FIGURE_HEADS,
    cells,
    cut,
    figure_cells,
    known_metrics,
    measurement_table,
)

Json = Mapping[str, Any]
MOST_FEATURES = 40
# these have their own place in the report; every other check's section is made from what it declares
PLACED = ("fairness", "performance", "explanation")


def performance(reading: Reading) -> Section:
    return check_section(reading, "performance", "Performance", _performance_lead(reading))


def explanation(reading: Reading) -> Section:
    return check_section(reading, "explanation", "Explanation", _explanation_lead(reading))


def further(reading: Reading) -> list[Section]:
    """Checks that this report has no section of its own for."""
    return [
        check_section(reading, c["id"], words.clean(c["title"]), "") for c in reading.checks if c["id"] not in PLACED
    ]


def check_section(reading: Reading, name: str, title: str, lead: str) -> Section:
    check = reading.check(name)
    measured = [m for m in reading.measurements if m["check"] == name]
    blocks: list[Block] = []
    if check is None and not measured:
        blocks.append(Paragraph("This was not asked for in this audit."))
    elif check is not None and check["status"] != "done":
        blocks.append(Paragraph(f"Not applicable here: {words.clean(check.get('reason') or 'no reason was given')}"))
    elif lead:
        blocks.append(Paragraph(lead))
    blocks += _notes(check)
    blocks += _measurements(measured, name)
    blocks += declared_blocks(check, name, measured)
    blocks += _features(_without_a_row(check, measured), name)
    return Section(name, title, tuple(blocks))


def _notes(check: Json | None) -> list[Block]:
    check = check or {}
    reason = check.get("reason") if check.get("status") == "done" else None
    return [
        Paragraph(words.sentence(words.clean(note)))
        for note in [*([reason] if reason else []), *(check.get("notes") or [])]
    ]


def _measurements(measured: Sequence[Json], name: str) -> list[Block]:
    overall = [m for m in measured if not m["group"] and not m.get("attribute") and not m.get("feature")]
    blocks: list[Block] = []
    if known_metrics(overall):
        blocks.append(measurement_table(f"{name}-overall", "Figures of everyone", overall))
    grouped = [m for m in measured if (m["group"] or m.get("attribute")) and name != "fairness"]
    if grouped and name == "performance" and known_metrics(grouped):
        blocks.append(Paragraph("The same figures group by group are in the section on fairness."))
    elif grouped and name != "performance":
        blocks.append(_grouped(grouped, name))
    return blocks


def _without_a_row(check: Json | None, measured: Sequence[Json]) -> list[Json]:
    """Figures of features that no table of the check shows."""
    shown = {id for table in (check or {}).get("tables") or [] for id in row_ids(table, measured).values()}
    return [m for m in measured if m.get("feature") is not None and m["id"] not in shown]


def _grouped(measured: Sequence[Json], name: str) -> TableBlock:
    """Figures of groups, under a heading for each metric and attribute."""
    found: dict[tuple[str, str], list[Json]] = {}
    for m in measured[:MOST_FEATURES]:
        found.setdefault((m["metric"], m.get("attribute") or "*".join(m["group"])), []).append(m)
    groups = tuple(
        RowGroup(
            tuple(
                Row(cells(words.group_in_full(m["group"]) if m["group"] else "all groups compared") + figure_cells(m))
                for m in ms
            ),
            f"{words.plain(metric).title} by {words.attribute(attribute)}",
        )
        for (metric, attribute), ms in found.items()
    )
    note = cut(min(len(measured), MOST_FEATURES), len(measured))
    return TableBlock(f"{name}-groups", "Figures by group", (Head("Group"), *FIGURE_HEADS), groups, note, "full")


def _features(measured: Sequence[Json], name: str) -> list[Block]:
    if not measured:
        return []
    shown = sorted(measured, key=lambda m: -abs(m["value"] or 0.0))[:MOST_FEATURES]
    decimals = numbers.column_decimals([m["value"] for m in shown]) + 1
    rows = tuple(Row(cells(words.clean(m["feature"])) + _feature_cells(m, decimals)) for m in shown)
    title = words.plain(shown[0]["metric"]).title
    note = cut(len(shown), len(measured))
    heads = (Head("Feature"), *FIGURE_HEADS)
    return [TableBlock(f"{name}-features", f"{title}, further features", heads, (RowGroup(rows),), note, "full")]


def _feature_cells(m: Json, decimals: int) -> tuple[Any, ...]:
    if m["value"] is None:
        return figure_cells(m)
    bounds = m["interval"]
    span = "none"
    if bounds and None not in (bounds["low"], bounds["high"]):
        span = f"{numbers.number(bounds['low'], decimals)} to {numbers.number(bounds['high'], decimals)}"
    return cells(numbers.number(m["value"], decimals), span, words.n_of(m), m["id"])


def declared_blocks(check: Json | None, name: str, measured: Sequence[Json] = ()) -> list[Block]:
    """Each figure followed by its table, then the tables that no figure draws."""
    if check is None:
        return []
    tables = {t["id"]: t for t in check.get("tables") or []}
    figures = list(check.get("figures") or [])
    blocks: list[Block] = []
    shown: set[str] = set()
    for figure in figures:
        table = tables.get(figure["table"])
        if table is None or not table["rows"]:
            continue
        blocks.append(_figure(figure, table, name))
        if table["id"] not in shown and not any(
            f["table"] == table["id"] for f in figures[figures.index(figure) + 1 :]
        ):
            blocks.append(declared_table(table, f"{name}-{len(shown)}", figure["kind"] == "line", measured))
            shown.add(table["id"])
    rest = [t for key, t in tables.items() if key not in shown]
    return blocks + [declared_table(t, f"{name}-{len(shown) + i}", measured=measured) for i, t in enumerate(rest)]


def figure_id(check: str, name: str) -> str:
    """How a check's own figure is known in the report."""
    return f"fig-{check}-{''.join(c if c.isascii() and c.isalnum() else '-' for c in name)}"


def _figure(figure: Json, table: Json, name: str) -> FigureBlock:
    id = figure_id(name, str(figure["id"]))
    title, description = words.clean(figure["title"]), words.clean(figure["description"])
    return FigureBlock(id, title, description, declared_chart(figure, table), description)


def _performance_lead(reading: Reading) -> str:
    values = {m["metric"]: m for m in reading.overall("performance") if m["value"] is not None}
    if "accuracy" not in values:
        return ""
    text = f"The prediction is right for {numbers.rate(values['accuracy']['value'])} of the rows"
    if "recall" in values and "precision" in values:
        text += (
            f". It finds {numbers.rate(values['recall']['value'])} of the true positives, and "
            f"{numbers.rate(values['precision']['value'])} of its positive predictions are right"
        )
    return text + "."


def _explanation_lead(reading: Reading) -> str:
    found = sorted((m for m in reading.of_features() if m["value"] is not None), key=lambda m: -abs(m["value"]))
    if not found:
        return ""
    names = [words.short(m["feature"]) for m in found[:3]]
    return (
        f"What moves the score most, on average: {words.listed(names)}. A Shapley value says how much a feature moved "
        "one prediction away from the average; it describes the model, not the world."
    )
