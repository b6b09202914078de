"""Every operation of the API can be reached from `Client`, and what it answers is read: asked of the API's own
description, whose example of each answer stands in for the server's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import django.test
import httpx
import pytest

from plumbline_client.audits import Audit
from plumbline_client.client import Client
from plumbline_client.records import Dataset, Job, Model, Record

ID = "6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10"
# what the client has by another way
LEFT_OUT = {
    "list_measurements": "Audit.rows() and .measurements() read them in the evidence, which is whole",
    "list_verdicts": "Audit.verdicts reads them in the evidence",
    "list_reports": "an audit says where its report is",
    "get_report": "an audit says where its report is",
    # no token does it, whoever's it is
    **dict.fromkeys(
        ("create_classification", "accept_obligation", "accept_risk", "approve_assessment", "send_back_assessment"),
        "a person who is signed in does it",
    ),
}
DAY, NOW = date(2026, 12, 1), datetime(2026, 11, 21, 12, tzinfo=UTC)
Call = Callable[[Client, Path], Any]
CALLS: dict[str, Call] = {
    "get_me": lambda c, _: c.me(),
    "get_organisation": lambda c, _: c.organisation.get(),
    "change_organisation": lambda c, _: c.organisation.require_second_factor(),
    "list_members": lambda c, _: c.organisation.members(),
    "get_member": lambda c, _: c.organisation.member("3"),
    "change_member": lambda c, _: c.organisation.change_role("3", "auditor"),
    "remove_member": lambda c, _: c.organisation.remove("3"),
    "invite_member": lambda c, _: c.organisation.invite("grace@example.org", "auditor"),
    "list_invitations": lambda c, _: c.organisation.invitations(),
    "withdraw_invitation": lambda c, _: c.organisation.withdraw(ID),
    "list_delegations": lambda c, _: c.organisation.delegations(),
    "get_delegation": lambda c, _: c.organisation.delegation(ID),
    "create_delegation": lambda c, _: c.organisation.delegate("3", DAY, "2026-12-14"),
    "end_delegation": lambda c, _: c.organisation.end_delegation(ID),
    "list_tokens": lambda c, _: c.tokens.list(),
    "create_token": lambda c, _: c.tokens.create("nightly", ["read"]),
    "revoke_token": lambda c, _: c.tokens.revoke(ID),
    "list_jobs": lambda c, _: c.jobs.list(state="failed"),
    "get_job": lambda c, _: c.jobs.get(ID),
    "get_job_log": lambda c, _: c.jobs.log(ID),
    "cancel_job": lambda c, _: c.jobs.cancel(ID),
    "retry_job": lambda c, _: c.jobs.retry(ID),
    "list_models": lambda c, _: c.models.list(q="score"),
    "create_model": lambda c, _: c.models.create("Scoring", purpose="Credit"),
    "get_model": lambda c, _: c.models.get(ID),
    "change_model": lambda c, _: c.models.change(ID, owner="Lending"),
    "list_model_versions": lambda c, _: c.models.versions(ID),
    "get_model_version": lambda c, _: c.models.version(ID),
    "get_model_version_by_number": lambda c, _: c.models.version(ID, 2),
    "compare_models": lambda c, _: c.models.compare(ID, 1, 2),
    "register_model": lambda c, folder: c.models.register("Credit scoring", scores(folder), purpose="Credit"),
    "create_model_version": lambda c, folder: c.models.register(Model(id=ID, name="Credit scoring"), scores(folder)),
    "list_formats": lambda c, _: c.models.formats(),
    "list_datasets": lambda c, _: c.datasets.list(owner="Lending"),
    "create_dataset": lambda c, _: c.datasets.create("People"),
    "get_dataset": lambda c, _: c.datasets.get(ID),
    "change_dataset": lambda c, _: c.datasets.change(ID, name="Persons"),
    "list_dataset_versions": lambda c, _: c.datasets.versions(ID),
    "get_dataset_version": lambda c, _: c.datasets.version(ID),
    "get_dataset_version_by_number": lambda c, _: c.datasets.version(ID, 2),
    "compare_datasets": lambda c, _: c.datasets.compare(ID, 1, 2),
    "register_dataset": lambda c, folder: c.datasets.register("Credit scoring", scores(folder)),
    "create_dataset_version": lambda c, folder: c.datasets.register(
        Dataset(id=ID, name="Credit scoring"), scores(folder)
    ),
    "list_sources": lambda c, _: c.datasets.sources(),
    "create_upload": lambda c, folder: c.uploads.send(scores(folder)),
    "put_upload_part": lambda c, folder: c.uploads.send(scores(folder)),
    "complete_upload": lambda c, folder: c.uploads.send(scores(folder)),
    "get_upload": lambda c, _: c.uploads.get(ID),
    "abandon_upload": lambda c, _: c.uploads.abandon(ID),
    "list_audits": lambda c, _: c.audits.list(verdict="fail"),
    "create_audit": lambda c, _: c.audits.start(dataset=ID, parameters={"sensitive": ["sex"]}),
    "get_audit": lambda c, _: c.audits.get(ID),
    "get_evidence": lambda c, folder: c.audits.get(ID).evidence(folder / "audit.json"),
    "get_card": lambda c, folder: c.audits.get(ID).card(folder / "README.md"),
    "get_report_pdf": lambda c, folder: c.audits.get(ID).report(folder / "report.pdf"),
    "list_figures": lambda c, _: c.audits.get(ID).figures,
    "compare_audits": lambda c, _: c.audits.get(ID).compare(ID),
    "list_metrics": lambda c, _: c.audits.metrics(),
    "list_checks": lambda c, _: c.audits.checks(),
    "get_default_policy": lambda c, _: c.audits.default_policy(),
    "list_trail": lambda c, _: c.trail.list(since="2026-11-01"),
    "export_trail": lambda c, folder: c.trail.export(folder / "trail.json", actor="none"),
    "list_checkpoints": lambda c, _: c.trail.checkpoints(),
    "verify_trail": lambda c, _: c.trail.verify(),
    "list_webhooks": lambda c, _: c.webhooks.list(),
    "create_webhook": lambda c, _: c.webhooks.create("https://hooks.example.org/", ["job.finished"]),
    "get_webhook": lambda c, _: c.webhooks.get(ID),
    "change_webhook": lambda c, _: c.webhooks.change(ID, active=False),
    "delete_webhook": lambda c, _: c.webhooks.delete(ID),
    "rotate_webhook_secret": lambda c, _: c.webhooks.rotate(ID),
    "test_webhook": lambda c, _: c.webhooks.test(ID),
    "list_deliveries": lambda c, _: c.webhooks.deliveries(ID),
    "retry_delivery": lambda c, _: c.webhooks.retry(ID, ID),
    "get_law": lambda c, _: c.law.get(DAY),
    "get_framework": lambda c, _: c.law.framework("eu-ai-act", DAY, role="provider"),
    "get_requirement": lambda c, _: c.law.requirement("art-9-1"),
    "get_law_list": lambda c, _: c.law.list("eu-ai-act-timeline"),
    "get_system_law": lambda c, _: c.law.of_system(ID, DAY),
    "list_systems": lambda c, _: c.systems.list(stage="in service", archived=True),
    "create_system": lambda c, _: c.systems.create("Credit scoring", roles=["deployer"], placed_on=DAY),
    "get_system": lambda c, _: c.systems.get(ID),
    "change_system": lambda c, _: c.systems.change(ID, is_archived=True),
    "export_systems": lambda c, folder: c.systems.export(folder / "systems.xlsx"),
    "import_systems": lambda c, folder: c.systems.bring_in(sheet(folder), dry_run=False),
    "list_system_parts": lambda c, _: c.systems.parts(ID),
    "add_system_part": lambda c, _: c.systems.add_part(ID, ID),
    "remove_system_part": lambda c, _: c.systems.remove_part(ID, ID),
    "list_questions": lambda c, _: c.systems.questions(),
    "get_answers": lambda c, _: c.systems.answers(ID),
    "create_answers": lambda c, _: c.systems.answer(ID, {"machine": "yes"}, {"machine": "It learns."}, seen=0),
    "get_outcome": lambda c, _: c.systems.outcome(ID, DAY),
    "list_classifications": lambda c, _: c.systems.classifications(ID),
    "get_classification": lambda c, _: c.systems.classification(ID, 1),
    "list_obligations": lambda c, _: c.obligations.list(system=ID, overdue=True),
    "get_obligation": lambda c, _: c.obligations.get(ID),
    "change_obligation": lambda c, _: c.obligations.change(ID, state="in progress", due_on=DAY),
    "list_obligation_evidence": lambda c, _: c.obligations.evidence(ID),
    "attach_evidence": lambda c, _: c.obligations.attach(ID, ID),
    "detach_evidence": lambda c, _: c.obligations.detach(ID, ID),
    "start_obligation_audit": lambda c, _: c.obligations.start_audit(ID, ID),
    "get_coverage": lambda c, _: c.obligations.coverage(ID),
    "list_evidence": lambda c, _: c.evidence.list(system=ID, source="document"),
    "create_evidence": lambda c, _: c.evidence.statement(ID, "It holds.", "We looked", "policy", expires_on=DAY),
    "get_evidence_piece": lambda c, _: c.evidence.get(ID),
    "get_evidence_file": lambda c, folder: c.evidence.save(ID, folder / "plan.pdf"),
    "list_results": lambda c, _: c.evidence.results(ID),
    "attach_result": lambda c, _: c.evidence.attach_result(ID, ID),
    "dismiss_result": lambda c, _: c.evidence.dismiss_result(ID, ID, "An older policy."),
    "list_risks": lambda c, _: c.risks.list(system=ID, state="open"),
    "create_risk": lambda c, _: c.risks.create(ID, "It refuses all", likelihood=2, severity=4),
    "get_risk": lambda c, _: c.risks.get(ID),
    "change_risk": lambda c, _: c.risks.change(ID, cause="Few data."),
    "close_risk": lambda c, _: c.risks.close(ID, "Mended."),
    "reopen_risk": lambda c, _: c.risks.reopen(ID),
    "add_measure": lambda c, _: c.risks.add_measure(ID, "A second person reads it.", due_on=DAY),
    "get_measure": lambda c, _: c.risks.measure(ID, ID),
    "change_measure": lambda c, _: c.risks.change_measure(ID, ID, done_on=DAY),
    "list_risk_proposals": lambda c, _: c.risks.proposals(ID),
    "decide_risk_proposal": lambda c, _: c.risks.dismiss(ID, "found", "An older policy."),
    "list_statements": lambda c, _: c.statements.list(ID, "oversight"),
    "list_statements_asked": lambda c, _: c.statements.asked(ID),
    "write_statement": lambda c, _: c.statements.write(ID, "fria", {"art-27-1-a": "Scores."}, draws_on={"x": ID}),
    "list_incidents": lambda c, _: c.incidents.list(system=ID, state="open"),
    "create_incident": lambda c, _: c.incidents.create(ID, "It refused all", NOW, kinds=["death"]),
    "get_incident": lambda c, _: c.incidents.get(ID),
    "change_incident": lambda c, _: c.incidents.change(ID, known="More.", happened_at=NOW),
    "close_incident": lambda c, _: c.incidents.close(ID, "Mended."),
    "reopen_incident": lambda c, _: c.incidents.reopen(ID),
    "list_notifications": lambda c, _: c.incidents.notifications(ID),
    "create_notification": lambda c, _: c.incidents.tell(ID, "initial", "authority", "CNPD", NOW),
    "list_reviews": lambda c, _: c.reviews.list(system=ID, done=False),
    "create_review": lambda c, _: c.reviews.plan(ID, "Drift", DAY, every_months=6),
    "get_review": lambda c, _: c.reviews.get(ID),
    "change_review": lambda c, _: c.reviews.change(ID, due_on=DAY),
    "drop_review": lambda c, _: c.reviews.drop(ID),
    "do_review": lambda c, _: c.reviews.do(ID, "All is well."),
    "get_calendar": lambda c, _: c.reviews.calendar(DAY),
    "list_notices": lambda c, _: c.reviews.notices(seen=False),
    "see_notice": lambda c, _: c.reviews.see(ID),
    "get_notice_settings": lambda c, _: c.reviews.is_mailed(),
    "change_notice_settings": lambda c, _: c.reviews.mail(False),
    "list_assessments": lambda c, _: c.assessments.list(system=ID, state="draft"),
    "create_assessment": lambda c, _: c.assessments.begin(ID, DAY),
    "get_assessment": lambda c, _: c.assessments.get(ID),
    "change_assessment": lambda c, _: c.assessments.change(ID, summary="Mine."),
    "print_assessment": lambda c, _: c.assessments.print(ID),
    "submit_assessment": lambda c, _: c.assessments.submit(ID),
    "withdraw_assessment": lambda c, _: c.assessments.withdraw(ID, "A word is wrong."),
    "compare_assessment": lambda c, _: c.assessments.compare(ID),
    "list_assessment_comments": lambda c, _: c.assessments.comments(ID),
    "create_assessment_comment": lambda c, _: c.assessments.comment(ID, "Well."),
    "get_assessment_report": lambda c, folder: c.assessments.report(ID, folder / "report.pdf"),
}


def scores(folder: Path) -> Path:
    path = folder / "scores.csv"
    path.write_text("score\n0.5\n")
    return path


def sheet(folder: Path) -> Path:
    path = folder / "systems.csv"
    path.write_text("name\nCredit scoring\n")
    return path


@cache
def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Method, address and description of each operation, by its id."""
    schema = json.loads(django.test.Client().get("/api/v1/openapi.json").content)
    return {
        about["operationId"]: (method.upper(), path, about)
        for path, ways in schema["paths"].items()
        for method, about in ways.items()
    }


class Described:
    """In place of the server: it answers as the description says, and refuses what that does not know."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        # an address of words comes before one with an id in it
        for ident, (method, path, about) in sorted(operations().items(), key=lambda each: each[1][1].count("{")):
            if method == request.method and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), request.url.path):
                self.seen.append(ident)
                known = {each["name"] for each in about["parameters"] if each["in"] == "query"}
                needed = {each["name"] for each in about["parameters"] if each["in"] == "header" and each["required"]}
                assert set(request.url.params) <= known
                assert all(name in request.headers for name in needed), needed
                check_body(request, about)
                return answered(about)
        raise AssertionError(f"{request.method} {request.url.path} is no operation of the API")


def check_body(request: httpx.Request, about: dict[str, Any]) -> None:
    """Nothing is sent that the API's description does not have; it refuses that."""
    content = about.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        said = content["schema"]
        ref = said.get("$ref") or next(each["$ref"] for each in said["anyOf"] if "$ref" in each)
        assert set(json.loads(request.content)) <= fields(ref.rsplit("/", 1)[-1])


@cache
def fields(name: str) -> frozenset[str]:
    schema = json.loads(django.test.Client().get("/api/v1/openapi.json").content)
    return frozenset(schema["components"]["schemas"][name]["properties"])


def answered(about: dict[str, Any]) -> httpx.Response:
    status, answer = next((s, a) for s, a in about["responses"].items() if s < "300")
    body = next(iter(answer.get("content", {}).values()), {}).get("example")
    if isinstance(body, dict) and "attempt" in body:  # a job: as if it were finished
        body |= {"state": "succeeded", "result": {"model_version": ID, "dataset_version": ID}}
    return httpx.Response(int(status), json=body) if body is not None else httpx.Response(int(status), text="{}")


@pytest.fixture
def described() -> Described:
    return Described()


@pytest.fixture
def asking(described: Described) -> Iterator[Client]:
    with Client("http://127.0.0.1:1", "plb_x", retries=0) as client:
        client.connection.http.close()
        client.connection.http = httpx.Client(transport=httpx.MockTransport(described))
        yield client


def test_each_operation_is_reached_or_left_out_on_purpose() -> None:
    """Of every part of the API: a new operation has a method, or a reason to have none."""
    assert set(operations()) - set(LEFT_OUT) == set(CALLS)
    assert set(LEFT_OUT) <= set(operations())
    assert not set(CALLS) & set(LEFT_OUT)


def test_what_is_left_to_people_is_what_no_token_can_do() -> None:
    left = {ident for ident, why in LEFT_OUT.items() if why == "a person who is signed in does it"}
    assert left == {ident for ident, (_, _, about) in operations().items() if about["x-scope"] is None}


@pytest.mark.parametrize("ident", CALLS)
def test_an_operation_is_called_as_it_is_described_and_its_answer_read(
    ident: str, asking: Client, described: Described, tmp_path: Path
) -> None:
    found = CALLS[ident](asking, tmp_path)
    each = [*found] if isinstance(found, Iterator | tuple) else [found]
    assert ident in described.seen
    assert each
    assert all(isinstance(one, Record | Audit | Job | Path | str | bool | dict | None) for one in each)


def test_a_secret_is_in_no_repr(asking: Client) -> None:
    for made in (asking.tokens.create("x", ["read"]), asking.webhooks.create("https://hooks.example.org/", [])):
        secret = getattr(made, "token", None) or getattr(made, "secret", None)
        assert secret
        assert str(secret) not in repr(made)
