"""The risk report: stamped until it is approved, inert whatever people wrote, and checked from nothing but itself."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from audits.report.evidence import canonical_bytes, sha256
from audits.report.pdf import write_pdf
from audits.report.verification.findings import Findings
from audits.report.verification.parts import page_texts, read_parts
from audits.report.verify import verify_report
from audits.run.audit import Material, run_audit
from audits.run.parameters import Parameters
from governance.frameworks.requirements import framework
from governance.incidents.models import Link
from governance.law import questionnaire
from governance.law.applies import applying
from governance.law.classify import classify
from governance.reports import verify
from governance.reports.audited import audited
from governance.reports.counting import risks_by_level
from governance.reports.document import attached, build_document
from governance.reports.heat import heat
from governance.reports.open_points import what_follows
from governance.reports.page_one import serious
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


def decision(told: Json, signed: Json) -> None:
    signed["decision"] = "Without conditions."


def moment(told: Json, signed: Json) -> None:
    signed["approved_at"] = "2026-11-20T12:00:00+00:00"


def author(told: Json, signed: Json) -> None:
    told["authors"].clear()


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
        (decision, "the trail's entry of the approval: the decision"),
        (moment, "the trail's entry of the approval: when"),
        (author, "what was signed: authors"),
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


def a_count(evidence: Json) -> None:
    evidence["cube"]["sets"][-1]["cells"]["n"][0] += 1


def a_value(evidence: Json) -> None:
    evidence["measurements"][0]["value"] = 0.123


def a_verdict(evidence: Json) -> None:
    evidence["verdicts"][0]["outcome"] = "pass"
    evidence["verdicts"][0]["reason"] = "It is fair."


@pytest.mark.parametrize(
    ("change", "named"), [(a_value, ": value"), (a_verdict, "verdict "), (a_count, "audit 1 (Audit of scores): ")]
)
def test_a_changed_figure_or_verdict_of_an_audit_is_named_even_where_all_hashes_were_made_again(
    evidence: Json, change: Callable[[Json], None], named: str
) -> None:
    """Who owns every file can make up hashes, but not figures that come out of the counts."""
    forged = copy.deepcopy(evidence)
    change(forged)
    found = Findings()
    verify.check_audits(told(forged), {sha256(canonical_bytes(forged)): forged}, found)
    assert any(named in each.what for each in found.differs), found.differs


def test_an_audit_whose_evidence_was_swapped_is_named(report: Json) -> None:
    changed = copy.deepcopy(report)
    a_value(next(iter(changed["audits"].values())))
    found = Findings()
    verify.check_audits(changed["snapshot"], changed["audits"], found)
    assert "audit 1 (Audit of scores): SHA-256 of its evidence" in [each.what for each in found.differs]


def test_an_audit_whose_evidence_is_left_out_is_listed_as_not_computed(report: Json) -> None:
    found = Findings()
    verify.check_audits(report["snapshot"], {}, found)
    assert [each.what for each in found.not_recomputed] == ["audit 1 (Audit of scores): its figures"]


def test_a_draft_from_which_the_stamp_was_taken_is_named(evidence: Json, tmp_path: Path) -> None:
    draft = report_in("in review", evidence)
    content = canonical_bytes(draft)
    unmarked = replace(build_document(draft, sha256(content)), mark="", status="Approved")
    path = tmp_path / "report.pdf"
    path.write_bytes(write_pdf(unmarked, content, ABOUT))
    found = verify_report(path)
    assert found.result == "differs"
    assert any("DRAFT" in str(each.recomputed) for each in found.differs), found.differs


def test_an_attachment_that_was_swapped_is_named(report: Json, tmp_path: Path) -> None:
    changed = copy.deepcopy(report)
    risk(changed["snapshot"], changed["sign_off"])
    path = tmp_path / "report.pdf"
    document = build_document(report, sha256(canonical_bytes(report)))
    path.write_bytes(write_pdf(document, canonical_bytes(changed), ABOUT))
    said = [each.what for each in verify_report(path).differs]
    assert "SHA-256 of evidence.json as printed on the pages" in said
    assert any(each.startswith("what was signed: risks[0]") for each in said), said


def test_a_class_that_was_recorded_in_other_words_still_verifies(report: Json) -> None:
    """By an earlier version of Plumbline, that is; a changed answer is named all the same."""
    other = copy.deepcopy(report["snapshot"])
    other["classification"]["result"]["reasoning"][0]["says"] = "In other words."
    found = Findings()
    verify.check_class(other, report["sign_off"], found)
    assert found.differs == []
    assert "the words of the reasoning" in [each.what for each in found.not_recomputed]


def test_a_class_by_a_text_of_the_law_that_is_not_held_is_left_and_printed(report: Json) -> None:
    other = copy.deepcopy(report["snapshot"])
    other["law"]["version"] = other["classification"]["law_version"] = "consolidated 2031-01-01"
    other["classification"]["result"]["overlays"] = ["SOMETHING_OF_2031"]
    found = Findings()
    verify.check_class(other, report["sign_off"], found)
    assert [each.what for each in found.not_recomputed] == ["the class"]
    signed_again = signed(other)
    assert "2031" in build_document(attached(other, signed_again, report["audits"]), "0" * 64).lede


def test_the_file_is_tagged_and_its_tables_say_what_their_heads_head(pdf: Path) -> None:
    with pikepdf.open(pdf) as found:
        assert found.Root.MarkInfo.Marked
        assert str(found.Root.Lang) == "en"
        heads = [each for each in found.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/TH"]
        assert heads
        assert all("/Scope" in each.A for each in heads)
        metadata = found.Root.Metadata.read_bytes()
    assert b"pdfaid" in metadata
    assert b"pdfuaid" in metadata


def test_a_word_without_end_is_printed_whole_and_soon(evidence: Json) -> None:
    """Fitted into a column as one word it would take the engine minutes."""
    snapshot = told(evidence)
    snapshot["risks"][0]["cause"] = "x" * 10_000
    pages = page_texts(render(attached(snapshot, signed(snapshot), {})))
    assert "".join("".join(page.split()) for page in pages).count("x" * 30) > 300


def test_a_long_text_does_not_leave_a_page_near_empty_before_it(evidence: Json) -> None:
    snapshot = told(evidence)
    snapshot["risks"][0]["cause"] = "The clients change and the model does not notice. " * 120
    pages = list(page_texts(render(attached(snapshot, signed(snapshot), {}))))
    where = next(number for number, page in enumerate(pages) if "Likelihood and severity are judged" in page)
    assert min(map(len, pages[where:-1])) > 1000, [len(page) for page in pages]


def test_a_point_of_a_statement_of_which_nothing_is_said_is_shown_and_listed(evidence: Json) -> None:
    snapshot = told(evidence)
    points = [
        {
            "id": f"art-27-1-{letter}",
            "ref": f"Article 27(1)({letter})",
            "title": "A point",
            "text": text,
            "source": None,
        }
        for letter, text in (("a", "Every Monday."), ("b", ""), ("c", ""))
    ]
    snapshot["statements"] = [{"kind": "fria", "title": "Impact assessment", "number": 1, "points": points,
                               "author": "Ines", "at": f"{DAY}T09:00:00+00:00"}]  # fmt: skip
    said = "Impact assessment: nothing is said of Article 27(1)(b), Article 27(1)(c)."
    assert said in what_follows(snapshot)
    snapshot["not_assessed"]["follows"] = what_follows(snapshot)
    text = " ".join(page_texts(render(attached(snapshot, signed(snapshot), {}))))
    assert text.count("Nothing is said.") == 2


def test_a_group_that_was_left_out_is_named_with_its_attribute() -> None:
    """`other` is a group of several attributes."""
    verdict = {"rule": "four-fifths[education]", "outcome": "inconclusive", "reason": "", "measurements": [],
               "not_assessed": [{"education": "other"}, {"marriage": "other"}]}  # fmt: skip
    hidden = {"id": "M-1", "group": {"age_band": "under 30", "sex": "male"}, "reason": "suppressed"}
    found = audited({"policy": {}, "verdicts": [verdict], "measurements": [hidden], "checks": []})
    assert found["verdicts"][0]["not_assessed"] == ["education other", "marriage other"]
    assert found["hidden_groups"] == ["age band under 30 × sex male"]


def test_an_incident_that_the_system_did_not_cause_is_no_serious_one() -> None:
    incidents = [
        {"kinds": kinds, "link": Link(link).label, "closed_at": None}
        for kinds, link in ((["A person died"], "excluded"), (["A person died"], "unknown"), ([], "established"))
    ]
    assert serious({"incidents": incidents}) == "1, 1 of them open"


def test_a_dismissed_or_closed_risk_stands_in_no_count(evidence: Json) -> None:
    snapshot = told(evidence)
    for state in ("closed", "dismissed"):
        snapshot["risks"][0] |= {"state": state, "closing": "It is none."}
        assert risks_by_level(snapshot, "before") == {}
        assert heat(snapshot) == ()


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
