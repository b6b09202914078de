"""The child's side of making a report: its text came from users, so the engine runs in the sandbox too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audits.measure.check import Progress
from audits.report.evidence import canonical_bytes
from audits.report.pdf import render_pdf

REPORT, EVIDENCE = "report.pdf", "evidence.json"


def render_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """Write output/report.pdf and output/evidence.json from the audit's JSON in inputs["audit"]."""
    audit = json.loads(inputs["audit"].read_text("utf-8"))
    progress(0.1, "Writing the report")
    (output / EVIDENCE).write_bytes(canonical_bytes(audit))
    (output / REPORT).write_bytes(render_pdf(audit))
    return {"report": REPORT, "evidence": EVIDENCE}
