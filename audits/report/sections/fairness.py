"""Fairness, attribute by attribute: the finding in a sentence, the figure, the disparities, every group's rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import numbers, phrases, words
from audits.report.blocks import Block, Cell, FigureBlock, Head, Paragraph, Row, RowGroup, Section, TableBlock
from audits.report.charts.limits import Dot, group_chart
from audits.report.reading import Reading
from audits.report.sections.verdicts import verdict_table
from audits.report.tables import (
    FIGURE_HEADS,
    cells,
    figure_cells,
    known_metrics,
    measurement_table,
    metric_cell,
    unavailable,
)

Json = Mapping[str, Any]
MOST_GROUPS = 25
MOST_GROUPS_PER_RATE = 12


def fairness(reading: Reading) -> Section:
    check = reading.check("fairness")
    notes: list[Block] = [Paragraph(words.clean(note)) for note in (check or {}).get("notes") or []]
    if check and check.get("reason"):
        notes.insert(0, Paragraph(f"Not applicable here: {words.clean(check['reason'])}"))
    sections = tuple(
        _attribute(reading, name, i) for i, name in enumerate(reading.attributes) if _has_figures(reading, name)
    )
    if not sections and not notes:
        notes = [Paragraph("No sensitive attribute was given, so nothing could be compared between groups.")]
    overall = reading.overall("fairness")
    if known_metrics(overall):
        notes.append(measurement_table("fairness-overall", "Rates of everyone", overall))
    return Section("fairness", "Fairness by attribute", tuple(notes), sections)


def _has_figures(reading: Reading, attribute: str) -> bool:
    return bool(reading.rates(attribute) or reading.disparities(attribute))


def _attribute(reading: Reading, name: str, index: int) -> Section:
    key = f"attribute-{index + 1}"
    blocks: list[Block] = [_sentence(reading, name)]
    figure = _figure(reading, name, key)
    blocks += [figure] if figure else []
    if reading.verdicts_on(name):
        blocks.append(
            verdict_table(reading, reading.verdicts_on(name), f"{key}-verdicts", f"Verdicts by {words.attribute(name)}")
        )
    if reading.disparities(name):
        blocks.append(_disparities(reading, name, key))
    if reading.rates(name):
        blocks.append(_rates(reading, name, key))
    if any(dict(m["group"]) != dict(m["reference"]) for m in reading.against_reference(name)):
        blocks.append(_against(reading, name, key))
    return Section(key, words.sentence(words.attribute(name)), tuple(blocks))


def _sentence(reading: Reading, attribute: str) -> Paragraph:
    """What the attribute's verdicts say, else what its widest rates say."""
    verdicts = [v for v in reading.verdicts_on(attribute) if words.tone(v) != "not_applicable"]
    if verdicts:
        found = phrases.finding(reading, verdicts[:1])
        others = len(verdicts) - 1
        rest = f" {words.sentence(words.small(others))} more below." if others else ""
        return Paragraph(f"{found.headline} {found.text}{rest}", found.ids)
    found_disparities = reading.disparities(attribute)
    if not found_disparities:
        return Paragraph("The groups were counted and measured; nothing compares them.")
    m = next((m for m in found_disparities if m["value"] is not None), found_disparities[0])
    carried = phrases.ends(reading, m)
    named = f"{words.plain(m['metric']).title}: {phrases.with_interval(m)}."
    lead = f"{carried}. {named}" if carried else named
    return Paragraph(f"{lead} No rule judges it.", (m["id"],))


def _figure(reading: Reading, attribute: str, key: str) -> FigureBlock | None:
    """The favourable outcome, group by group."""
    rates = [m for m in reading.rates(attribute) if m["metric"] == reading.favourable_metric]
    if not rates:
        return None
    shown = _largest(rates, MOST_GROUPS)
    dots = tuple(_dot(m) for m in shown)
    known = sorted((d for d in dots if d.value is not None), key=lambda d: d.value or 0.0)
    low, high = (known[0], known[-1]) if known else (None, None)
    title = f"Favourable outcome by {words.attribute(attribute)}"
    if low and high and low is not high:
        title += f": from {numbers.rate(low.value)} ({low.label}) to {numbers.rate(high.value)} ({high.label})"
    described = "; ".join(f"{d.label} {numbers.rate(d.value)}, interval {_span(d)}" for d in dots)
    overall = reading.overall_value(reading.favourable_metric)
    spec = group_chart(dots, "Share with the favourable outcome", overall)
    part = "" if len(shown) == len(rates) else f" The {len(shown)} largest and most extreme of {len(rates)} groups."
    caption = f"Bar: 95% interval; dotted line: everyone.{part}"
    return FigureBlock(f"fig-{key}", title, described, spec, caption)


def _dot(m: Json) -> Dot:
    bounds = m["interval"] or {"low": None, "high": None}
    note = f"n = {words.n_of(m)}" if m["value"] is not None else ""
    return Dot(words.group(m["group"]), m["value"], bounds["low"], bounds["high"], None, note)


def _span(dot: Dot) -> str:
    if dot.low is None or dot.high is None:
        return "none"
    return f"{numbers.rate(dot.low)} to {numbers.rate(dot.high)}"


def _disparities(reading: Reading, attribute: str, key: str) -> TableBlock:
    rows = []
    for m in (known := known_metrics(reading.disparities(attribute))):
        aside = words.listed([words.group(g) for g in m.get("not_assessed") or []], 5)
        over = "" if m.get("over") is None else f" (without {aside})" if aside != "none" else " (large groups)"
        rows.append(Row((metric_cell(m["metric"], over), *figure_cells(m))))
    caption = f"Disparities by {words.attribute(attribute)}"
    note = unavailable(reading.disparities(attribute), known) or None
    heads = (Head("Metric"), *FIGURE_HEADS)
    return TableBlock(f"{key}-disparities", caption, heads, (RowGroup(tuple(rows)),), note, "full")


def _rates(reading: Reading, attribute: str, key: str) -> TableBlock:
    by_metric: dict[str, list[Json]] = {}
    for m in (known := known_metrics(reading.rates(attribute))):
        by_metric.setdefault(m["metric"], []).append(m)
    most = MOST_GROUPS_PER_RATE
    groups = tuple(
        RowGroup(
            tuple(_group_row(m) for m in _largest(found, most)),
            f"{words.plain(name).title}: {words.plain(name).noun}",
            name if words.entry(name) else None,
        )
        for name, found in by_metric.items()
    )
    total = max((len(found) for found in by_metric.values()), default=0)
    note = unavailable(reading.rates(attribute), known)
    if total > most:
        note += (
            f"Of {numbers.count(total)} groups, for each rate the largest and those at its two ends; "
            "all of them are in evidence.json."
        )
    caption = f"Rates by {words.attribute(attribute)}"
    return TableBlock(f"{key}-rates", caption, (Head("Group"), *FIGURE_HEADS), groups, note or None, "full")


def _group_row(m: Json) -> Row:
    return Row(cells(words.group_in_full(m["group"])) + figure_cells(m))


def _against(reading: Reading, attribute: str, key: str) -> TableBlock:
    found = [m for m in reading.against_reference(attribute) if dict(m["group"]) != dict(m["reference"])]
    shown = _largest(found, MOST_GROUPS_PER_RATE)
    rows = tuple(
        Row((Cell(words.group_in_full(m["group"])), Cell(words.group_in_full(m["reference"])), *figure_cells(m)))
        for m in shown
    )
    note = None if len(shown) == len(found) else f"{len(shown)} of {len(found)} groups; all are in evidence.json."
    caption = f"Favourable outcome against the reference group, by {words.attribute(attribute)}"
    heads = (Head("Group"), Head("Reference"), *FIGURE_HEADS)
    return TableBlock(f"{key}-reference", caption, heads, (RowGroup(rows),), note, "full")


def _largest(measurements: Sequence[Json], most: int) -> list[Json]:
    """The largest groups and the two with the lowest and the highest value, in their own order."""
    if len(measurements) <= most:
        return list(measurements)
    known = sorted((m for m in measurements if m["value"] is not None), key=lambda m: m["value"])
    chosen = {id(m) for m in (known[:2] + known[-2:])}
    for m in sorted(measurements, key=lambda m: -(m["n"] or 0)):
        if len(chosen) >= most:
            break
        chosen.add(id(m))
    return [m for m in measurements if id(m) in chosen]
