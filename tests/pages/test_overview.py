"""The first page: its heading is the answer, and each row says what to do, why now and what is known."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audits.models import Audit
from governance.assessments.models import Assessment
from governance.assessments.models import State as AssessmentState
from governance.obligations.models import Duty
from governance.obligations.models import State as Proof
from governance.overview import overview, sums
from governance.reviews.keeping import plan
from governance.risks.models import Risk
from governance.systems.answering import answer as answer_it
from governance.systems.classifying import record_standing
from governance.systems.models import System
from governance.systems.register import begin
from models.accounts.roles import Role
from models.jobs.models import Job, State
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion
from tests.models.people import organisation, person
from tests.pages.crowd import crowd


@pytest.fixture
def engineer(client, world):
    client.force_login(world.people["engineer"])
    return client


def heading(client) -> str:
    (found,) = re.findall(r"<h1>(.*?)</h1>", client.get("/").content.decode())
    return found


def settled(world) -> None:
    """Nothing of the world needs anybody: its jobs are done, its one audit passes, its model was audited."""
    Audit.unscoped.filter(organisation=world.organisation).exclude(pk=world.done.pk).update(verdict="", evidence="")
    Job.unscoped.update(state=State.SUCCEEDED, finished_at=timezone.now(), error="")
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model, verdict="pass", outcomes={"pass": 3})


def audited(world, version: ModelVersion, verdict: str, rules: dict[str, str], minutes: int = 0) -> Audit:
    """A finished audit of this version, so many minutes from now."""
    job = Job.unscoped.create(
        kind="audit", title="Audit", organisation=world.organisation, state=State.SUCCEEDED, time_limit=1,
        memory_limit=1,
    )  # fmt: skip
    return Audit.unscoped.create(
        job=job, model=version, dataset=world.dataset, verdict=verdict, rules=rules, evidence="e" * 64,
        outcomes={outcome: list(rules.values()).count(outcome) for outcome in set(rules.values())},
        parameters=world.done.parameters, policy=world.done.policy, organisation=world.organisation,
        created_by=world.people["engineer"], created_at=timezone.now() + timedelta(minutes=minutes),
    )  # fmt: skip


def version(world, name: str, number: int = 1) -> ModelVersion:
    mine = {"organisation": world.organisation, "created_by": world.people["engineer"]}
    model, _ = Model.unscoped.get_or_create(name=name, organisation=world.organisation, defaults=mine)
    return ModelVersion.unscoped.create(
        model=model, number=number, sha256=f"{abs(hash((name, number))):064x}"[:64], size=1, file_name="m.onnx",
        format="onnx", stored_signature=world.model.stored_signature, **mine,
    )  # fmt: skip


def test_who_is_new_is_led_through_the_first_steps_and_what_is_done_is_ticked(client, made, files, db):
    at = organisation("New Bank")
    user = person(Role.ENGINEER, at)
    client.force_login(user)
    assert heading(client) == "Begin with data to audit on"
    page = client.get("/").content.decode()
    assert page.count(">To do<") == 4
    assert 'href="/datasets/register/"' in page
    mine = {"organisation": at, "created_by": user}
    DatasetVersion.unscoped.create(
        dataset=Dataset.unscoped.create(name="People", **mine), number=1, sha256="a" * 64, size=1, file_name="a.csv",
        kind="csv", rows=1, stored_profile=made.profile, **mine,
    )  # fmt: skip
    assert heading(client) == "Everything is ready for a first audit"
    page = client.get("/").content.decode()
    assert (page.count(">Done<"), page.count(">To do<")) == (1, 3)


def test_after_the_first_audit_the_steps_lead_to_its_result_and_after_the_second_they_are_gone(engineer, world):
    settled(world)
    page = engineer.get("/").content.decode()
    assert "The first steps" in page
    assert f'<a href="/audits/{world.done.pk}/">Read the result' in page
    audited(world, version(world, "Second"), "pass", {"a": "pass"})
    assert "The first steps" not in engineer.get("/").content.decode()


def test_a_reader_is_told_who_does_the_first_steps(client, db):
    at = organisation("New Bank")
    client.force_login(person(Role.AUDITOR, at))
    page = client.get("/").content.decode()
    assert "takes these steps; you see how far they are" in page
    assert 'href="/datasets/register/"' not in page


def test_nothing_needs_anybody_when_all_is_well(engineer, world):
    settled(world)
    assert heading(engineer) == "Nothing needs anybody now"


def test_a_failing_model_a_failed_job_an_open_rule_and_a_new_version_each_need_somebody(engineer, world):
    settled(world)
    credit, hiring = version(world, "Credit"), version(world, "Hiring")
    audited(world, credit, "pass", {"a": "pass"}, minutes=-60)
    failing = audited(world, credit, "fail", {"a": "fail", "b": "pass"}, minutes=-30)
    audited(world, hiring, "inconclusive", {"a": "inconclusive"}, minutes=-30)
    broken = world.waiting.job
    Job.unscoped.filter(pk=broken.pk).update(state=State.FAILED, error="the disk is full", finished_at=timezone.now())
    fresh = version(world, "Fresh")
    assert heading(engineer) == "Four things need somebody"
    page = engineer.get("/").content.decode()
    assert "One model fails a rule, one job failed this week, one model is too close to call, one new" in page
    assert f'<a href="/audits/{failing.pk}/"><bdi>Credit version 1</bdi></a>' in page
    assert "1 of 2 fails. The audit before passed." in page
    assert "The disk is full" in page
    assert f'href="/audits/new/?model={fresh.pk}"' in page


def test_only_the_newest_audit_of_a_model_counts_and_only_the_newest_version_waits(engineer, world):
    settled(world)
    first, second = version(world, "Credit"), version(world, "Credit", 2)
    audited(world, first, "fail", {"a": "fail"}, minutes=-60)
    assert heading(engineer) == "Two things need somebody"
    audited(world, second, "pass", {"a": "pass"}, minutes=-30)
    assert heading(engineer) == "Nothing needs anybody now"
    version(world, "Hiring")
    version(world, "Hiring", 2)
    needs = overview(world.organisation).needs
    assert [need.title for need in needs] == ["Audit Hiring version 2"]


def test_a_job_that_was_tried_again_or_failed_long_ago_needs_nobody(engineer, world):
    settled(world)
    failed = Job.unscoped.filter(pk=world.waiting.job_id)
    failed.update(state=State.FAILED, error="x", finished_at=timezone.now())
    assert heading(engineer) == "One thing needs somebody"
    Job.unscoped.filter(pk=world.failed.pk).update(retry_of=world.waiting.job_id)
    assert heading(engineer) == "Nothing needs anybody now"
    Job.unscoped.filter(pk=world.failed.pk).update(retry_of=None)
    failed.update(finished_at=timezone.now() - timedelta(days=8))
    assert heading(engineer) == "Nothing needs anybody now"


def test_verdicts_that_changed_stand_with_what_they_were_and_lead_to_the_comparison(engineer, world):
    settled(world)
    rule = world.done.policy["rules"][0]
    credit = version(world, "Credit")
    audited(world, credit, "pass", {f"{rule['id']}[sex]": "pass", "x": "pass"}, minutes=-60)
    later = audited(world, credit, "inconclusive", {f"{rule['id']}[sex]": "inconclusive", "x": "pass"}, minutes=-30)
    page = engineer.get("/").content.decode()
    changed = page.split("What changed this month")[1].split("Latest audits")[0]
    assert f'href="/audits/{later.pk}/comparison/"' in changed
    assert f"{rule.get('title') or rule['id']} (sex)" in changed.replace("&#x27;", "'")
    assert re.search(r"Passes</span>.*and is now.*Too close to call", changed, re.DOTALL)


def test_of_very_many_needs_the_first_are_shown_and_said_to_be_the_first(engineer, world):
    crowd(world, range(30))
    assert heading(engineer) == "More than 10 things need somebody"
    assert len(overview(world.organisation).needs) == 10


def test_another_organisations_needs_are_not_ours(engineer, world, elsewhere):
    settled(world)
    Job.unscoped.filter(organisation=elsewhere.organisation).update(
        state=State.FAILED, finished_at=timezone.now(), error="theirs"
    )
    assert heading(engineer) == "Nothing needs anybody now"
    assert "theirs" not in engineer.get("/").content.decode()


def test_what_fails_is_found_behind_any_number_of_newer_audits_that_pass(world):
    settled(world)
    old = version(world, "Old")
    audited(world, old, "pass", {"a": "pass"}, minutes=-200)
    audited(world, old, "fail", {"a": "fail"}, minutes=-100)
    for number in range(40):
        audited(world, version(world, f"New {number}"), "pass", {"a": "pass"}, minutes=number + 1)
    found = overview(world.organisation)
    assert [(need.tone, need.title) for need in found.needs] == [("fail", "Old version 1")]
    assert "The audit before passed." in found.needs[0].why
    assert [str(audit.model) for audit in found.latest] == [f"New {number} version 1" for number in range(39, 34, -1)]
    assert [(change.audit.model, change.rules) for change in found.changes] == [(old, (("a", "pass", "fail"),))]
    assert found.audited == 42


def test_what_is_overdue_about_systems_comes_first_for_an_officer_and_last_for_an_engineer(client, world):
    settled(world)
    audited(world, version(world, "Hiring"), "fail", {"a": "fail"})
    said = {"what": "Drift of the scores", "due_on": timezone.now().date() - timedelta(days=2)}
    plan(world.people["officer"], world.system, said)
    assert [need.label for need in overview(world.organisation, systems_first=True).needs] == ["Overdue", "Fails"]
    for role, titles in (("officer", ["Drift", "Hiring"]), ("engineer", ["Hiring", "Drift"])):
        client.force_login(world.people[role])
        page = client.get("/").content.decode().split("What is next")[0]
        assert "One thing is overdue, one model fails a rule" in page
        assert sorted(titles, key=page.rindex) == titles


def test_many_that_are_overdue_leave_room_for_what_fails(world):
    settled(world)
    audited(world, version(world, "Hiring"), "fail", {"a": "fail"})
    day = timezone.now().date()
    for number in range(12):
        plan(world.people["officer"], world.system, {"what": f"R{number}", "due_on": day - timedelta(days=number + 1)})
    found = overview(world.organisation, systems_first=True)
    assert (found.cut, [need.label for need in found.needs]) == (True, ["Overdue"] * 9 + ["Fails"])


def test_what_is_next_and_what_class_changed_are_told(engineer, world):
    answer_it(world.people["officer"], world.system, {"machine": ("no", "")})
    record_standing(world.people["officer"], world.system, timezone.now().date())
    page = engineer.get("/").content.decode()
    assert "Its class was High-risk (Annex III) and is now Not an AI system." in page
    coming = overview(world.organisation).coming
    assert [each.key for each in coming if each.kind == "Review"] == [f"review:{world.review.pk}"]
    assert page.index("What is next") < page.index("What changed this month")


def begun(world, number: int, state: str = AssessmentState.IN_REVIEW, **more) -> Assessment:
    """An assessment of a system of its own, written by the officer."""
    officer = world.people["officer"]
    system = System.unscoped.create(name=f"Forty {number:02}", organisation=world.organisation, owner=officer)
    said = {"as_of": timezone.now().date(), "authors": [officer.pk], "created_by": officer, **more}
    frozen = {"snapshot": "{}", "sha256": "a" * 64, "submitted_at": timezone.now()}
    frozen = frozen if state == AssessmentState.IN_REVIEW else {}
    return Assessment.unscoped.create(
        system=system, number=1, state=state, organisation=world.organisation, **said, **frozen
    )


def rows(world, role: str) -> list[tuple[str, str]]:
    found = overview(world.organisation, world.people[role], systems_first=True)
    return [(need.label, need.title) for need in found.needs]


def test_an_approver_is_told_what_waits_to_be_approved_and_an_officer_of_their_draft(client, world):
    settled(world)
    waiting = begun(world, 1)
    draft = begun(world, 2, AssessmentState.DRAFT)
    assert ("To approve", "Risk assessment 1 of Forty 01") in rows(world, "approver")
    assert ("Draft", "Risk assessment 1 of Forty 02") in rows(world, "officer")
    assert not {"To approve", "Draft"} & {label for label, _ in rows(world, "auditor")}
    client.force_login(world.people["approver"])
    page = client.get("/").content.decode()
    assert re.search(r"assessments? waits? to be approved", page)
    assert f'<a href="/assessments/{waiting.pk}/">' in page
    assert f'<a href="/assessments/{draft.pk}/">' not in page


def test_an_approver_is_told_what_others_judged_and_evidenced_and_nobody_else_is(world):
    settled(world)
    Risk.unscoped.update(state=Risk.State.CLOSED)
    Duty.unscoped.update(state=Proof.IN_PROGRESS)
    assert [row for row in rows(world, "approver") if row[0] == "To accept"] == []
    mine = {"system": world.system, "organisation": world.organisation, "created_by": world.people["officer"]}
    risk = Risk.unscoped.create(hazard="Harm", number=90, likelihood_after=2, severity_after=2, **mine)
    assert rows(world, "approver").count(("To accept", str(world.system))) == 1
    Duty.unscoped.filter(pk=Duty.unscoped.filter(is_asked=True).first().pk).update(state=Proof.EVIDENCED, owner=None)
    assert rows(world, "approver").count(("To accept", str(world.system))) == 2
    assert "To accept" not in dict(rows(world, "officer"))
    Risk.unscoped.filter(pk=risk.pk).update(owner=world.people["approver"])
    assert rows(world, "approver").count(("To accept", str(world.system))) == 1


def test_systems_without_a_class_are_one_row_for_who_looks_at_systems(engineer, world):
    settled(world)
    assert heading(engineer) == "Nothing needs anybody now"
    mine = {"organisation": world.organisation}
    alone = System.unscoped.create(name="Alone", **mine)
    found = {need.label: need for need in overview(world.organisation, systems_first=True).needs}
    assert (found["No class yet"].title, found["No class yet"].address) == (
        "Alone",
        f"/systems/{alone.pk}/questions/",
    )
    System.unscoped.create(name="Second", **mine)
    System.unscoped.create(name="Archived", is_archived=True, **mine)
    told = {need.label: need for need in overview(world.organisation, systems_first=True).needs}["No class yet"]
    assert (told.title, sums([told])) == ("2 systems", "Two systems have no class")
    engineer.force_login(world.people["officer"])
    listed = engineer.get(told.address).content.decode()
    assert "Alone" in listed
    assert "Second" in listed
    assert f"/systems/{world.system.pk}/" not in listed
    assert "No class yet" not in {need.label for need in overview(world.organisation).needs}


def test_a_new_officer_begins_with_a_system_and_is_led_to_the_signature(client, world, db):
    at = organisation("New Bank")
    officer = person(Role.OFFICER, at)
    client.force_login(officer)
    assert heading(client) == "Begin with an AI system"
    page = client.get("/").content.decode()
    assert (page.count(">To do<"), page.count(">Done<")) == (5, 0)
    assert '<a href="/systems/new/">Register an AI system</a>' in page
    system = begin(officer, at, {"name": "Credit"})
    page = client.get("/").content.decode()
    assert (page.count(">To do<"), page.count(">Done<")) == (4, 1)
    assert f'<a href="/systems/{system.pk}/questions/">Answer plain questions about it</a>' in page
    answer_it(officer, system, {"machine": ("no", ""), "object": ("system", "")})
    record_standing(officer, system, timezone.now().date())
    assert client.get("/").content.decode().count(">Done<") == 2
    client.force_login(person(Role.AUDITOR, at))
    page = client.get("/").content.decode()
    assert "takes these steps; you see how far they are" in page
    assert 'href="/systems/new/"' not in page


def test_the_first_page_asks_the_database_few_questions_with_forty_systems_under_way(client, world):
    for number in range(40):
        begun(world, number)
    for role in ("officer", "approver", "auditor", "engineer"):
        client.force_login(world.people[role])
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/").status_code == 200
        assert len(asked) <= 20, role
