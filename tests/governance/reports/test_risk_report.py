"""The risk report: stamped until it is approved, inert whatever people wrote, and checked from nothing but itself."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from audits.report.evidence import canonical_bytes, sha256
from audits.report.pdf import write_pdf
from audits.report.verification.findings import Findings
from audits.report.verification.parts import page_texts, read_parts
from audits.report.verify import verify_report
from audits.run.audit import Material, run_audit
from audits.run.parameters import Parameters
from governance.frameworks.requirements import framework
from governance.law import questionnaire
from governance.law.applies import applying
from governance.law.classify import classify
from governance.reports import verify
from governance.reports.audited import audited
from governance.reports.document import attached, build_document
from governance.reports.open_points import what_follows
from governance.reports.pieces import pieces
from governance.reports.schema import SCHEMA
from governance.reports.task import ABOUT, render
from tests.governance.systems.answered import answered

Json = dict[str, Any]
DAY = "2026-11-21"
HTML = '<script>alert(1)</script> & "quotes" {{ 7*7 }}'


def made_audit(folder: Path) -> Json:
    """A real audit of a small table."""
    rows = [f"{i % 2},{'female' if i % 3 else 'male'},{int(i % 5 > 1)}" for i in range(240)]
    data = folder / "people.csv"
    data.write_text("\n".join(["label,sex,prediction", *rows]) + "\n")
    asked = Parameters(sensitive=("sex",), label="label", prediction="prediction")
    return json.loads(canonical_bytes(run_audit(asked, Material(data=data, name=HTML, subject={"name": HTML}))))


def told(evidence: Json) -> Json:
    """A small assessment, of a system whose class brings few obligations, with one audit."""
    facts = questionnaire.facts(answered("MINIMAL"))
    assert facts is not None
    found = classify(facts, dt.date.fromisoformat(DAY))
    result = found.as_json() | {"facts": json.loads(json.dumps(asdict(facts), default=str))}
    audit = {
        "id": "1", "title": "Audit of scores", "made_at": f"{DAY}T10:00:00+00:00",
        "sha256": sha256(canonical_bytes(evidence)), "report_sha256": "b" * 64, "model": None,
        "dataset": {"name": "People version 1", "sha256": evidence["inputs"][0]["sha256"]}, "policy": "default",
        "verdict": "inconclusive", **audited(evidence),
    }  # fmt: skip
    whole = applying(found, facts.roles, dt.date.min)
    days = {each.id: day for each, day in whole.coming}
    days |= {each.requirement.id: each.date for each in whole.conditional}
    held = framework("eu-ai-act")
    said: Json = {
        "schema": SCHEMA, "made_by": "0.1.0", "organisation": "Acme Bank",
        "assessment": {"id": "2", "number": 1, "as_of": DAY, "summary": HTML},
        "authors": [{"id": 1, "name": "Ines"}], "sent": {"id": 1, "name": "Ines", "at": f"{DAY}T11:00:00+00:00"},
        "system": {"id": "3", "name": f"Scores {HTML}", "purpose": HTML, "stage": "In service", "placed_on": None,
                   "owner": None, "roles": [{"id": "provider", "title": "Provider"}]},
        "law": {"title": held.title, "version": held.version, "held_since": "2026-07-27",
                "source": {"name": "EUR-Lex", "url": "", "caveat": ""}},
        "classification": {
            "number": 1, "outcome": found.primary, "title": "Minimal risk", "as_of": DAY, "result": result,
            "law_version": found.law_version, "assessment": "", "author": "Ines",
            "recorded_at": f"{DAY}T09:00:00+00:00",
        },
        "answers": [{"id": "machine", "question": "Is it a machine?", "answer": ["Yes"], "why": HTML, "by": None,
                     "at": f"{DAY}T09:00:00+00:00"}],
        "frameworks": [{"id": held.id, "title": held.title, "version": held.version}],
        "obligations": [duty(id, day) for id, day in days.items()],
        "audits": [audit],
        "risks": [{
            "number": 1, "state": "accepted", "hazard": HTML, "cause": HTML, "affected": "", "rights": [],
            "before": {"likelihood": 4, "severity": 5}, "after": {"likelihood": 2, "severity": 2}, "owner": None,
            "measures": [{"text": HTML, "owner": None, "due_on": None, "done_on": None}], "accepted_by": "Karl",
            "accepted_at": f"{DAY}T09:00:00+00:00", "acceptance": "Rare now.", "closing": "", "audit": None, "rule": "",
        }],
        "proposals": [{"hazard": HTML, "figures": HTML, "audit": "Audit of scores", "outcome": "fail", "rule": HTML}],
        "statements": [], "incidents": [],
        "models": [{"id": "4", "name": "Scores version 1", "sha256": "c" * 64, "format": "onnx", "trained_on": None}],
        "datasets": [],
    }  # fmt: skip
    return said | {"not_assessed": {"own": f"Night shifts.\n{HTML}", "follows": what_follows(said)}}


def duty(id: str, day: dt.date | None) -> Json:
    return {
        "framework": "eu-ai-act", "requirement": id, "ref": id, "title": "Something", "binds_from": None,
        "when": "coming" if day and day.isoformat() > DAY else "now", "where": "", "state": "not started",
        "reason": "", "owner": None, "due_on": None, "accepted_by": None, "accepted_at": None, "law_version": "",
        "gap": "nothing supports it", "stale": [], "evidence": [],
    } | {"binds_from": day.isoformat() if day else None}  # fmt: skip


def signed(snapshot: Json, state: str = "approved") -> Json:
    is_draft = state == "draft"
    said: Json = {
        "state": state, "sha256": "" if is_draft else sha256(canonical_bytes(snapshot)),
        "approver": None if state != "approved" else 2, "approved_by": "Karl" if state == "approved" else "",
        "approved_for": "", "approved_at": f"{DAY}T12:00:00+00:00" if state == "approved" else None,
        "decision": HTML, "trail": None, "pieces": {} if is_draft else pieces(snapshot),
    }  # fmt: skip
    if state == "approved":
        facts = {
            "sequence": 7,
            "verb": "approved",
            "at": said["approved_at"],
            "actor": {"id": 2, "name": "Karl"},
            "object": {"id": snapshot["assessment"]["id"]},
            "facts": {"sha256": said["sha256"], "decision": HTML},
        }
        entry = json.dumps(facts)
        said["trail"] = {"sequence": 7, "hash": sha256(entry.encode()), "entry": entry}
    return said


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Json:
    return made_audit(tmp_path_factory.mktemp("audit"))


def report_in(state: str, evidence: Json) -> Json:
    snapshot = told(evidence) | ({"sent": None} if state == "draft" else {})
    return attached(snapshot, signed(snapshot, state), {sha256(canonical_bytes(evidence)): evidence})


@pytest.fixture(scope="module")
def report(evidence: Json) -> Json:
    return report_in("approved", evidence)


@pytest.fixture(scope="module")
def pdf(report: Json, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("risk") / "report.pdf"
    path.write_bytes(render(report))
    return path


def test_an_approved_report_is_verified_by_itself(pdf: Path) -> None:
    found = verify_report(pdf)
    assert found.result == "verified", found.differs
    said = {each.what for each in found.checked}
    assert "SHA-256 of what was sent into review and signed" in said
    assert "the class, its reasoning and what follows, walked again from the facts" in said
    assert "no author approved it, nor who stood in for one" in said
    assert "audit 1 (Audit of scores): SHA-256 of its evidence" in said
    assert "audit 1 (Audit of scores): the verdicts and figures that the assessment tells" in said
    figures = [what for what in said if what.startswith("audit 1 (Audit of scores): measurement M-")]
    assert len(figures) > 20, "each figure of the audit is computed again from its counts"
    assert "how all pages look" in said


def test_what_people_wrote_is_text_and_the_file_does_nothing(pdf: Path) -> None:
    parts = read_parts(pdf)
    assert "<script>alert(1)</script>" in " ".join(" ".join(page.split()) for page in parts.pages)
    assert "{{ 7*7 }}" in parts.pages[0]
    assert (parts.annotations, parts.actions, parts.attachments) == ((), (), 1)
    assert not any("DRAFT: not approved" in page for page in parts.pages)
    assert "Signed by Karl" in parts.pages[0]
    assert "Night shifts." in parts.pages[0]


@pytest.mark.parametrize("state", ["draft", "in review"])
def test_before_approval_every_page_bears_draft(state: str, evidence: Json) -> None:
    pages = list(page_texts(render(report_in(state, evidence))))
    assert len(pages) > 3
    assert all("DRAFT: not approved" in page for page in pages)


def figure(told: Json, signed: Json) -> None:
    told["audits"][0]["measurements"][0]["value"] = 0.35


def risk(told: Json, signed: Json) -> None:
    told["risks"][0]["after"]["severity"] = 1


def class_(told: Json, signed: Json) -> None:
    told["classification"]["outcome"] = "OUT_OF_SCOPE"


def reasoning(told: Json, signed: Json) -> None:
    told["classification"]["result"]["reasoning"][0]["answer"] = "no"


def obligation(told: Json, signed: Json) -> None:
    told["obligations"].pop()


def left_out(told: Json, signed: Json) -> None:
    told["not_assessed"]["follows"].pop()


def approver(told: Json, signed: Json) -> None:
    signed["approver"] = 1


def name(told: Json, signed: Json) -> None:
    signed["approved_by"] = "Somebody Else"


def head(told: Json, signed: Json) -> None:
    signed["trail"]["hash"] = "f" * 64


def unsigned(told: Json, signed: Json) -> None:
    signed["trail"] = None


HASH = "SHA-256 of what was sent into review and signed"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (figure, "what was signed: audits[0].measurements[0]"),
        (risk, "what was signed: risks[0]"),
        (name, "the trail's entry of the approval: who approved"),
        (head, "the trail's entry of the approval has the printed hash"),
        (class_, "the class that the report names"),
        (reasoning, "the class: reasoning[0].answer"),
        (obligation, "from when it applies"),
        (left_out, "what was not assessed, as it follows from the rest"),
        (approver, "no author approved it"),
        (unsigned, "an approval stands where it is approved"),
    ],
)
def test_what_was_changed_is_named(report: Json, change: Callable[[Json, Json], None], named: str) -> None:
    changed = copy.deepcopy(report)
    change(changed["snapshot"], changed["sign_off"])
    found = Findings()
    for check in verify.CHECKS.values():
        check(changed["snapshot"], changed["sign_off"], found)
    said = [each.what for each in found.differs]
    assert any(named in what for what in said), said
    if changed["snapshot"] != report["snapshot"]:
        assert HASH in said


def test_pages_that_say_something_else_than_what_is_attached_are_named(report: Json, tmp_path: Path) -> None:
    """The figure is changed on the page, and the class with it; the attachment is the true one."""
    changed = copy.deepcopy(report)
    figure(changed["snapshot"], changed["sign_off"])
    changed["snapshot"]["classification"]["title"] = "Not an AI system"
    evidence = canonical_bytes(report)
    path = tmp_path / "report.pdf"
    path.write_bytes(write_pdf(build_document(changed, sha256(evidence)), evidence, ABOUT))
    found = verify_report(path)
    assert found.result == "differs"
    printed = [str(each.printed) for each in found.differs]
    assert any(each.what.startswith("page 1,") for each in found.differs)
    assert any("35" in each for each in printed), printed


def test_another_version_of_the_report_is_refused_in_words(report: Json, tmp_path: Path) -> None:
    evidence = canonical_bytes(report | {"schema": "plumbline.risk-report/9"})
    path = tmp_path / "report.pdf"
    path.write_bytes(write_pdf(build_document(report, sha256(evidence)), evidence, ABOUT))
    found = verify_report(path)
    assert found.result == "not_a_report"
    assert found.reason is not None
    assert "reads plumbline.risk-report/1, and the report is plumbline.risk-report/9" in found.reason
