"""What stands before the contents: the document control table."""

from __future__ import annotations

from audits.report import numbers, words
from audits.report.blocks import Section
from audits.report.evidence import report_id
from audits.report.reading import Reading
from audits.report.tables import control


def document_control(reading: Reading, evidence_sha256: str) -> Section:
    rows = (
        ("Report", report_id(evidence_sha256)),
        ("Status", "Draft, not signed"),
        ("System", reading.named),
        ("Owner", _known(reading.subject.get("owner"))),
        ("Audit made", f"{reading.date}, {reading.started:%H:%M} UTC"),
        ("Data", _data(reading)),
        ("Policy", _known(reading.policy.get("name"))),
        ("Made by", f"Plumbline {words.clean(reading.provenance.get('version'))}"),
        ("Evidence", "evidence.json, attached to the PDF; its hash is in “How to check this report”"),
    )
    return Section("control", "Document control", (control("control-table", "Document control", rows),))


def _known(value: object) -> str | None:
    return None if value is None else words.clean(value)


def _data(reading: Reading) -> str | None:
    name = reading.data.get("name")
    if name is None:
        return None
    used, rows = reading.data.get("rows_used"), reading.data.get("rows")
    stood = f", standing for {numbers.count(reading.data['stands_for'])}" if "stands_for" in reading.data else ""
    return f"{words.clean(name)}, {numbers.count(used)} of {numbers.count(rows)} rows used{stood}"
