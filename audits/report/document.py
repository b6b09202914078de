"""The report as one document, made from the audit's JSON and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from audits.report import words
from audits.report.blocks import Block, Document, FigureBlock, Section, TableBlock
from audits.report.evidence import SCHEMA, canonical_bytes, report_id
from audits.report.reading import Reading
from audits.report.sections import checks, cross_check, front, method, subject, summary
from audits.report.sections.fairness import fairness
from audits.report.sections.verdicts import every_verdict
from models.errors import InputError


def build_document(audit: Mapping[str, Any], evidence_sha256: str) -> Document:
    """Everything the report says, in order, with its numbers.

    `audit` is the JSON of `plumbline audit`, `evidence_sha256` the hash of its canonical bytes.
    Raises InputError for another schema or an audit that lacks a required part.
    """
    if audit.get("schema") != SCHEMA:
        raise InputError(f"this is no audit: its schema is {audit.get('schema')!r}, expected {SCHEMA!r}")
    missing = [key for key in ("inputs", "measurements", "verdicts", "provenance") if key not in audit]
    if missing:
        raise InputError(f"this audit is incomplete: it lacks {words.listed(missing)}")
    # keys in the order of the evidence, so that a report made again from it is the same report
    ordered = json.loads(canonical_bytes({key: value for key, value in audit.items() if key != "cube"}))
    return _document(Reading(ordered), evidence_sha256)


def _document(reading: Reading, evidence_sha256: str) -> Document:
    numbering = Numbering()
    page_one = numbering.of(summary.summary(reading))
    front_matter = [numbering.of(s) for s in (every_verdict(reading), front.document_control(reading, evidence_sha256))]
    sections = [numbering.of(s) for s in numbered(_sections(reading, evidence_sha256))]
    return Document(
        id=report_id(evidence_sha256),
        title=f"Audit of {reading.named}",
        heading=page_one.title,
        lede=summary.lede(reading),
        running=words.short(f"Audit of {reading.named}", 60),
        date=reading.date,
        created=f"{reading.started:%Y-%m-%dT%H:%M:%SZ}",
        evidence_sha256=evidence_sha256,
        version=words.clean(reading.provenance.get("version")),
        summary=page_one,
        front=tuple(front_matter),
        sections=tuple(sections),
        keywords=("audit", "fairness", "performance", report_id(evidence_sha256)),
    )


def _sections(reading: Reading, evidence_sha256: str) -> list[Section]:
    return [
        subject.system(reading),
        subject.data(reading),
        checks.performance(reading),
        fairness(reading),
        checks.explanation(reading),
        *checks.further(reading),
        cross_check.cross_check(reading),
        method.limitations(reading),
        method.method(reading),
        method.provenance(reading),
        method.checking(evidence_sha256),
    ]


def numbered(sections: Sequence[Section], prefix: str = "") -> list[Section]:
    """1, 1.1, 2 … as the contents list them."""
    return [
        replace(s, number=f"{prefix}{i}", sections=tuple(numbered(s.sections, f"{prefix}{i}.")))
        for i, s in enumerate(sections, start=1)
    ]


def unnumbered(section: Section) -> Section:
    """The section without numbers, for a page that shows some sections only."""
    blocks = tuple(replace(b, number=0) if isinstance(b, TableBlock | FigureBlock) else b for b in section.blocks)
    return replace(section, number="", blocks=blocks, sections=tuple(unnumbered(s) for s in section.sections))


class Numbering:
    """Tables and figures are numbered through the whole document."""

    def __init__(self) -> None:
        self._tables, self._figures = count(1), count(1)

    def of(self, section: Section) -> Section:
        blocks = tuple(self._block(block) for block in section.blocks)
        return replace(section, blocks=blocks, sections=tuple(self.of(s) for s in section.sections))

    def _block(self, block: Block) -> Block:
        if isinstance(block, TableBlock):
            return replace(block, number=next(self._tables))
        return replace(block, number=next(self._figures)) if isinstance(block, FigureBlock) else block
