"""Limitations, method and provenance: what the figures cannot say, how they came about, how to check them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from audits.report import numbers, words
from audits.report.blocks import Block, Bullets, Cell, Code, Head, Paragraph, Row, RowGroup, Section, TableBlock
from audits.report.evidence import NAME
from audits.report.reading import Reading
from audits.report.sections.summary import not_assessed
from audits.report.tables import control

Json = Mapping[str, Any]
COMPARISONS = re.compile(r"corrected for \d+ comparisons")
INTERVALS = (
    "A rate has Wilson's 95% interval; with sampling weights, one by linearised variance. (Wilson, JASA 22, 1927)",
    (
        "Two groups are compared by Newcombe's interval for a difference and by Miettinen and Nurminen's for a ratio. "
        "(Newcombe, Statistics in Medicine 17, 1998; Miettinen and Nurminen, Statistics in Medicine 4, 1985)"
    ),
    (
        "An extreme over groups (largest difference, smallest ratio) is bounded away from equality by the furthest "
        "pairwise 95% limit, and towards equality by the furthest pairwise limit at a level corrected for the number "
        "of comparisons."
    ),
    (
        "ROC AUC has Wilson's interval at the effective size of DeLong's variance; mean losses have Student's limits; "
        "of the calibration error the bias is taken off. (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988)"
    ),
    "A rule on a rate near 0 or 1 decides by the exact binomial limit, which its verdict then prints.",
)


def limitations(reading: Reading) -> Section:
    items = (*reading.warnings, *not_assessed(reading))
    lead = Paragraph("What this report does not say, and what to keep in mind when reading it.")
    return Section("limitations", "Limitations", (lead, Bullets(items)))


def method(reading: Reading) -> Section:
    sections = [
        Section("metrics", "Metrics", (_metrics(reading),)),
        Section("intervals", "Intervals", (Bullets(INTERVALS), _methods(reading))),
    ]
    rules = reading.policy.get("rules") or []
    if rules:
        sections.append(Section("rules", "Rules and where they come from", (_rules(reading, rules),)))
    lead = Paragraph(
        "The rows were read once and counted by group, true value and prediction; every figure of fairness and "
        "performance is arithmetic on those counts, which travel inside this report as the cube."
    )
    return Section("method", "Method", (lead,), tuple(sections))


def _metrics(reading: Reading) -> TableBlock:
    names = list(dict.fromkeys(m["metric"] for m in reading.measurements))
    rows = tuple(_metric(name) for name in names)
    heads = (Head("Metric"), Head("Formula"), Head("Source"))
    return TableBlock(
        "metrics-table", "What was measured, and by which formula", heads, (RowGroup(rows),), width="full"
    )


def _methods(reading: Reading) -> TableBlock:
    """Each interval method that was used, as the evidence names it, and for what."""
    used: dict[str, dict[str, None]] = {}
    for m in reading.measurements:
        if m["interval"]:
            name = COMPARISONS.sub("corrected for the number of comparisons", words.clean(m["interval"]["method"]))
            used.setdefault(name, {})[words.plain(m["metric"]).title] = None
    rows = tuple(Row((Cell(words.sentence(name)), Cell(words.listed(list(of))))) for name, of in used.items())
    heads = (Head("Method"), Head("Used for"))
    return TableBlock("methods-table", "Interval methods as used here", heads, (RowGroup(rows),), width="full")


def _metric(name: str) -> Row:
    entry = words.entry(name)
    title = f"{words.plain(name).title} ({name})"
    return Row((Cell(title), Cell(entry.formula if entry else ""), Cell(entry.source if entry else "")))


def _rules(reading: Reading, rules: list[Json]) -> TableBlock:
    rows = []
    for rule in rules:
        metric = str(rule.get("metric", ""))
        at = "at_least" if rule.get("at_least") is not None else "at_most"
        asks = f"{words.plain(metric).title} {at.replace('_', ' ')} {words.limit(metric, rule.get(at))}"
        if rule.get("attribute"):
            asks += f", by {words.attribute(rule['attribute'])}"
        if rule.get("groups"):
            asks += ", for every group"
        if rule.get("min_n"):
            asks += f"; groups under {numbers.count(rule['min_n'])} are set aside"
        if rule.get("waived_until"):
            asks += f"; waived until {words.clean(rule['waived_until'])}"
        rows.append(
            Row(
                (
                    Cell(words.clean(rule.get("id", ""))),
                    Cell(asks),
                    Cell(words.clean(rule.get("source") or "not given")),
                )
            )
        )
    name = words.clean(reading.policy.get("name") or "the policy")
    heads = (Head("Rule"), Head("Asks"), Head("Source"))
    return TableBlock("rules-table", f"Rules of {name}", heads, (RowGroup(tuple(rows)),), width="full")


def provenance(reading: Reading) -> Section:
    p = reading.provenance
    rows = [
        ("Plumbline", words.clean(p.get("version"))),
        ("Started", words.clean(p.get("started"))),
        ("Seed", words.clean(p.get("seed"))),
    ]
    libraries = [(words.clean(name), words.clean(version)) for name, version in (p.get("libraries") or {}).items()]
    blocks: list[Block] = [_inputs(reading), control("provenance-table", "How it was made", rows)]
    given = [(words.clean(k), _value(v)) for k, v in sorted(reading.parameters.items()) if _is_set(v)]
    if given:
        blocks.append(control("parameters", "Parameters that were set", given))
    if libraries:
        blocks.append(control("libraries", "Libraries", libraries, ("Library", "Version")))
    return Section("provenance", "Provenance", tuple(blocks))


def _is_set(value: Any) -> bool:
    return value is not None and value is not False and value != [] and value != {}


def _value(value: Any) -> str:
    return words.clean(value) if isinstance(value, str) else words.clean(json.dumps(value, ensure_ascii=False))


def _inputs(reading: Reading) -> TableBlock:
    rows = tuple(
        Row(
            (
                Cell(words.clean(i["name"] + (f", read at {i['from']}" if i.get("from") else ""))),
                Cell("" if i.get("rows") is None else numbers.count(i["rows"])),
                Cell(words.clean(i["sha256"])),
            )
        )
        for i in reading.audit["inputs"]
    )
    heads = (Head("File"), Head("Rows", "number"), Head("SHA-256", "code"))
    return TableBlock("inputs", "What was read", heads, (RowGroup(rows),), width="full")


def checking(evidence_sha256: str) -> Section:
    """How anybody can check the report, and the hash that ties its pages to its evidence."""
    blocks: tuple[Block, ...] = (
        Paragraph(
            f"The attached {NAME} holds everything this report is made of: the counts, the rules, the parameters and "
            "every figure. With the report alone, offline, this command computes the figures, intervals and verdicts "
            "again and compares these pages with them:"
        ),
        Code("plumbline verify report.pdf"),
        Paragraph(f"The SHA-256 of {NAME} is"),
        Code(evidence_sha256),
    )
    return Section("checking", "How to check this report", blocks)
