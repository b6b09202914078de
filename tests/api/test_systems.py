"""AI systems by the API: kept by tokens, decided by people, in and out as a sheet."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from governance.systems.models import System
from tests.api.conftest import ROOT, is_problem
from tests.governance.systems.answered import answered


@pytest.fixture
def officer(as_role):
    return as_role("officer")


def made(officer, **said) -> str:
    answer = officer.post("/systems", {"name": "Chat", **said})
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def test_a_system_is_registered_changed_archived_and_brought_back(officer, world):
    owner = world.people["approver"]
    ident = made(officer, roles=["provider", "deployer"], owner=str(owner.pk), placed_on="2025-01-31")
    seen = officer.get(f"/systems/{ident}")
    said = seen.json()
    assert (said["owner"]["id"], said["placed_on"], said["classification"]) == (str(owner.pk), "2025-01-31", None)
    change = {"owner": None, "placed_on": None, "purpose": "Talks.", "name": None, "is_archived": True}
    now = officer.patch(f"/systems/{ident}", change, If_Match=seen["ETag"]).json()
    assert (now["owner"], now["placed_on"], now["purpose"], now["name"]) == (None, None, "Talks.", "Chat")
    assert ident not in [each["id"] for each in officer.get("/systems").json()["items"]]
    assert [each["id"] for each in officer.get("/systems?archived=true").json()["items"]] == [ident]
    assert officer.patch(f"/systems/{ident}", {"is_archived": False}, If_Match="*").json()["is_archived"] is False
    high = officer.get("/systems?classification=HIGH_RISK_ANNEX_III").json()["items"]
    assert [each["id"] for each in high] == [str(world.system.pk)]


@pytest.mark.parametrize(("said", "status", "slug"), [
    ({"name": " "}, 422, "refused"),
    ({"roles": ["king"]}, 422, "refused"),
    ({"owner": "999999"}, 422, "invalid"),
    ({"stage": "sold"}, 422, "invalid"),
    ({"placed_on": "soon"}, 422, "invalid"),
    ({"name": "Chat"}, 409, "conflict"),
])  # fmt: skip
def test_what_will_not_do_is_a_problem_and_changes_nothing(officer, said, status, slug):
    ident = made(officer)
    assert is_problem(officer.post("/systems", {"name": "Other", **said}), status, slug)
    before = System.unscoped.filter(pk=ident).values().get()
    if "name" not in said or said["name"] != "Chat":
        assert is_problem(officer.patch(f"/systems/{ident}", said, If_Match="*"), status, slug)
    assert System.unscoped.filter(pk=ident).values().get() == before


def test_answers_make_revisions_and_one_that_was_not_seen_is_a_conflict(officer):
    answers = f"/systems/{made(officer)}/answers"
    assert officer.get(answers).json() == {"revision": 0, "answers": {}, "open": ["object"], "contradictions": []}
    first = officer.post(answers, {"answers": {"object": {"value": "system", "why": "it is"}}, "revision": 0}).json()
    assert (first["revision"], first["answers"]["object"]["why"], first["open"]) == (1, "it is", ["machine"])
    late = {"answers": {"machine": {"value": "yes"}}, "revision": 0}
    assert is_problem(officer.post(answers, late), 409, "conflict")
    assert is_problem(officer.post(answers, {"answers": {"machine": {"value": "maybe"}}}), 422, "refused")
    assert is_problem(officer.post(answers, {"answers": {"nothing": {"value": "yes"}}}), 422, "refused")
    opened = officer.post(answers, {"answers": {"object": {"value": None}}}).json()
    assert (opened["revision"], opened["answers"]) == (2, {})


def test_a_class_is_recorded_by_a_person_and_never_by_a_token(officer, world):
    ident = made(officer)
    given = {name: {"value": value} for name, value in answered("NOT_HIGH_RISK_DEROGATION").items()}
    assert officer.post(f"/systems/{ident}/answers", {"answers": given}).json()["open"] == []
    path = f"/systems/{ident}/classifications"
    refused = officer.post(path, {})
    assert is_problem(refused, 403, "insufficient-scope")
    assert "sign in and do it yourself" in refused.json()["detail"]
    client = Client()
    client.force_login(world.people["officer"])

    def by_person(said):
        return client.post(ROOT + path, json.dumps(said), "application/json")

    assert is_problem(by_person({"as_of": "2026-11-21"}), 422, "refused")  # no assessment
    assert is_problem(by_person({"as_of": "2026-07-26", "assessment": "It sorts."}), 422, "refused")
    assert is_problem(by_person({"revision": 7, "assessment": "It sorts."}), 409, "conflict")
    done = by_person({"as_of": "2026-11-21", "assessment": "It sorts."})
    assert done.status_code == 201
    listed = officer.get(path).json()["items"]
    assert [each["classification"] for each in listed] == ["NOT_HIGH_RISK_DEROGATION"]
    assert officer.get(done["Location"]).json() == listed[0]
    client.force_login(world.people["engineer"])
    assert is_problem(by_person({}), 403, "forbidden")


def test_a_sheet_is_tried_then_brought_in_and_got_out_again(officer):
    sheet = b"name,roles\nSheet A,deployer\nSheet B,king\n"
    tried = officer.post("/systems/import", sheet).json()
    assert (tried["dry_run"], tried["new"], tried["wrong"]) == (True, 1, 1)
    wrong = officer.post("/systems/import?dry_run=false", sheet)
    assert is_problem(wrong, 422, "refused")
    assert wrong.json()["errors"][0]["pointer"] == "/rows/3/roles"
    assert not System.unscoped.filter(name="Sheet A").exists()
    done = officer.post("/systems/import?dry_run=false", sheet.replace(b"king", b"importer")).json()
    assert (done["dry_run"], done["new"]) == (False, 2)
    again = officer.post("/systems/import", officer.get("/systems/export?format=xlsx").content).json()
    assert (again["new"], again["changed"], again["wrong"]) == (0, 0, 0)
