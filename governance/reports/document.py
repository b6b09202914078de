"""The risk report as one document, made from the attached JSON and nothing else."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from audits.report.blocks import Document
from audits.report.document import Numbering, numbered
from audits.report.evidence import canonical_bytes, report_id, sha256
from audits.report.words import short
from governance.reports import evidence_part, law_part, obligations_part, page_one, risks_part, sign_off
from governance.reports.schema import REPORT, SCHEMA
from governance.reports.text import day, say
from models.errors import InputError

Json = Mapping[str, Any]
SIGNED = ("approved", "superseded")


def attached(told: Json, signed: Json, audits: Json) -> dict[str, Any]:
    """What travels in the PDF: the assessment, the facts of its sign-off, and the evidence of its audits (their JSON)
    by its hash."""
    return {"schema": REPORT, "snapshot": dict(told), "sign_off": dict(signed), "audits": dict(audits)}


def build_document(report: Json, evidence_sha256: str) -> Document:
    """Everything the report says. `report` is what attached() gives, `evidence_sha256` the hash of its canonical bytes.

    Raises InputError for another schema.
    """
    if report.get("schema") != REPORT or report.get("snapshot", {}).get("schema") != SCHEMA:
        raise InputError(f"this is no risk assessment: its schema is {report.get('schema')!r}, expected {REPORT!r}")
    # keys in the order of the attachment
    told, signed = (json.loads(canonical_bytes(report[part])) for part in ("snapshot", "sign_off"))
    numbering = Numbering()
    first = numbering.of(page_one.summary(told, signed))
    front = numbering.of(sign_off.document_control(told, signed, evidence_sha256))
    sections = tuple(numbering.of(each) for each in numbered(parts(told, signed, report["audits"], evidence_sha256)))
    name = say(told["system"]["name"])
    draft = signed["state"] not in SIGNED
    return Document(
        id=report_id(evidence_sha256),
        title=f"Risk assessment of {name}",
        heading=first.title,
        lede=page_one.lede(told),
        running=short(f"Risk assessment of {name}", 60),
        date=day(told["assessment"]["as_of"]),
        created=made_at(told, signed),
        evidence_sha256=evidence_sha256,
        version=say(told["made_by"]),
        summary=first,
        front=(front,),
        sections=sections,
        keywords=("risk assessment", "AI Act", report_id(evidence_sha256)),
        status="Draft" if draft else "Approved",
        mark="DRAFT: not approved" if draft else "",
    )


def parts(told: Json, signed: Json, audits: Json, evidence_sha256: str) -> list[Any]:
    return [
        law_part.system(told),
        law_part.classification(told),
        obligations_part.obligations(told),
        evidence_part.measured(told),
        risks_part.risks(told),
        risks_part.statements(told),
        risks_part.incidents(told),
        sign_off.not_assessed(told),
        sign_off.sign_off(told, signed),
        sign_off.checking(told, signed, audits.keys(), evidence_sha256),
    ]


def made_at(told: Json, signed: Json) -> str:
    """When it was signed, or sent into review; else the day that it is for."""
    sent = told["sent"]["at"] if told["sent"] else None
    moment = signed["approved_at"] or sent or f"{told['assessment']['as_of']}T00:00:00+00:00"
    return f"{dt.datetime.fromisoformat(moment).astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def with_hash(report: Json) -> Document:
    return build_document(report, sha256(canonical_bytes(report)))
