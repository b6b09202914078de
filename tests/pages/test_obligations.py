"""Obligations and evidence on pages: from the board to what is accepted, and what is refused on the way."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import escape
from openpyxl import load_workbook

from audits.models import Audit
from governance.frameworks.requirements import framework
from governance.obligations import views
from governance.obligations.board import ACT, follow, move
from governance.obligations.models import Duty, Evidence, State
from governance.systems.models import System, SystemPart
from governance.systems.register import add_part
from models.jobs.models import Job
from models.jobs.signals import job_finished
from models.registry.models import ModelVersion
from models.trail.models import Entry
from tests.pages.conftest import ODD, finish

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
    for sure in ("Text in force.", "Text in force; its day: our reading.", "Published."):
        assert sure in found
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
    assert f"/obligations/{world.duty.pk}/" in page(officer, f"{board}?show=nobodys")
    move(world.people["officer"], world.duty, {"owner": world.people["officer"]})
    assert f"/obligations/{world.duty.pk}/" not in page(officer, f"{board}?show=nobodys")
    Duty.unscoped.filter(pk=world.duty.pk).update(owner=engineer)
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
    found = page(officer, f"/systems/{bare.pk}/coverage/")
    assert "what of that is missing, is not known" in found
    assert "Nothing is missing" not in found


def test_one_obligation_says_what_satisfies_it_and_starts_the_job_that_does(officer, world):
    found = page(officer, f"/obligations/{world.duty.pk}/")
    for said in ("does not bind yet", "Fairness audit", "in force", "NIST AI RMF 1.0, MEASURE 2.11", "Our own mapping"):
        assert said in found
    assert f"Start an audit of <bdi>{escape(str(world.model))}" in found


def like_a_models(audit: Audit, world) -> Audit:
    """The audit as one that the model's predictions were made for."""
    asked = audit.parameters | {"model": True, "prediction": None}
    Audit.unscoped.filter(pk=audit.pk).update(model=world.model, parameters=asked)
    return Audit.unscoped.get(pk=audit.pk)


def test_one_click_starts_the_audit_as_it_was_made_before_and_its_result_attaches_itself(
    officer, world, made, django_capture_on_commit_callbacks
):
    before = like_a_models(world.done, world)
    address = f"/obligations/{world.duty.pk}/"
    answer = officer.post(f"{address}start/", {"version": world.model.pk}, follow=True)
    assert "is attached to Article 10(2)(f) by itself" in text(answer)
    begun = Audit.unscoped.exclude(pk=before.pk).get(model=world.model)
    same = {name: value for name, value in begun.parameters.items() if name not in ("cross_check", "suppress")}
    assert same == {name: before.parameters[name] for name in same}
    assert (begun.dataset_id, begun.policy) == (before.dataset_id, before.policy)
    assert "is under way for it" in page(officer, address)
    with django_capture_on_commit_callbacks(execute=True):
        finish(begun, made)
        job_finished.send(Job, job=Job.unscoped.get(pk=begun.job_id))
    attached = Evidence.unscoped.get(audit=begun)
    assert {each.duty.requirement for each in attached.supports.all()} >= {"art-10-2-f", "art-15-1"}
    assert attached.author == world.people["officer"]
    assert "is under way for it" not in page(officer, address)


def test_an_audit_that_was_never_made_is_asked_how_and_its_result_attaches_itself_too(
    officer, world, made, django_capture_on_commit_callbacks
):
    answer = officer.post(f"/obligations/{world.duty.pk}/start/", {"version": world.model.pk})
    (form,) = re.findall(rf"/audits/new/\?model={world.model.pk}&number=([0-9a-f-]+)", answer["Location"])
    assert f'value="{form}"' in page(officer, answer["Location"])
    chosen = f"/audits/new/?dataset={world.dataset.pk}&model={world.model.pk}&number={form}"
    assert f'name="number" value="{form}"' in page(officer, chosen)
    said = {"sensitive": ["sex"], "label": "label", "positive": "1", "favourable": "1", "seed": 0, "number": form}
    answer = officer.post(chosen, said)
    assert answer.status_code == 302, text(answer)
    begun = Audit.unscoped.get(pk=form)
    with django_capture_on_commit_callbacks(execute=True):
        finish(begun, made)
        job_finished.send(Job, job=Job.unscoped.get(pk=begun.job_id))
    assert Evidence.unscoped.get(audit=begun).supports.filter(duty=world.duty).exists()


def test_what_an_engineer_starts_is_proposed_and_not_attached(client, world, made, django_capture_on_commit_callbacks):
    before = like_a_models(world.done, world)
    client.force_login(world.people["engineer"])
    answer = client.post(f"/obligations/{world.duty.pk}/start/", {"version": world.model.pk}, follow=True)
    assert "is proposed to those who may attach it" in text(answer)
    begun = Audit.unscoped.exclude(pk=before.pk).get(model=world.model)
    with django_capture_on_commit_callbacks(execute=True):
        finish(begun, made)
        job_finished.send(Job, job=Job.unscoped.get(pk=begun.job_id))
    assert not Evidence.unscoped.filter(audit=begun).exists()
    assert f"/audits/{begun.pk}/" in page(client, f"/systems/{world.system.pk}/obligations/")


def test_what_cannot_be_asked_as_before_is_asked_by_the_form(officer, world):
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model)  # by a column, not by the model
    answer = officer.post(f"/obligations/{world.duty.pk}/start/", {"version": world.model.pk})
    assert answer["Location"].startswith(f"/audits/new/?model={world.model.pk}&dataset={world.dataset.pk}&number=")
    assert "It cannot be asked as before" in page(officer, answer["Location"])
    nothing = {"version": "0" * 8}
    assert officer.post(f"/obligations/{world.duty.pk}/start/", nothing).status_code == 404


def test_a_result_is_dismissed_for_a_reason_and_proposed_no_more(officer, world):
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model)
    Audit.unscoped.filter(pk=world.earlier.pk).update(model=world.model)
    board = f"/systems/{world.system.pk}/obligations/"
    (address,) = re.findall(r'href="(/systems/[^"]*/dismiss/)"', page(officer, board))
    assert str(world.done.pk) in address
    assert "Say why it is no evidence" in text(officer.post(address, {"reason": "  "}))
    assert "Dismissed" in text(officer.post(address, {"reason": ODD[:-1]}, follow=True))
    assert "New results you can attach" not in page(officer, board)  # the older one does not come up in its place
    kept = page(officer, f"/systems/{world.system.pk}/evidence/")
    assert "Results that were dismissed" in kept
    assert SCRIPT not in kept
    assert Entry.unscoped.get(verb="result dismissed").facts["audit"] == str(world.done.pk)
    assert "Somebody else dismissed it" in text(officer.post(address, {"reason": "Again"}))


def test_a_requirement_that_is_gone_from_the_law_is_said_to_be_and_breaks_no_page(officer, world):
    Duty.unscoped.filter(pk=world.duty.pk).update(requirement="art-999-z", due_on="2027-01-01", state="in progress")
    for address in (
        f"/obligations/{world.duty.pk}/", f"/obligations/{world.duty.pk}/change/", f"/evidence/{world.evidence.pk}/",
        f"/systems/{world.system.pk}/obligations/", f"/systems/{world.system.pk}/evidence/", "/calendar/",
    ):  # fmt: skip
        assert "Gone from the text that is held" in page(officer, address) or "evidence/" in address, address
    for address in ("/", f"/systems/{world.system.pk}/", f"/systems/{world.system.pk}/coverage/"):
        page(officer, address)
    Duty.unscoped.filter(pk=world.duty.pk).update(framework="cobit")
    for address in (f"/obligations/{world.duty.pk}/", f"/systems/{world.system.pk}/obligations/"):
        assert "Gone from the text that is held" in page(officer, address)


def test_what_is_asked_only_if_something_happens_counts_once_that_is_said(officer, world):
    duty = Duty.unscoped.filter(system=world.system).exclude(where="").first()
    address, coverage = f"/obligations/{duty.pk}/", f"/systems/{world.system.pk}/coverage/"
    assert "so nothing is missing" in page(officer, address)
    assert "nobody said that their condition holds" in page(officer, coverage)
    gaps = f"/systems/{world.system.pk}/gaps.json"
    assert str(duty.pk) not in page(officer, gaps)
    said = {"state": "not started", "holds": "on", "edition": duty.edition}
    assert officer.post(f"{address}change/", said).status_code == 302
    assert "It was said to hold that" in page(officer, address)
    assert str(duty.pk) in page(officer, gaps)
    other = duty_of(world, "art-9-1")
    officer.post(f"/obligations/{other.pk}/change/", said | {"edition": other.edition})
    assert not duty_of(world, "art-9-1").holds  # there is no condition to hold


def test_a_newer_version_of_a_model_is_told_on_the_board(officer, world):
    newer = ModelVersion.unscoped.get(pk=world.model.pk)
    newer.pk, newer.number, newer._state.adding = None, 2, True
    newer.sha256 = "1" * 64
    newer.save(force_insert=True)
    board = f"/systems/{world.system.pk}/obligations/"
    assert "version 2 is registered and newer" in text(officer.get(board))
    add_part(world.people["officer"], world.system, newer)
    assert "is registered and newer" not in text(officer.get(board))


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
    only_if = Duty.unscoped.filter(system=world.system).exclude(where="").count()
    assert f"1 of {total - only_if} obligations is proven" in found
    assert '<rect x="0' in found
    assert "Chapter III, Section 2" in page(officer, f"{address}coverage.csv")
    lines = page(officer, f"{address}gaps.csv").splitlines()
    assert len(lines) == total - only_if  # the head, and all but one
    assert any("'=cmd()" in line for line in lines)
    assert any("coming,2027-12-02" in line for line in lines)
    sheet = load_workbook(BytesIO(officer.get(f"{address}gaps.xlsx").content)).active
    assert (sheet.title, sheet.max_row) == ("Gaps", total - only_if)
    assert "'=cmd()" in {cell.value for cell in sheet["J"]}
    assert "f" not in {cell.data_type for row in sheet for cell in row}  # no formula
    board = load_workbook(BytesIO(officer.get(f"{address}obligations.xlsx").content)).active
    assert {cell.value for cell in board["D"]} == {"When", "binds now", "coming", "only if"}
    assert officer.get(f"{address}gaps.exe").status_code == 404
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
