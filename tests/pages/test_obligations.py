"""Obligations and evidence on pages: from the board to what is accepted, and what is refused on the way."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audits.models import Audit
from governance.frameworks.requirements import framework
from governance.obligations import views
from governance.obligations.board import ACT, follow, move
from governance.obligations.models import Duty, Evidence, State
from governance.systems.models import System, SystemPart
from models.trail.models import Entry
from tests.pages.conftest import ODD

SCRIPT = ODD[:25]


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


def duty_of(world, requirement: str) -> Duty:
    return Duty.unscoped.select_related("organisation").get(system=world.system, requirement=requirement)


def page(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_board_says_what_binds_and_what_is_coming(officer, world, django_assert_max_num_queries):
    follow(world.people["officer"], world.system, "nist-ai-rmf")
    follow(world.people["officer"], world.system, "iso-42001")
    address = f"/systems/{world.system.pk}/obligations/"
    with django_assert_max_num_queries(20):
        found = page(officer, address)
    assert Duty.unscoped.filter(system=world.system).count() > 200
    for heading in ('id="now"', 'id="coming"', 'id="where"', 'id="undated"', "All from 2 December 2027", "MEASURE 2"):
        assert heading in found
    assert SCRIPT not in found


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("state=evidenced", "One obligation fits"),
        ("framework=gdpr", "No obligation fits"),
        ("show=stale", "No obligation fits"),
        ("show=mine", "One obligation fits"),
        ("show=overdue", "One obligation fits"),
        ("q=examine+the+data+for+possible+BIAS", "One obligation fits"),
    ],
)
def test_the_board_is_narrowed(officer, world, query, title):
    later = {"owner": world.people["officer"], "due_on": duty_of(world, "art-9-1").created_at.date().replace(year=2020)}
    move(world.people["officer"], duty_of(world, "art-9-1"), later)
    assert title in page(officer, f"/systems/{world.system.pk}/obligations/?{query}")


def test_an_owner_who_left_is_told_to_be_gone_and_another_text_of_the_law_too(officer, world, monkeypatch):
    engineer = world.people["engineer"]
    move(world.people["officer"], world.duty, {"owner": engineer})
    for end in engineer.memberships.all():
        end.delete()
    board = f"/systems/{world.system.pk}/obligations/"
    assert "no member any more" in page(officer, board)
    assert "no member of the organisation any more" in page(officer, f"/obligations/{world.duty.pk}/")
    assert "Record the class anew" not in page(officer, board)
    newer = replace(framework(ACT), version="consolidated 2027-01-01")
    monkeypatch.setattr(views, "framework", lambda name: newer if name == ACT else framework(name))
    assert "is another one: consolidated 2027-01-01" in page(officer, board)


def test_a_filter_that_makes_no_sense_is_told(officer, world):
    assert officer.get(f"/systems/{world.system.pk}/obligations/?state=odd").status_code == 422


def test_a_system_without_a_class_says_what_to_do(officer, world):
    bare = System.unscoped.create(organisation=world.organisation, name="Bare")
    assert "not classified yet" in page(officer, f"/systems/{bare.pk}/obligations/")
    assert "Nothing is asked" in page(officer, f"/systems/{bare.pk}/coverage/")


def test_one_obligation_says_what_satisfies_it_and_starts_the_job_that_does(officer, world):
    found = page(officer, f"/obligations/{world.duty.pk}/")
    for said in ("does not bind yet", "Fairness audit", "in force", "NIST AI RMF 1.0, MEASURE 2.11", "Our own mapping"):
        assert said in found
    (address,) = re.findall(rf'href="(/audits/new/\?model={world.model.pk}[^"]*)"', found)
    assert officer.get(address.replace("&amp;", "&")).status_code == 200
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model)
    found = page(officer, f"/obligations/{world.duty.pk}/")
    (address,) = re.findall(r'href="(/audits/new/[^"]*)"', found)
    assert f"dataset={world.dataset.pk}" in address
    assert "Compare people by" in page(officer, address.replace("&amp;", "&"))


def test_two_who_change_it_at_once_lose_nothing(officer, world):
    duty = duty_of(world, "art-9-1")
    mine = {"state": "in progress", "reason": "Mine", "edition": duty.edition}
    move(world.people["officer"], duty, {"reason": "Theirs"})
    answer = officer.post(f"/obligations/{duty.pk}/change/", mine)
    assert answer.status_code == 409
    assert {"Mine", "Theirs"} <= set(re.findall("Mine|Theirs", answer.content.decode()))
    assert duty_of(world, "art-9-1").reason == "Theirs"
    again = mine | {"edition": duty_of(world, "art-9-1").edition}
    assert officer.post(f"/obligations/{duty.pk}/change/", again).status_code == 302
    assert duty_of(world, "art-9-1").reason == "Mine"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"state": "not applicable"}, "Say why it is not applicable"),
        ({"state": "evidenced", "reason": "Kept"}, "Attach evidence first"),
        ({"state": "accepted", "reason": "Kept"}, "accepted is not one of the available choices"),
        ({"state": "in progress", "due_on": "soon", "reason": "Kept"}, "Write the day as 2026-11-21"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_typed_is_lost(officer, world, said, told):
    duty = duty_of(world, "art-9-1")
    answer = officer.post(f"/obligations/{duty.pk}/change/", said | {"edition": duty.edition})
    assert answer.status_code == 422
    assert told in text(answer)
    assert said.get("reason", "") in text(answer)


def test_an_approver_accepts_and_nobody_their_own_work(officer, world):
    address = f"/obligations/{world.duty.pk}/"
    assert "Accept: the evidence suffices" not in page(officer, address)
    assert officer.post(f"{address}accept/", {"edition": world.duty.edition}).status_code == 403
    officer.force_login(world.people["approver"])
    assert "Accept: the evidence suffices" in page(officer, address)
    stale = officer.post(f"{address}accept/", {"edition": world.duty.edition - 1})
    assert stale.status_code == 409
    assert officer.post(f"{address}accept/", {"edition": world.duty.edition}).status_code == 302
    assert "under consolidated 2026-07-27" in page(officer, address)
    assert Entry.unscoped.filter(verb="accepted", object_id=str(world.duty.pk)).count() == 1


def test_a_document_is_brought_for_an_obligation_and_handed_out_as_a_download_only(officer, world):
    duty = duty_of(world, "art-9-1")
    file = SimpleUploadedFile("plan.html", b"<script>alert(1)</script>", "text/html")
    said = {"title": "Risk plan", "type": "risk-management-plan", "file": file, "expires_on": "2027-01-01"}
    answer = officer.post(f"/systems/{world.system.pk}/evidence/document/?duty={duty.pk}", said, follow=True)
    made = Evidence.unscoped.get(title="Risk plan")
    assert "attached to Article 9(1)" in text(answer)
    assert (made.file_name, made.size, made.supports.get().duty) == ("plan.html", 25, duty)
    answer = officer.get(f"/evidence/{made.pk}/file/")
    assert b"".join(answer) == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]


def test_forty_megabytes_are_refused_clearly_and_nothing_typed_is_lost(officer, world):
    file = SimpleUploadedFile("scan.pdf", bytes(40 * 1024**2))
    said = {"title": "The scan of May", "type": "policy", "file": file, "expires_on": "2027-01-01"}
    answer = officer.post(f"/systems/{world.system.pk}/evidence/document/", said)
    assert answer.status_code == 422
    for told in ("The file has 40.0 MiB; at most 32 MiB are taken", "The scan of May", "2027-01-01"):
        assert told in text(answer)
    assert Evidence.unscoped.count() == 1


def test_what_the_server_itself_drops_is_told_at_the_file(officer, world, settings):
    settings.FORM_UPLOAD_BYTES = 10
    said = {"title": "The scan of May", "type": "policy", "file": SimpleUploadedFile("scan.pdf", bytes(11))}
    answer = officer.post(f"/systems/{world.system.pk}/evidence/document/", said)
    assert answer.status_code == 422
    assert "The file is too large: nothing of it was kept" in text(answer)
    assert "The scan of May" in text(answer)


def test_a_newer_version_takes_the_place_of_the_older_one(officer, world):
    where = f"/systems/{world.system.pk}/evidence/statement/?replaces={world.evidence.pk}"
    assert "A newer version of" in page(officer, where)
    said = {"title": "Signed anew", "type": "fairness-audit", "text": f"It holds. {ODD[:-1]}"}
    answer = officer.post(where, said, follow=True)
    found = text(answer)
    assert "attached to Article 10(2)(f)" in found
    assert "Version 1" in found
    assert SCRIPT not in found
    assert "there is a newer version of it" in page(officer, f"/evidence/{world.evidence.pk}/")
    assert "Stale" in page(officer, f"/obligations/{world.duty.pk}/")
    assert officer.post(where, said).status_code == 422  # version 1 has its successor


def test_one_piece_serves_several_frameworks(officer, world):
    follow(world.people["officer"], world.system, "nist-ai-rmf")
    address = f"/evidence/{world.evidence.pk}/"
    assert f'{address}#offers">two obligations that ask alike' in page(officer, f"/obligations/{world.duty.pk}/")
    assert "NIST AI RMF 1.0, MEASURE 2.11" in page(officer, address)
    other = duty_of(world, "measure-2-11")
    assert officer.post(f"{address}attach/", {"duties": [other.pk]}).status_code == 302
    assert duty_of(world, "measure-2-11").state == State.IN_PROGRESS
    detached = officer.post(f"/obligations/{other.pk}/detach/", {"evidence": world.evidence.pk})
    assert detached.status_code == 302
    assert officer.post(f"/obligations/{other.pk}/attach/", {"evidence": world.evidence.pk}).status_code == 302
    assert duty_of(world, "measure-2-11").supports.count() == 1


def test_a_new_result_is_attached_to_all_that_it_answers_to_with_one_click(officer, world):
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model)
    found = page(officer, f"/systems/{world.system.pk}/obligations/")
    assert "New results you can attach" in found
    (address,) = re.findall(r'action="(/systems/[^"]*/evidence/results/[^"]*)"', found)
    assert "attached to Article 10(2)(f) and 3 more" in text(officer.post(address, follow=True))
    assert "New results you can attach" not in page(officer, f"/systems/{world.system.pk}/obligations/")


def test_an_audit_that_answers_to_nothing_here_is_told(officer, world):
    Duty.unscoped.filter(system=world.system).update(is_asked=False)
    address = f"/systems/{world.system.pk}/evidence/results/{world.done.pk}/attach/".replace("/attach/", "/")
    assert "answers to nothing" in text(officer.post(address, follow=True))


def test_a_framework_is_followed_and_left(officer, world):
    address = f"/systems/{world.system.pk}/frameworks/"
    assert "held to GDPR" in text(officer.post(address, {"framework": "gdpr"}, follow=True))
    assert "followed no longer" in text(officer.post(address, {"framework": "gdpr", "leave": "1"}, follow=True))
    assert "There is no framework named" in text(officer.post(address, {"framework": ODD}, follow=True))


def test_coverage_is_drawn_with_its_finding_and_the_gaps_are_exported(officer, world):
    user = world.people["officer"]
    user.name = "=cmd()"
    user.save()
    move(user, duty_of(world, "art-9-1"), {"owner": user})
    address = f"/systems/{world.system.pk}/"
    found = page(officer, f"{address}coverage/")
    total = Duty.unscoped.filter(system=world.system).count()
    assert f"1 of {total} obligations is proven" in found
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in found
    assert "<title id=" in found
    assert "Chapter III, Section 2" in page(officer, f"{address}coverage.csv")
    lines = page(officer, f"{address}gaps.csv").splitlines()
    assert len(lines) == total  # the head, and all but one
    assert any("'=cmd()" in line for line in lines)
    gaps = json.loads(page(officer, f"{address}gaps.json"))["gaps"]
    assert {gap["what_is_missing"] for gap in gaps} == {"nothing supports it"}


def test_the_systems_page_says_how_far_it_is(officer, world):
    SystemPart.unscoped.all().delete()
    assert "1 is evidenced or accepted" in text(officer.get(f"/systems/{world.system.pk}/"))


def test_anothers_obligation_or_evidence_is_not_there(officer, world, elsewhere):
    theirs = {"evidence": elsewhere.evidence.pk}
    assert officer.post(f"/obligations/{world.duty.pk}/attach/", theirs).status_code == 404
    assert officer.post(f"/obligations/{world.duty.pk}/attach/", {"evidence": "x"}).status_code == 404
    more = {"duties": [elsewhere.duty.pk]}
    assert officer.post(f"/evidence/{world.evidence.pk}/attach/", more).status_code == 404
    for name, pk in (("duty", elsewhere.duty.pk), ("replaces", elsewhere.evidence.pk)):
        assert officer.get(f"/systems/{world.system.pk}/evidence/document/?{name}={pk}").status_code == 404
    result = f"/systems/{world.system.pk}/evidence/results/{elsewhere.done.pk}/"
    assert officer.post(result).status_code == 404
    assert officer.post(f"/systems/{world.system.pk}/evidence/audit/", {"audit": elsewhere.done.pk}).status_code == 404
