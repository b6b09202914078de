"""The child's side of making a risk report: its text came from users, so the engine runs in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audits.measure.check import Progress
from audits.report.evidence import canonical_bytes, sha256
from audits.report.pdf import write_pdf
from audits.report.task import read_signature
from governance.reports.document import build_document

PDF = "report.pdf"
ABOUT = "The risk assessment as JSON, with the facts of its sign-off"


def render(report: Mapping[str, Any], signature: bytes | None = None) -> bytes:
    """The report's PDF, with the signature of its evidence attached; the same report gives the same bytes."""
    evidence = canonical_bytes(report)
    return write_pdf(build_document(report, sha256(evidence)), evidence, ABOUT, signature)


def render_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """Write output/report.pdf from the JSON in inputs["report"], with inputs["signature"] where it is given."""
    progress(0.1, "Writing the report")
    report = json.loads(inputs["report"].read_text("utf-8"))
    (output / PDF).write_bytes(render(report, read_signature(inputs)))
    return {"report": PDF}
