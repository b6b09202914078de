"""Risks and statements by the API: a stale state, an acceptance by a person only, a version that was not seen."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from audits.models import Audit
from tests.api.conftest import ROOT, is_problem


@pytest.fixture
def officer(as_role):
    return as_role("officer")


def test_a_risk_is_registered_judged_measured_and_closed(officer, world):
    said = {"system": str(world.system.pk), "hazard": "It refuses all", "likelihood": 4, "severity": 4}
    made = officer.post("/risks", said).json()
    assert (made["level"], made["level_after"], made["number"]) == ("high", None, 2)
    at = f"/risks/{made['id']}"
    seen = officer.get(at)
    owner = str(world.people["engineer"].pk)
    change = {"likelihood_after": 1, "severity_after": 4, "owner": owner}
    now = officer.patch(at, change, If_Match=seen["ETag"]).json()
    assert (now["level_after"], now["owner"]["id"]) == ("low", owner)
    assert is_problem(officer.patch(at, {"cause": "Mine"}, If_Match=seen["ETag"]), 412, "precondition-failed")
    measure = officer.post(f"{at}/measures", {"text": "Read each refusal.", "due_on": "2027-01-01"}).json()
    done = officer.patch(f"{at}/measures/{measure['id']}", {"done_on": "2026-01-02"}, If_Match="*").json()
    assert (done["due_on"], done["done_on"]) == ("2027-01-01", "2026-01-02")
    assert officer.post(f"{at}/close", {"closing": "Out of use."}).json()["state"] == "closed"
    assert is_problem(officer.patch(at, {"cause": "Mine"}, If_Match="*"), 422, "refused")
    assert officer.post(f"{at}/reopen").json()["state"] == "open"


@pytest.mark.parametrize(("said", "slug"), [
    ({"likelihood": None}, "refused"), ({"likelihood": 6, "severity": 1}, "invalid"), ({"likelihood": True}, "invalid"),
    ({"rights": ["charter-99"]}, "refused"), ({"hazard": " "}, "refused"), ({"owner": "999999"}, "invalid"),
])  # fmt: skip
def test_what_will_not_do_is_a_problem(officer, world, said, slug):
    assert is_problem(officer.patch(f"/risks/{world.risk.pk}", said, If_Match="*"), 422, slug)


def test_what_remains_is_accepted_by_a_person_and_by_no_token(as_role, world):
    at, said = f"/risks/{world.risk.pk}/accept", {"acceptance": "Rare."}
    assert is_problem(as_role("approver").post(at, said, If_Match="*"), 403, "insufficient-scope")
    person = Client(enforce_csrf_checks=False)
    person.force_login(world.people["approver"])
    answer = person.post(f"{ROOT}{at}", json.dumps(said), content_type="application/json", headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "accepted"


def test_a_proposal_is_taken_once(officer, world):
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model)
    at = f"/systems/{world.system.pk}/risk-proposals"
    first, *others = officer.get(at).json()["items"]
    taken = officer.post(at, {"finding": first["finding"]})
    assert (taken.status_code, taken.json()["rule"], taken.json()["state"]) == (201, first["rule"], "open")
    assert officer.post(at, {"finding": others[0]["finding"], "dismissal": "No."}).json()["state"] == "dismissed"
    assert is_problem(officer.post(at, {"finding": first["finding"]}), 422, "refused")
    assert officer.get(at).json()["items"] == others[1:]


def test_a_statement_is_written_on_top_of_the_version_that_was_seen(officer, world):
    at = f"/systems/{world.system.pk}/statements"
    asked = {each["kind"]: each for each in officer.get(f"{at}/asked").json()["items"]}
    assert (asked["oversight"]["newest"], asked["oversight"]["answered"], asked["fria"]["is_asked"]) == (2, 1, False)
    said = {"content": {"art-14-4-b": "Clerks are trained."}, "seen": 2}
    made = officer.post(f"{at}/oversight", said).json()
    assert (made["number"], sorted(made["content"])) == (3, ["art-14-4-a", "art-14-4-b"])
    assert is_problem(officer.post(f"{at}/oversight", said), 409, "conflict")
    assert is_problem(officer.post(f"{at}/poem", said), 422, "refused")
    assert [each["number"] for each in officer.get(f"{at}?kind=oversight").json()["items"]] == [3, 2, 1]
