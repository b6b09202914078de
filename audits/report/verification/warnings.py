"""Warnings of the evidence against those that follow from it, and the rows that it says were read and used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from audits.report.verification.findings import Findings

Json = Mapping[str, Any]


def check_warnings(audit: Json, again: Sequence[str], findings: Findings) -> None:
    """Each warning that follows from cube, parameters and dropped rows is there, and no other but of the model."""
    from audits.run.warnings import ORDER_ASSUMED

    printed, recomputed = Counter(audit.get("warnings") or []), Counter(again)
    by_model = bool((audit["provenance"].get("parameters") or {}).get("model"))
    for sentence in (printed - recomputed).elements():
        if by_model and str(sentence).startswith(ORDER_ASSUMED):
            findings.leave("warning: the order of the model's columns", "needs the model, which is not in the report")
        else:
            findings.differ("warning", sentence, None)
    for sentence in (recomputed - printed).elements():
        findings.differ("warning", None, sentence)
    if not recomputed - printed:
        findings.agrees(f"the {len(again)} warnings that follow from the evidence")


def check_rows(audit: Json, findings: Findings) -> None:
    """Rows read are those used and those dropped, and those of the first input."""
    data = audit.get("data")
    if not data:
        return
    counted = data["rows_used"] + sum(data["dropped"].values())
    findings.compare("rows are those used and those dropped", data["rows"], counted)
    findings.compare("rows are those of the first input", audit["inputs"][0]["rows"], data["rows"])
