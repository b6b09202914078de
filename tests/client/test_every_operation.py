"""Every operation of the API can be reached from `Client`, and what it answers is read: asked of the API's own
description, whose example of each answer stands in for the server's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
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
# what an engineer does; what the law asks is done on its pages, and by programs of one's own
TAGS = {
    "Access", "Audits", "Datasets", "Jobs", "Models", "Reports", "Trail", "Uploads", "Webhooks",
    "What there is to ask",
}  # fmt: skip
# what the client has by another way
LEFT_OUT = {
    "list_measurements": "Audit.rows() and .measurements() read them in the evidence, which is whole",
    "list_verdicts": "Audit.verdicts reads them in the evidence",
    "list_reports": "an audit says where its report is",
    "get_report": "an audit says where its report is",
    # who signs in whose place is a matter between people
    **dict.fromkeys(("list_delegations", "get_delegation", "create_delegation", "end_delegation"), "done on its page"),
}
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
}


def scores(folder: Path) -> Path:
    path = folder / "scores.csv"
    path.write_text("score\n0.5\n")
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
    ours = {ident for ident, (_, _, about) in operations().items() if TAGS & set(about["tags"])}
    assert ours - set(LEFT_OUT) == set(CALLS)
    assert not set(CALLS) & set(LEFT_OUT)
    assert {tag for _, _, about in operations().values() for tag in about["tags"]} >= TAGS


@pytest.mark.parametrize("ident", CALLS)
def test_an_operation_is_called_as_it_is_described_and_its_answer_read(
    ident: str, asking: Client, described: Described, tmp_path: Path
) -> None:
    found = CALLS[ident](asking, tmp_path)
    each = [*found] if isinstance(found, Iterator | tuple) else [found]
    assert ident in described.seen
    assert each
    assert all(isinstance(one, Record | Audit | Job | Path | str | dict | None) for one in each)


def test_a_secret_is_in_no_repr(asking: Client) -> None:
    for made in (asking.tokens.create("x", ["read"]), asking.webhooks.create("https://hooks.example.org/", [])):
        secret = getattr(made, "token", None) or getattr(made, "secret", None)
        assert secret
        assert str(secret) not in repr(made)
