"""Risk assessments: written, frozen, signed by a second person, compared; and two who act at once."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date

import pytest
from django.db import connection, transaction
from django.utils import timezone

from governance.assessments import guard, signing
from governance.assessments.job_kinds import KIND, Done, save
from governance.assessments.models import Assessment, State
from governance.assessments.reporting import report_of
from governance.assessments.snapshot import snapshot_of
from governance.forget import forget
from governance.incidents import keeping as incidents
from governance.obligations.board import attach, move
from governance.obligations.evidence import About, bring_audit
from governance.risks import keeping as risks
from governance.risks.models import Risk
from governance.risks.statements import write as write_statement
from governance.systems.answering import answer
from governance.systems.classifying import record_standing, today
from models.accounts.delegation import give
from models.accounts.models import Membership, User
from models.accounts.permission import Forbidden
from models.errors import InputError
from models.jobs.models import Job
from models.registry.models import Immutable
from models.trail.models import Entry
from tests.models.people import person


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


@pytest.fixture
def approver(client, world):
    client.force_login(world.people["approver"])
    return client


@pytest.fixture
def draft(world) -> Assessment:
    return signing.send_back(world.people["approver"], world.assessment, "Once more.")


def approved(world) -> Assessment:
    return signing.approve(world.people["approver"], world.assessment, world.assessment.sha256, "It is careful.")


def page(client, address: str) -> str:
    return client.get(address).content.decode()


def test_it_is_begun_written_sent_into_review_and_signed_by_somebody_else(client, world):
    approved(world)
    client.force_login(world.people["officer"])
    begun = client.post(f"/systems/{world.system.pk}/assessments/begin/")
    made = Assessment.unscoped.get(system=world.system, state=State.DRAFT)
    assert begun["Location"] == f"/assessments/{made.pk}/write/"
    said = {
        "as_of": "2026-11-21",
        "summary": "It refuses too many.",
        "not_assessed": "The vendor's data.",
        "edition": 1,
    }
    assert client.post(f"/assessments/{made.pk}/write/", said).status_code == 302
    shown = page(client, f"/assessments/{made.pk}/")
    assert "The vendor&#39;s data." in shown
    assert "obligations (coming) without any evidence" in shown
    assert "DRAFT: not approved" in shown
    assert client.post(f"/assessments/{made.pk}/submit/", {"edition": 2}).status_code == 302
    made.refresh_from_db()
    assert hashlib.sha256(made.snapshot.encode()).hexdigest() == made.sha256
    assert client.get(f"/assessments/{made.pk}/approve/").status_code == 403
    client.force_login(world.people["approver"])
    assert f"Risk assessment {made.number} of" in page(client, "/assessments/")
    assert made.sha256 in page(client, f"/assessments/{made.pk}/approve/")
    sent = {"sha256": made.sha256, "decision": "Accepted for a year."}
    assert client.post(f"/assessments/{made.pk}/approve/", sent).status_code == 302
    shown = page(client, f"/assessments/{made.pk}/")
    assert "Accepted for a year." in shown
    assert "DRAFT: not approved" not in shown
    world.assessment.refresh_from_db()
    assert world.assessment.state == State.SUPERSEDED
    made.refresh_from_db()
    signed = Entry.unscoped.get(organisation=world.organisation, sequence=made.trail_sequence)
    assert (signed.verb, signed.hash, signed.object_id) == ("approved", made.trail_head, str(made.pk))


def test_no_author_approves_nor_who_stands_in_for_one(world):
    give(world.people["officer"], world.organisation, world.people["approver"], date.today(), date.today())
    with pytest.raises(Forbidden, match="somebody you stand in for"):
        approved(world)


def answers_a_question(world, user: User) -> None:
    """And somebody else records the class."""
    answer(user, world.system, {"machine": ("yes", "It computes.")})
    record_standing(world.people["officer"], world.system, today())


def writes_a_statement(world, user: User) -> None:
    write_statement(user, world.system, "oversight", {"art-14-4-a": "A clerk looks."}, seen=None)


def attaches(world, user: User) -> None:
    about = About(title="Fairness", type="fairness-audit")
    attach(user, world.duty, bring_audit(world.people["officer"], world.system, world.done, about))


@pytest.mark.parametrize(
    "part",
    [
        lambda world, user: signing.write(user, world.assessment, {"summary": "Mine."}),
        answers_a_question,
        writes_a_statement,
        attaches,
        lambda world, user: risks.begin(user, world.system, {"hazard": "Refused for age"}),
        lambda world, user: risks.change(user, world.risk, {"cause": "Old data"}, None),
        lambda world, user: incidents.begin(
            user, world.system, {"title": "Down", "aware_at": timezone.now(), "known": "Little."}
        ),
    ],
    ids=["wrote", "answered", "statement", "attached", "risk", "changed a risk", "incident"],
)
def test_who_had_a_part_in_what_it_tells_never_approves_it_whatever_their_role_is_by_then(world, draft, part):
    """They were an officer when they did it, and were made an approver since."""
    once = person("officer", world.organisation, email="once@example.org")
    part(world, once)
    Membership.unscoped.filter(user=once).update(role="approver")
    sent = signing.submit(world.people["officer"], Assessment.unscoped.get(pk=draft.pk))
    assert once.pk in sent.authors
    assert {"id": once.pk, "name": str(once)} in json.loads(sent.snapshot)["authors"]
    with pytest.raises(Forbidden, match="had a part in this assessment"):
        signing.approve(once, sent, sent.sha256)
    assert signing.approve(world.people["approver"], sent, sent.sha256).state == State.APPROVED


def test_whose_stand_in_wrote_is_an_author_too(world, draft):
    away = person("officer", world.organisation, email="away@example.org")
    give(away, world.organisation, world.people["engineer"], date.today(), date.today())
    signing.write(world.people["engineer"], draft, {"summary": "In your place."})
    Membership.unscoped.filter(user=away).update(role="approver")
    sent = signing.submit(world.people["officer"], Assessment.unscoped.get(pk=draft.pk))
    with pytest.raises(Forbidden, match="had a part in this assessment"):
        signing.approve(away, sent, sent.sha256)


def test_the_authors_of_what_is_taken_over_and_of_the_class_stay_authors(world):
    approved(world)
    administrator = world.people["administrator"]
    made = signing.submit(administrator, signing.begin(administrator, world.system))
    assert {administrator.pk, world.people["officer"].pk} <= set(made.authors)
    assert world.people["approver"].pk not in made.authors


@pytest.mark.parametrize("where", ["approve", "send-back"])
def test_a_page_that_decides_is_not_opened_for_a_draft(approver, world, draft, where):
    answer = approver.get(f"/assessments/{draft.pk}/{where}/", follow=True)
    assert answer.redirect_chain == [(f"/assessments/{draft.pk}/", 302)]
    assert "Nothing is to be decided: it is not in review." in answer.content.decode()


def test_an_approval_of_something_else_than_was_seen_is_refused(approver, world, draft):
    address, seen = f"/assessments/{draft.pk}/approve/", world.assessment.sha256
    signing.write(world.people["officer"], draft, {"summary": "Otherwise."})
    now = signing.submit(world.people["officer"], draft)
    assert now.sha256 != seen
    answer = approver.post(address, {"sha256": seen, "decision": "Fine."})
    assert answer.status_code == 409
    assert "Fine." in answer.content.decode()
    assert now.sha256 in answer.content.decode()
    now.refresh_from_db()
    assert now.state == State.IN_REVIEW


def test_what_was_frozen_stays_whatever_happens_to_the_system(officer, world):
    made = approved(world)
    Risk.unscoped.create(organisation=world.organisation, system=world.system, number=9, hazard="New and terrible")
    assert "New and terrible" not in page(officer, f"/assessments/{made.pk}/")
    with pytest.raises(InputError, match="it would have to be draft"):
        signing.write(world.people["officer"], made, {"summary": "Mine"})
    with pytest.raises(InputError, match="it would have to be in review"):
        signing.send_back(world.people["approver"], made, "No.")
    with pytest.raises(Immutable):
        made.comments.first().save()


def test_what_was_changed_in_the_database_itself_is_said_and_not_signed(approver, world):
    snapshot = world.assessment.snapshot.replace('"number":1', '"number":2', 1)
    guard.remove(connection)  # as who owns the database can
    Assessment.unscoped.filter(pk=world.assessment.pk).update(snapshot=snapshot)
    guard.install(connection)
    world.assessment.refresh_from_db()
    assert "its hash is another" in page(approver, f"/assessments/{world.assessment.pk}/")
    with pytest.raises(InputError, match="What is kept is not what was sent into review"):
        approved(world)


def test_names_stay_when_their_account_goes(client, world, draft):
    sent = signing.submit(world.people["officer"], draft)
    made = signing.approve(world.people["approver"], sent, sent.sha256, "Yes.")
    names = [str(world.people[role]) for role in ("officer", "approver")]
    before = report_of(Assessment.unscoped.get(pk=made.pk))
    person("administrator", world.organisation, email="another@example.org")
    client.force_login(world.people["auditor"])
    for role in ("approver", "officer"):
        forget(world.people[role], None, "Left.")
    after = report_of(Assessment.unscoped.get(pk=made.pk))
    assert after == before
    notice = page(client, f"/assessments/{made.pk}/").partition("is approved by")[2]
    assert notice.lstrip().startswith(f"<bdi>{names[1]}</bdi>"), "the notice tells what the record tells"
    assert after["sign_off"]["approved_by"] == names[1]
    assert after["snapshot"]["sent"]["name"] == names[0]


def test_a_draft_has_its_pdf_when_it_is_asked_for_and_loses_it_when_it_changes(officer, world, draft):
    assert officer.post(f"/assessments/{draft.pk}/print/").status_code == 302
    draft.refresh_from_db()
    job = Job.unscoped.get(pk=draft.job_id)
    assert (job.params["state"], job.kind) == ("draft", KIND)
    with transaction.atomic():
        save(job, Done("1" * 64))
    assert f"/assessments/{draft.pk}/report.pdf" in page(officer, f"/assessments/{draft.pk}/")
    draft.refresh_from_db()
    signing.write(world.people["officer"], draft, {"summary": "Otherwise."})
    assert f"/assessments/{draft.pk}/report.pdf" not in page(officer, f"/assessments/{draft.pk}/")
    assert save(job, Done("2" * 64)) == {"report": None}


def test_what_is_signed_stands_on_the_page_on_which_it_is_signed(approver, world):
    shown = page(approver, f"/assessments/{world.assessment.pk}/approve/")
    assert 'id="obligations"' in shown
    assert world.assessment.sha256 in shown


def test_two_who_write_at_once_lose_nothing(officer, world, draft):
    signing.write(world.people["officer"], draft, {"summary": "Theirs"})
    said = {"as_of": "2026-11-21", "summary": "Mine", "not_assessed": "", "edition": draft.edition}
    answer = officer.post(f"/assessments/{draft.pk}/write/", said)
    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()
    assert "Theirs" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.summary == "Theirs"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"as_of": ""}, "Say for which day it is"),
        ({"as_of": "2026-01-01"}, "consolidated on 2026-07-27"),
        ({"summary": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(officer, draft, more, told):
    said = {"as_of": "2026-11-21", "summary": "", "not_assessed": "Kept", "edition": draft.edition} | more
    answer = officer.post(f"/assessments/{draft.pk}/write/", said)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert "Kept" in answer.content.decode()


def test_only_one_is_under_way_and_none_is_sent_without_a_class(officer, world):
    with pytest.raises(InputError, match="is under way"):
        signing.begin(world.people["officer"], world.system)
    from governance.systems.register import begin

    bare = begin(world.people["officer"], world.organisation, {"name": "Bare"})
    made = signing.begin(world.people["officer"], bare)
    assert "not classified" in page(officer, f"/assessments/{made.pk}/")
    with pytest.raises(InputError, match="Classify the system first"):
        signing.submit(world.people["officer"], made)


def test_the_comparison_names_what_changed_since_the_last_approval(officer, world):
    before = approved(world)
    people = world.people
    about = About(title="Fairness of the scores", type="fairness-audit")
    attach(people["officer"], world.duty, bring_audit(people["officer"], world.system, world.done, about))
    move(people["officer"], world.duty, {"state": "in progress"})
    risk = {"hazard": "Refused for age", "likelihood": 4, "severity": 4}
    Risk.unscoped.create(organisation=world.organisation, system=world.system, number=9, **risk)
    made = signing.begin(people["officer"], world.system)
    shown = page(officer, f"/assessments/{made.pk}/compare/")
    for said in (
        "Fairness of the scores",
        "In progress, applies from",
        "9. Refused for age",
        "High (16: 4 × 4) before and not judged",
    ):
        assert said in shown
    assert "Verdicts of audits" in shown
    assert f"since risk assessment {before.number} was approved" in shown


def test_the_first_one_has_nothing_to_compare_with_and_the_next_names_whom_it_supersedes(client, world):
    first = world.assessment
    link = "/compare/"
    client.force_login(world.people["approver"])
    for address in (f"/assessments/{first.pk}/", f"/assessments/{first.pk}/approve/"):
        assert link not in page(client, address)
    signed = approved(world)
    made = signing.submit(world.people["officer"], signing.begin(world.people["officer"], world.system))
    assert link in page(client, f"/assessments/{made.pk}/")
    assert "Risk assessment 1, approved before, is superseded by it" in page(client, f"/assessments/{made.pk}/approve/")
    assert f"It follows assessment 1 ({signed.sha256[:10]})" in " ".join(
        words_of(page(client, f"/assessments/{made.pk}/"))
    )
    signing.approve(world.people["approver"], made, made.sha256, "")
    told = [each.facts["supersedes"] for each in Entry.unscoped.filter(verb="approved").order_by("sequence")]
    assert told == [[], [{"id": str(first.pk), "number": 1}]]


def words_of(html: str) -> list[str]:
    return re.sub(r"<[^>]+>", " ", html).split()


def test_a_statement_is_told_in_the_order_of_the_law_with_the_points_of_which_nothing_is_said(world):
    write_statement(
        world.people["officer"], world.system, "fria", {"art-27-1-c": "Clients.", "art-27-1-a": "Weekly."}, 0
    )
    (told,) = [each for each in snapshot_of(world.assessment)["statements"] if each["kind"] == "fria"]
    assert [(point["id"][-1], point["text"]) for point in told["points"]] == [
        ("a", "Weekly."), ("b", ""), ("c", "Clients."), ("d", ""), ("e", ""), ("f", "")
    ]  # fmt: skip


def test_an_answer_that_was_changed_since_the_class_was_recorded_is_told(world):
    said = "Answered otherwise since the class was recorded, and so not in it: “Does a computer do the work?”."
    assert not any("Answered otherwise" in each for each in snapshot_of(world.assessment)["not_assessed"]["follows"])
    answer(world.people["officer"], world.system, {"machine": ("no", "It is a list on paper.")})
    world.assessment.system.placed_on = date(2026, 1, 2)
    follows = snapshot_of(world.assessment)["not_assessed"]["follows"]
    assert follows[:2] == [said, "The day on the market or in service was changed since the class was recorded."]


def test_a_snapshot_is_the_same_each_time_and_holds_figures_with_intervals_and_hashes(world):
    people = world.people
    about = About(title="Fairness", type="fairness-audit")
    attach(people["officer"], world.duty, bring_audit(people["officer"], world.system, world.done, about))
    one, other = (json.dumps(snapshot_of(world.assessment), sort_keys=True) for _ in range(2))
    assert one == other
    told = json.loads(one)
    audit = told["audits"][0]
    assert audit["sha256"] == world.done.evidence
    assert {"value", "interval", "n", "id"} <= set(audit["measurements"][0])
    assert told["models"][0]["sha256"] == world.model.sha256
    duty = next(each for each in told["obligations"] if each["requirement"] == "art-10-2-f")
    assert {piece["sha256"] for piece in duty["evidence"]} == {world.evidence.sha256, world.done.evidence}


def test_a_job_prints_what_is_still_so_and_nothing_else(world, draft):
    sent = signing.submit(world.people["officer"], draft)
    job = Job.unscoped.get(pk=sent.job_id)
    assert (job.kind, job.created_by) == (KIND, None)
    signing.send_back(world.people["approver"], sent, "No.")
    assert save(job, Done("0" * 64)) == {"report": None}
    draft.refresh_from_db()
    assert draft.report == ""
    sent = signing.submit(world.people["officer"], draft)
    with transaction.atomic():
        save(Job.unscoped.get(pk=sent.job_id), Done("1" * 64))
    draft.refresh_from_db()
    assert draft.report == "1" * 64
