"""What audits measured: verdicts, and the figures that they rest on with interval and n."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report import words
from audits.report.blocks import Block, Cell, Head, Paragraph, RowGroup, Section
from audits.report.tables import FIGURE_HEADS, control, figure_cells, metric_cell
from governance.reports.text import moment, row, say, table

Json = Mapping[str, Any]


def measured(told: Json) -> Section:
    if not told["audits"]:
        said = "No audit is among the evidence of this system, so that nothing was measured."
        return Section("measured", "What was measured", (Paragraph(said),))
    lead = Paragraph(
        "Here stand the verdicts of each audit and the figures that they rest on, with n and two-sided 95% intervals. "
        "The counts that they come from travel along, so that they can be computed again from this report. Each audit "
        "has a report of its own with every figure."
    )
    parts = tuple(audit(each, number) for number, each in enumerate(told["audits"], start=1))
    return Section("measured", "What was measured", (lead,), parts)


def audit(found: Json, number: int) -> Section:
    made_of = [
        ("Made", moment(found["made_at"])),
        ("Model", f"{say(found['model']['name'])}" if found["model"] else "predictions in the data"),
        ("Data", say(found["dataset"]["name"])),
        ("Policy", say(found["policy"])),
        ("SHA-256 of its evidence", found["sha256"]),
        ("SHA-256 of its report", found["report_sha256"]),
    ]
    blocks: list[Block] = [control(f"audit-{number}", "The audit", made_of), verdicts(found, number)]
    if found["measurements"]:
        blocks.append(figures(found, number))
    return Section(f"measured-{number}", say(found["title"]), tuple(blocks))


def plainly_named(m: Json) -> Json:
    """A disparity over the groups that a rule left in (its `over` names them) under the metric's plain name."""
    return m if m["over"] is None else {**m, "metric": m["metric"].rpartition("_min_n_")[0] or m["metric"]}


def verdicts(found: Json, number: int) -> Block:
    if not found["verdicts"]:
        return Paragraph("No rule was put to it.")
    rows = tuple(
        row(Cell(rule(each), id=say(each["rule"])), verdict(each), each["reason"]) for each in found["verdicts"]
    )
    heads = (Head("Rule"), Head("Verdict"), Head("Why"))
    return table(f"verdicts-{number}", "Rules and their verdicts", heads, [RowGroup(rows)], width="full")


def rule(each: Json) -> str:
    about = f" by {words.attribute(each['attribute'])}" if each["attribute"] else ""
    return f"{say(each['title'])}{about}"


def verdict(each: Json) -> Cell:
    tone: Any = each["outcome"]
    return Cell(words.OUTCOMES[tone], tone)


def figures(found: Json, number: int) -> Block:
    groups: dict[str, list[Any]] = {}
    for m in map(plainly_named, found["measurements"]):
        about = f": {words.group(m['group'])}" if m["group"] else ", over the groups with enough rows" * bool(m["over"])
        cells = (metric_cell(m["metric"], about), *figure_cells(m))
        by = (
            f"By {words.attribute(m['attribute'] or '*'.join(m['group']))}"
            if m["attribute"] or m["group"]
            else "Overall"
        )
        groups.setdefault(by, []).append(row(*cells))
    body = [RowGroup(tuple(rows), title) for title, rows in groups.items()]
    return table(
        f"figures-{number}", "The figures that verdicts rest on", (Head("Metric"), *FIGURE_HEADS), body, width="full"
    )
