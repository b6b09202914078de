"""The child's side of making a report: its text came from users, so the engine runs in the sandbox too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audits.measure.check import Progress
from audits.report.document import build_document
from audits.report.evidence import canonical_bytes, sha256
from audits.report.html import drawings
from audits.report.pdf import render_pdf

REPORT, EVIDENCE, FIGURES = "report.pdf", "evidence.json", "figures.json"


def render_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """Write output/report.pdf, output/evidence.json and output/figures.json (each figure's SVG by its id, for pages)
    from the audit's JSON in inputs["audit"]; inputs["signature"], where it is given, is attached to the report."""
    audit = json.loads(inputs["audit"].read_text("utf-8"))
    progress(0.1, "Writing the report")
    evidence = canonical_bytes(audit)
    (output / EVIDENCE).write_bytes(evidence)
    (output / REPORT).write_bytes(render_pdf(audit, read_signature(inputs)))
    (output / FIGURES).write_text(json.dumps(drawings(build_document(audit, sha256(evidence)))), "utf-8")
    return {"report": REPORT, "evidence": EVIDENCE, "figures": FIGURES}


def read_signature(inputs: dict[str, Path]) -> bytes | None:
    return inputs["signature"].read_bytes() if "signature" in inputs else None
