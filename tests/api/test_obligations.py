"""Obligations and evidence for programs: what is asked, changed, brought and attached; accepting takes a person."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from django.test import Client

from audits.models import Audit
from governance.obligations.models import Awaited, Duty, Evidence
from models.registry.models import Upload, UploadState
from tests.api.conftest import ROOT, Caller, is_problem


@pytest.fixture
def officer(as_role):
    return as_role("officer")


def duty_of(world, requirement: str) -> Duty:
    return Duty.unscoped.get(system=world.system, requirement=requirement)


def uploaded(caller, content: bytes, name: str = "plan.html") -> str:
    made = caller.post("/uploads", {"file_name": name, "size": len(content)}).json()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    caller.put(f"/uploads/{made['id']}/parts/0", content, Content_Digest=f"sha-256=:{digest}:")
    assert caller.post(f"/uploads/{made['id']}/complete").status_code == 200
    return made["id"]


def document(world, upload: str, **more) -> dict:
    return {"system": str(world.system.pk), "title": "Plan", "type": "policy", "upload": upload} | more


def test_obligations_are_listed_and_narrowed_with_few_queries(officer, world, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        items = officer.get(f"/obligations?system={world.system.pk}&limit=100").json()["items"]
    assert {item["binds"] for item in items} <= {"now", "coming", "where"}
    first = officer.get("/obligations?state=evidenced").json()["items"]
    assert [each["ref"] for each in first] == ["Article 10(2)(f)"]
    assert first[0]["evidence"] == [str(world.evidence.pk)]
    for narrowed in ("overdue=true", "framework=gdpr", "asked=false", "owner=x", "owner=" + "9" * 20):
        found = officer.get(f"/obligations?{narrowed}").json()
        assert found.get("items") == [], (narrowed, found)


def test_an_obligation_is_changed_by_who_saw_it_as_it_is(officer, world):
    path = f"/obligations/{duty_of(world, 'art-9-1').pk}"
    seen = officer.get(path)
    said = {"state": "in progress", "due_on": "2027-01-01", "owner": str(world.people["engineer"].pk)}
    done = officer.patch(path, said, If_Match=seen["ETag"])
    assert done.status_code == 200
    assert (done.json()["state"], done.json()["due_on"]) == ("in progress", "2027-01-01")
    assert is_problem(officer.patch(path, said, If_Match=seen["ETag"]), 412, "precondition-failed")
    assert is_problem(officer.patch(path, said), 428, "precondition-required")
    emptied = officer.patch(path, {"owner": None, "due_on": None}, If_Match=done["ETag"]).json()
    assert (emptied["owner"], emptied["due_on"], emptied["state"]) == (None, None, "in progress")
    for wrong in ({"state": "evidenced"}, {"state": "not applicable"}):
        assert is_problem(officer.patch(path, wrong, If_Match="*"), 422, "refused"), wrong
    for wrong in ({"state": "accepted"}, {"owner": "0"}, {"due_on": 5}):
        assert is_problem(officer.patch(path, wrong, If_Match="*"), 422, "invalid"), wrong


def test_only_a_person_accepts_and_nobody_their_own_work(world, elsewhere, as_role):
    path = f"/obligations/{world.duty.pk}/accept"
    assert is_problem(as_role("approver").post(path, If_Match="*"), 403, "insufficient-scope")
    client = Client()
    client.force_login(world.people["approver"])
    assert is_problem(client.post(ROOT + path), 428, "precondition-required")
    theirs = f"{ROOT}/obligations/{elsewhere.duty.pk}/accept"
    assert is_problem(client.post(theirs, headers={"If-Match": "*"}), 404, "not-found")
    done = client.post(ROOT + path, headers={"If-Match": "*"})
    assert (done.status_code, done.json()["state"]) == (200, "accepted")
    Duty.unscoped.filter(pk=world.duty.pk).update(state="evidenced", owner=world.people["approver"])
    assert is_problem(client.post(ROOT + path, headers={"If-Match": "*"}), 403, "forbidden")


def test_a_document_comes_as_an_upload_and_goes_out_as_a_download(officer, world):
    content = b"<script>alert(1)</script>"
    upload = uploaded(officer, content)
    made = officer.post("/evidence", document(world, upload))
    assert made.status_code == 201
    said = made.json()
    assert said["sha256"] == hashlib.sha256(content).hexdigest()
    assert (said["source"], said["file_name"], said["size"]) == ("document", "plan.html", 25)
    assert Upload.unscoped.get(pk=upload).state == UploadState.EXPIRED
    file = officer.get(f"/evidence/{said['id']}/file")
    assert b"".join(file) == content
    assert (file["Content-Type"], file["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert file["Content-Disposition"].startswith("attachment")
    attached = officer.post(f"/obligations/{world.duty.pk}/evidence", {"evidence": said["id"]})
    assert attached.status_code == 201
    listed = officer.get(f"/obligations/{world.duty.pk}/evidence").json()["items"]
    assert {each["id"] for each in listed} == {said["id"], str(world.evidence.pk)}
    newer = officer.post("/evidence", document(world, uploaded(officer, b"2"), replaces=said["id"])).json()
    assert (newer["number"], newer["replaces"]) == (2, said["id"])
    assert officer.get(f"/evidence/{said['id']}").json()["stale"] == ["there is a newer version of it"]


def test_too_large_a_document_is_refused_and_its_upload_stays(officer, world, settings):
    settings.EVIDENCE_BYTES = 10
    upload = uploaded(officer, b"12345678901")
    assert is_problem(officer.post("/evidence", document(world, upload)), 413, "too-large")
    assert Upload.unscoped.get(pk=upload).state == UploadState.COMPLETE
    assert Evidence.unscoped.count() == 1


@pytest.mark.parametrize(
    ("more", "slug"),
    [
        ({"text": None}, "invalid"),
        ({"audit": "00000000-0000-4000-8000-000000000000"}, "invalid"),
        ({"type": "poem"}, "refused"),
        ({"expires_on": 20270101}, "invalid"),
        ({"owner": "0"}, "invalid"),
    ],
)
def test_evidence_that_cannot_be_is_refused(officer, world, more, slug):
    said = {"system": str(world.system.pk), "title": "A", "type": "policy", "text": "It holds."} | more
    assert is_problem(officer.post("/evidence", said), 422, slug)


def test_the_coverage_says_what_is_missing(officer, world):
    said = officer.get(f"/systems/{world.system.pk}/coverage").json()
    total = Duty.unscoped.filter(system=world.system).count()
    assert sum(each["asked"] for each in said["chapters"]) == total
    assert sum(each["evidenced"] for each in said["chapters"]) == 1
    only_if = sum(each["conditional"] for each in said["chapters"])
    assert (
        only_if == len(officer.get(f"/obligations?system={world.system.pk}&binds=where&limit=100").json()["items"]) > 0
    )
    assert len(said["gaps"]) == total - 1 - only_if
    assert json.dumps(said).count("nothing supports it") == total - 1 - only_if
    order = [gap["binds"] for gap in said["gaps"]]
    assert order == sorted(order, key=lambda when: when != "now")
    assert {gap["binds_from"] for gap in said["gaps"] if gap["binds"] == "coming"} >= {"2027-12-02"}


def test_what_is_coming_is_a_list_of_its_own_with_its_days(officer, world):
    lists = {
        when: officer.get(f"/obligations?system={world.system.pk}&binds={when}&limit=100").json()["items"]
        for when in ("now", "coming", "where", "undated")
    }
    for when, items in lists.items():
        assert {each["binds"] for each in items} <= {when}
    assert lists["coming"][0]["binds_from"] > "2026-11-21"
    assert is_problem(officer.get("/obligations?binds=soon"), 422, "invalid")


def test_a_condition_is_said_to_hold(officer, world):
    duty = Duty.unscoped.filter(system=world.system).exclude(where="").first()
    done = officer.patch(f"/obligations/{duty.pk}", {"holds": True}, If_Match="*").json()
    assert (done["holds"], done["binds"] in ("now", "coming")) == (True, True)
    refused = officer.patch(f"/obligations/{duty_of(world, 'art-9-1').pk}", {"holds": True}, If_Match="*")
    assert is_problem(refused, 422, "refused")


def test_a_result_is_listed_and_attached_or_dismissed(officer, world, as_role):
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model)
    path = f"/systems/{world.system.pk}/results"
    (item,) = officer.get(path).json()["items"]
    assert item["audit"] == str(world.done.pk)
    assert str(world.duty.pk) in item["obligations"]
    made = officer.post(path, {"audit": item["audit"]}).json()
    assert (made["source"], made["type"]) == ("audit", "fairness-audit")
    assert officer.get(path).json()["items"] == []
    why = {"audit": item["audit"], "reason": "Too few people."}
    assert is_problem(officer.post(f"{path}/dismissals", why), 422, "refused")  # it is evidence now
    other = why | {"audit": str(world.earlier.pk)}
    assert officer.post(f"{path}/dismissals", other).json()["reason"] == "Too few people."
    assert is_problem(as_role("engineer").post(f"{path}/dismissals", other), 403, "forbidden")


@pytest.mark.parametrize(("scopes", "attaches"), [(("run",), False), (("run", "govern"), True)])
def test_an_audit_is_started_for_an_obligation_and_its_result_awaited_by_who_may_govern(world, scopes, attaches):
    asked = world.done.parameters | {"model": True, "prediction": None}
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model, parameters=asked)
    caller = Caller(world.people["officer"], world.organisation, *scopes)
    answer = caller.post(f"/obligations/{world.duty.pk}/audits", {"version": str(world.model.pk)})
    assert (answer.status_code, answer.json()["attaches"]) == (202, attaches)
    assert Awaited.unscoped.filter(audit=answer.json()["audit"], duty=world.duty).exists() == attaches
