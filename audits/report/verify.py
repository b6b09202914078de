"""Checks a report with nothing but the report: its hash, its figures, its verdicts, its pages.

Whatever is a function of the cube is computed again. What is not is listed, with why. The report is a stranger's file:
the command runs this in the sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from audits.measure.check import Progress, quiet
from audits.report.evidence import NAME, SCHEMA, canonical_bytes, sha256
from audits.report.pdf import render_pdf
from audits.report.signature import check_signature
from audits.report.verification.figures import check_cross_check, check_figures, check_tables
from audits.report.verification.findings import Findings
from audits.report.verification.pages import check_pages, printed_hash
from audits.report.verification.parts import NotAReport, Parts, read_parts
from audits.report.verification.trail import check_trail, is_trail
from audits.report.verification.warnings import check_rows, check_warnings

VERIFIERS = "plumbline.verifiers"
Verifier: TypeAlias = Callable[[dict[str, Any], Parts, Progress], Findings]
PARTS = {"inputs": list, "measurements": list, "verdicts": list, "cube": dict, "provenance": dict}
NOT_IN_THE_CUBE = (
    ("subject", "the description of the system", "it is a statement of its owner"),
    ("data", "the columns and labels of the data", "needs the data, which are not in the report"),
    ("inputs", "the hashes of the inputs", "needs the files; compare them with sha256sum"),
)


def verify_report(report: Path, progress: Progress = quiet, trusted: Collection[str] = ()) -> Findings:
    """Everything that can be checked offline, of an exported trail too; `trusted` are the fingerprints of the keys of
    which one has to have signed it. Never raises for a bad report: the findings say what is wrong with it."""
    if is_trail(report):
        return check_trail(report, trusted)
    try:
        progress(0.05, "Reading the report")
        parts = read_parts(report)
        evidence = read_json(parts.evidence)
        findings = (other_kind(evidence) or verify_audit)(evidence, parts, progress)
    except NotAReport as error:
        return Findings(reason=str(error))
    check_signature(parts.evidence, parts.signature, trusted, findings)
    return findings


def verify_audit(evidence: Any, parts: Parts, progress: Progress) -> Findings:
    """Raises NotAReport for what is no audit."""
    audit = checked_audit(evidence)
    findings = Findings()
    check_hash(parts, audit, findings)
    progress(0.2, "Computing the figures again")
    check_evidence(audit, findings)
    progress(0.6, "Making the pages again")
    _check_pages(audit, parts, findings)
    return findings


def verify_task(payload: dict[str, Any], inputs: dict[str, Path], _output: Path, progress: Progress) -> dict[str, Any]:
    """The same as a task of the sandbox: `inputs["report"]` is the PDF, `payload["trusted"]` are fingerprints, the
    result is the findings' JSON."""
    return verify_report(inputs["report"], progress, payload["trusted"]).to_json()


def other_kind(evidence: Any) -> Verifier | None:
    """What verifies another kind of report, by the schema that its evidence names: the entry-point group
    plumbline.verifiers, whose names are the schemas' without their versions. None for an audit and for the unknown."""
    from importlib.metadata import entry_points

    schema = evidence.get("schema") if isinstance(evidence, dict) else None
    found = entry_points(group=VERIFIERS, name=schema.partition("/")[0]) if isinstance(schema, str) else ()
    return next((each.load() for each in found), None)


def read_evidence(content: bytes) -> dict[str, Any]:
    """The evidence as an audit. Raises NotAReport for whatever no audit is."""
    return checked_audit(read_json(content))


def read_json(content: bytes) -> Any:
    """Raises NotAReport for what we never write: NaN, doubled keys, bottomless nesting."""
    try:
        evidence = json.loads(content, parse_constant=_refuse, object_pairs_hook=_unique)
        canonical_bytes(evidence)
    except (ValueError, RecursionError) as error:
        raise NotAReport(f"{NAME} is no JSON that Plumbline writes: {str(error)[:200]}") from error
    return evidence


def checked_audit(audit: Any) -> dict[str, Any]:
    if not isinstance(audit, dict) or audit.get("schema") != SCHEMA:
        raise NotAReport(f"{NAME} is no audit: it does not name the schema {SCHEMA}")
    wrong = [key for key, kind in PARTS.items() if not isinstance(audit.get(key), kind)]
    if wrong:
        raise NotAReport(f"{NAME} lacks {', '.join(wrong)}")
    return audit


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return row


def check_hash(parts: Parts, evidence: dict[str, Any], findings: Findings) -> None:
    """The attachment's hash against the one that the pages print and the one in the metadata."""
    actual = sha256(parts.evidence)
    findings.compare(f"SHA-256 of {NAME} as printed on the pages", printed_hash(parts.pages), actual)
    findings.compare(f"SHA-256 of {NAME} in the metadata", parts.identifier, actual)
    findings.compare(f"{NAME} is written as Plumbline writes it", actual, sha256(canonical_bytes(evidence)))
    findings.compare("the number of attached files", parts.attachments, 1 if parts.signature is None else 2)


def check_evidence(audit: dict[str, Any], findings: Findings) -> None:
    """Everything of an audit's evidence that follows from its counts, computed again; what does not is listed."""
    from audits.run.recompute import recompute

    def compared() -> None:
        again = recompute(audit)
        check_figures(audit, again, findings)
        check_tables(audit, findings)
        check_warnings(audit, again["warnings"], findings)
        check_rows(audit, findings)
        check_cross_check(audit, findings)

    guarded("the evidence can be computed again", compared, findings)
    for key, what, why in NOT_IN_THE_CUBE:
        if audit.get(key):
            findings.leave(what, why)


def _check_pages(audit: dict[str, Any], parts: Parts, findings: Findings) -> None:
    guarded(
        "the pages can be made again from the evidence",
        lambda: check_pages(
            str(audit["provenance"].get("version")), parts, sha256(parts.evidence), partial(render_pdf, audit), findings
        ),
        findings,
    )


def guarded(what: str, check: Callable[[], None], findings: Findings) -> None:
    """Evidence may be of any shape inside its outer one, so that any error of reading it is a finding about it."""
    try:
        check()
    except Exception as error:
        findings.differ(what, None, f"{type(error).__name__}: {str(error)[:200]}")
