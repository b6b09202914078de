"""A compliance officer's day by program, on a running service; what is for people alone is done by who signs in."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from plumbline_client.client import Client
from plumbline_client.desk import Assessment, Evidence, Obligation, System
from plumbline_client.errors import InvalidInput, Problem
from tests.client.conftest import SCRIPT, Service

SHEET = """name,purpose,owner,stage,placed_on,roles
Credit scoring,Estimates who will pay a loan back; a clerk decides.,officer@sample.example,in service,2025-03-03,"provider, deployer"
Hiring,Ranks applicants.,,development,,deployer
Chatbot,Answers questions of clients.,,in service,2026-01-31,deployer
"""  # noqa: E501
ANSWERS = {
    "object": "system", "machine": "yes", "how": "learned", "autonomy": "yes", "influence": "yes",
    "nexus": ["market", "deployer"], "excluded": "none", "practices": ["none"], "product-act": "none",
    "areas": ["services"], "uses-services": ["5-b"], "only-fraud": "no", "personal-data": "yes", "evaluates": "yes",
    "shows": ["none"], "open-source": "no", "roles": ["provider", "deployer"], "deployer-kind": ["none"],
}  # fmt: skip
SCOPES = ("read", "register", "run", "govern")
NOBODY = "6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10"
PATIENCE = 120


class SignedIn:
    """A person of the sample organisation in a browser's session, for what no token does."""

    def __init__(self, service: Service, role: str) -> None:
        said = next(line for line in service.output if line.startswith(f"{role}@"))
        email, password = said.split()
        self.http = httpx.Client(base_url=service.address, timeout=60)
        page = self.http.get("/sign-in/")
        secret = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert secret
        form = {"username": email, "password": password, "csrfmiddlewaretoken": secret[1]}
        assert self.http.post("/sign-in/", data=form).status_code == 302

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        secret = {"X-CSRFToken": self.http.cookies["csrftoken"]}
        answer = self.http.post(f"/api/v1{path}", json=body, headers=secret | headers)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def officer(service: Service) -> Iterator[Client]:
    options = [word for scope in SCOPES for word in ("--scope", scope)]
    with Client(service.address, service.token(*options, email="officer@sample.example")) as client:
        yield client


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sheets") / "systems.csv"
    path.write_text(SHEET)
    return path


@pytest.fixture(scope="module")
def credit(officer: Client, sheet: Path) -> System:
    planned = officer.systems.bring_in(sheet)
    assert planned.dry_run
    assert [(row.row, row.what) for row in planned.rows] == [(2, "new"), (3, "new"), (4, "new")]
    assert not list(officer.systems.list(name="Credit scoring"))
    done = officer.systems.bring_in(sheet, dry_run=False)
    assert (done.new, done.wrong) == (3, 0)
    [found] = officer.systems.list(name="Credit scoring")
    assert found.placed_on == date(2025, 3, 3)
    return found


@pytest.fixture(scope="module")
def classified(service: Service, officer: Client, credit: System) -> System:
    """The credit system, of which every question is answered and the class is recorded by the officer in person."""
    begun = officer.systems.answers(credit)
    half = {name: value for name, value in ANSWERS.items() if name != "areas"}
    officer.systems.answer(credit, half, {"how": "Trees, learned from clients of the past."}, seen=begun.revision)
    with pytest.raises(Problem, match="open") as still_open:
        officer.systems.outcome(credit)
    assert still_open.value.slug == "refused"
    answers = officer.systems.answer(credit, {"areas": ["services"]})
    assert (answers.open, answers.contradictions) == ([], [])
    assert answers.answers["how"]["why"].startswith("Trees")
    outcome = officer.systems.outcome(credit, "2026-11-21")
    assert outcome.classification == "HIGH_RISK_ANNEX_III"
    said = {"as_of": "2026-11-21", "revision": answers.revision}
    SignedIn(service, "officer").post(f"/systems/{credit.id}/classifications", said)
    [recorded] = officer.systems.classifications(credit)
    assert recorded.classification == outcome.classification
    return officer.systems.get(credit)


@pytest.fixture(scope="module")
def supported(officer: Client, classified: System, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A document that is evidence for an obligation."""
    plan = tmp_path_factory.mktemp("documents") / "plan.pdf"
    plan.write_bytes(b"%PDF-1.7 our plan")
    piece = officer.evidence.document(
        classified, plan, "Risk management plan", "risk-management-plan", expires_on=date(2027, 11, 21)
    )
    officer.obligations.attach(obligation(officer, classified, "art-9-1"), piece)
    return piece


@pytest.fixture(scope="module")
def draft(officer: Client, classified: System) -> Assessment:
    begun = officer.assessments.begin(classified)
    return officer.assessments.change(begun, summary="Fit for its purpose.", not_assessed="Branches abroad")


def obligation(officer: Client, system: System, requirement: str) -> Obligation:
    return next(each for each in officer.obligations.list(system=system) if each.requirement == requirement)


def test_what_is_exported_is_imported_again_unchanged(officer: Client, credit: System, tmp_path: Path) -> None:
    for name in ("systems.csv", "systems.xlsx"):
        again = officer.systems.bring_in(officer.systems.export(tmp_path / name))
        assert (again.new, again.changed, again.wrong) == (0, 0, 0)
        assert again.same >= 3


def test_a_sheet_with_a_wrong_row_says_which_and_imports_nothing(officer: Client, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("name,stage\nFine,development\nNot fine,soon\n")
    [_, row] = officer.systems.bring_in(wrong).rows
    assert row.problems[0]["column"] == "stage"
    with pytest.raises(Problem) as error:
        officer.systems.bring_in(wrong, dry_run=False)
    assert error.value.slug == "refused"
    assert [each.pointer for each in error.value.errors] == ["/rows/3/stage"]
    assert not list(officer.systems.list(name="Fine"))
    with pytest.raises(InvalidInput, match=r"\.csv or \.xlsx"):
        officer.systems.bring_in(tmp_path / "wrong.txt")


def test_the_register_on_a_terminal(
    plumbline: Callable[..., subprocess.CompletedProcess[str]], officer: Client, classified: System, tmp_path: Path
) -> None:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        token = officer.connection.http.headers["Authorization"].removeprefix("Bearer ")
        return plumbline("systems", *arguments, PLUMBLINE_TOKEN=token)

    (tmp_path / "new.csv").write_text("name,stage\nBy a terminal,development\n")
    (tmp_path / "wrong.csv").write_text("name,stage\nNot fine,soon\n")
    tried, wrong = run("import", "new.csv"), run("import", "wrong.csv", "--apply")
    assert (tried.returncode, "By a terminal: new" in tried.stdout) == (0, True)
    assert (wrong.returncode, "not 'soon'" in wrong.stderr) == (2, True)
    assert "By a terminal" not in run("list").stdout
    assert run("import", "new.csv", "--apply").returncode == 0
    assert "By a terminal" in run("list").stdout
    assert "Article 10(2)(f)" in run("gaps", "Credit scoring").stdout
    assert "not classified yet" in run("gaps", "By a terminal").stderr
    assert run("export", "all.xlsx").returncode == 0
    assert "By a terminal: same" in run("import", "all.xlsx").stdout
    for arguments in (("gaps", "Nobody's"), ("report", "By a terminal"), ("export", "all.txt"), ("gaps", NOBODY)):
        refused = run(*arguments)
        assert (refused.returncode, refused.stdout) == (2, ""), arguments


def test_obligations_say_what_is_in_force_and_what_is_coming(officer: Client, classified: System) -> None:
    law = officer.law.of_system(classified, "2026-11-21")
    assert law.classification == "HIGH_RISK_ANNEX_III"
    assert "art-9-1" not in {each.id for each in law.in_force}
    [coming] = [each for each in law.coming if each.id == "art-9-1"]
    found = obligation(officer, classified, "art-9-1")
    assert (found.binds, found.binds_from) == ("coming", coming.date)
    with pytest.raises(Problem, match="2026-07-27") as before:
        officer.law.of_system(classified, "2020-01-01")
    assert before.value.exit_code == 2


def test_a_document_supports_an_obligation_and_is_handed_out_as_it_was(
    officer: Client, classified: System, supported: Evidence, tmp_path: Path
) -> None:
    found = obligation(officer, classified, "art-9-1")
    assert [piece.id for piece in officer.obligations.evidence(found)] == [supported.id] == found.evidence
    assert officer.evidence.save(supported, tmp_path / "again.pdf").read_bytes() == b"%PDF-1.7 our plan"
    gaps = {gap.obligation for gap in officer.obligations.coverage(classified).gaps}
    assert obligation(officer, classified, "art-10-2-f").id in gaps


def test_nobody_saves_over_what_they_have_not_seen(officer: Client, classified: System) -> None:
    mine = officer.systems.get(classified)
    theirs = officer.systems.change(mine, purpose="Orders the list of a clerk.")
    assert theirs.etag not in (None, mine.etag)
    with pytest.raises(Problem) as error:
        officer.systems.change(mine, purpose="Something else.")
    assert error.value.slug == "precondition-failed"
    assert officer.systems.change(theirs, stage="in service").purpose == "Orders the list of a clerk."


def test_a_risk_is_judged_and_a_measure_done(officer: Client, classified: System) -> None:
    risk = officer.risks.create(
        classified, "Older people are refused more often", rights=["charter-21"], likelihood=4, severity=4
    )
    measure = officer.risks.add_measure(risk, "A second person looks at each refusal.", due_on=date(2027, 1, 31))
    officer.risks.change_measure(risk, measure, done_on=date(2026, 11, 20))
    after = officer.risks.change(officer.risks.get(risk), likelihood_after=1, severity_after=2)
    assert (after.level, after.level_after) != (None, None)
    assert after.level != after.level_after
    [kept] = after.measures
    assert kept.done_on == date(2026, 11, 20)


def test_an_incidents_clocks_count_from_awareness(officer: Client, classified: System) -> None:
    aware = datetime(2026, 11, 20, 9, tzinfo=UTC)
    incident = officer.incidents.create(classified, "Everybody over 70 was refused", aware, kinds=["death"])
    due = [clock.due for clock in incident.clocks if clock.due]
    assert due
    assert min(due) > aware
    officer.incidents.tell(incident, "initial", "authority", "CNPD", aware + timedelta(hours=3))
    [told] = officer.incidents.notifications(incident)
    assert told.content["title"] == incident.title


def test_a_review_is_planned_stands_in_the_calendar_and_comes_again(officer: Client, classified: System) -> None:
    review = officer.reviews.plan(classified, "Drift of the scores", "2027-03-01", every_months=6)
    assert f"review:{review.id}" in {each.key for each in officer.reviews.calendar("2027-12-31")}
    officer.reviews.do(review, "No drift.")
    [following] = officer.reviews.list(system=classified, done=False)
    assert following.after == review.id


def test_what_is_for_people_no_token_does_and_says_so(officer: Client, classified: System) -> None:
    with pytest.raises(Problem) as error:
        officer.connection.post(f"/systems/{classified.id}/classifications", {})
    assert error.value.slug in ("forbidden", "insufficient-scope")
    assert "No token can: sign in" in str(error.value)


def test_an_assessment_is_drafted_submitted_signed_by_another_and_its_report_verifies(
    service: Service, officer: Client, draft: Assessment, supported: Evidence, tmp_path: Path
) -> None:
    officer.assessments.comment(draft, "Ready.")
    assert officer.assessments.compare(draft).before is None
    officer.assessments.submit(draft)
    frozen = officer.assessments.get(draft)
    assert (frozen.state, len(frozen.sha256)) == ("in review", 64)
    assert verified(officer.assessments.report(frozen, tmp_path / "draft.pdf", timeout=PATIENCE)) == 0

    signed = {"sha256": frozen.sha256, "decision": "It may go on."}
    SignedIn(service, "approver").post(f"/assessments/{draft.id}/approve", signed)
    approved = officer.assessments.get(draft)
    assert (approved.state, approved.sha256) == ("approved", frozen.sha256)
    assert verified(officer.assessments.report(approved, tmp_path / "report.pdf", timeout=PATIENCE)) == 0
    assert officer.trail.verify().whole


def verified(report: Path) -> int:
    return subprocess.run([SCRIPT, "verify", report], capture_output=True, timeout=PATIENCE).returncode
