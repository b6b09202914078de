"""The board that a classification fills, what makes evidence stale, and who may accept."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from audits.measure.check import discover
from audits.models import Audit
from governance.frameworks.requirements import requirements
from governance.law.applies import applying
from governance.law.classify import classify
from governance.law.facts import facts_from
from governance.obligations import proposals
from governance.obligations.board import ACT, accept, attach, detach, follow, is_own, move, unfollow
from governance.obligations.coverage import WIDTH, conditional, coverage, finding, gaps
from governance.obligations.evidence import About, bring_audit, bring_document, bring_statement, supported_by_check
from governance.obligations.models import Duty, Evidence, State
from governance.obligations.rows import COMING, NO_LONGER, NOW, WHERE, rows_of
from governance.obligations.staleness import worn
from governance.systems.answering import answer
from governance.systems.classifying import record_standing
from governance.systems.register import add_part, remove_part
from governance.systems.stale import Stale
from models.accounts.delegation import give
from models.accounts.permission import Forbidden, NotFound
from models.errors import InputError
from models.registry.blobs.store import TooLarge
from models.registry.models import DatasetVersion, ModelVersion
from models.trail.models import Entry
from tests.governance.systems.answered import answered

DAY, ANNEX_III = date(2026, 11, 21), date(2027, 12, 2)


@pytest.fixture
def officer(world):
    return world.people["officer"]


def today() -> date:
    return timezone.now().date()


def duty_of(world, requirement: str) -> Duty:
    return Duty.unscoped.select_related("organisation").get(system=world.system, requirement=requirement)


def stated(world, duty: Duty, **about) -> Evidence:
    """A statement of the officer's, attached."""
    said = About(**{"title": "We looked", "type": "policy"} | about)
    made = bring_statement(world.people["officer"], world.system, "It holds.", said)
    attach(world.people["officer"], duty, made)
    return made


def row(world, requirement: str, day: date | None = None):
    """What the board has of it; what the database finds stale is what the board does."""
    rows = rows_of(world.system, day)
    found = worn(Duty.unscoped.filter(system=world.system), day or today())
    assert set(found) == {each.duty for each in rows if each.stale}
    return next(each for each in rows if each.duty.requirement == requirement)


def classify_as(world, outcome: str, **more) -> None:
    officer = world.people["officer"]
    answer(officer, world.system, {name: (said, "") for name, said in answered(outcome, **more).items()})
    record_standing(officer, world.system, today())


def test_a_standing_fills_the_board_with_what_applies_and_its_days(world):
    standing = world.system.standing
    facts = facts_from(standing.result["facts"])
    found = applying(classify(facts, standing.as_of), facts.roles, standing.as_of)
    duties = {each.requirement: each for each in Duty.unscoped.filter(system=world.system)}
    assert {id for id, duty in duties.items() if not duty.where} == {
        *(each.id for each in found.in_force), *(each.id for each, _ in found.coming)
    }  # fmt: skip
    assert {id: duty.where for id, duty in duties.items() if duty.where} == {
        each.requirement.id: each.where for each in found.conditional
    }
    assert {each.id: day for each, day in found.coming} == {
        id: duty.binds_from for id, duty in duties.items() if not duty.where and duty.binds_from > standing.as_of
    }


@pytest.mark.parametrize(("day", "when"), [(DAY, COMING), (ANNEX_III - timedelta(1), COMING), (ANNEX_III, NOW)])
def test_a_duty_of_annex_iii_is_coming_until_its_day(world, day, when):
    assert row(world, "art-9-1", day).when == when


def test_what_a_later_class_does_not_bring_is_asked_no_longer_and_what_was_done_for_it_stays(world):
    before = Duty.unscoped.filter(system=world.system).count()
    classify_as(world, "MINIMAL", roles=["provider"])
    duty = duty_of(world, "art-10-2-f")
    assert (duty.is_asked, duty.state, duty.supports.count()) == (False, State.EVIDENCED, 1)
    assert row(world, "art-10-2-f").when == NO_LONGER
    assert "art-10-2-f" not in {each.duty.requirement for each in gaps(rows_of(world.system))}
    classify_as(world, "HIGH_RISK_ANNEX_III")
    again = duty_of(world, "art-10-2-f")
    assert (again.pk, again.is_asked, again.binds_from) == (duty.pk, True, ANNEX_III)
    assert Duty.unscoped.filter(system=world.system).count() == before


def test_a_framework_is_followed_and_left(world, officer):
    follow(officer, world.system, "nist-ai-rmf")
    follow(officer, world.system, "nist-ai-rmf")
    mine = Duty.unscoped.filter(system=world.system, framework="nist-ai-rmf")
    assert {each.requirement for each in mine} == {each.id for each in requirements("nist-ai-rmf") if each.is_duty}
    unfollow(officer, world.system, "nist-ai-rmf")
    assert not mine.filter(is_asked=True).exists()
    for name, told in ((ACT, "follows from the classification"), ("cobit", "There is no framework named")):
        with pytest.raises(InputError, match=told):
            follow(officer, world.system, name)
    verbs = Entry.unscoped.filter(verb__startswith="framework").order_by("sequence").values_list("verb", flat=True)
    assert list(verbs) == ["framework followed", "framework left"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"state": "not applicable"}, "Say why"),
        ({"state": "accepted"}, "An approver accepts it"),
        ({"state": "evidenced"}, "Attach evidence first"),
        ({"state": "done"}, "The state is one of"),
        ({"due_on": "soon"}, "is a date"),
        ({"colour": "red"}, "no colour"),
        ({"reason": "\x00"}, "unprintable"),
    ],
)
def test_what_an_obligation_cannot_be_is_refused(world, officer, said, told):
    with pytest.raises(InputError, match=told):
        move(officer, duty_of(world, "art-9-1"), said)
    assert duty_of(world, "art-9-1").edition == 1


def test_an_older_page_saves_over_nothing(world, officer):
    duty = duty_of(world, "art-9-1")
    move(officer, duty, {"state": "in progress"}, duty.edition)
    with pytest.raises(Stale) as stale:
        move(officer, duty, {"reason": "Mine"}, duty.edition)
    assert stale.value.current.state == State.IN_PROGRESS


def test_four_eyes(world, officer):
    duty, approver = world.duty, world.people["approver"]
    with pytest.raises(Forbidden, match="approver"):
        accept(officer, duty)
    give(approver, world.organisation, officer, today(), today())
    with pytest.raises(Forbidden, match="had a hand"):  # who stands in brought it
        accept(officer, duty)
    assert not is_own(approver, duty)
    done = accept(approver, duty)
    assert (done.state, done.accepted_by, done.law_version) == (State.ACCEPTED, approver, "consolidated 2026-07-27")
    with pytest.raises(InputError, match="Only what is evidenced"):
        accept(approver, duty)


def test_an_approver_does_not_accept_what_they_own_or_what_whom_they_stand_in_for_brought(world, officer):
    approver, engineer = world.people["approver"], world.people["engineer"]
    move(officer, world.duty, {"owner": approver})
    with pytest.raises(Forbidden, match="owns this obligation"):
        accept(approver, world.duty)
    move(officer, world.duty, {"owner": engineer})
    assert not is_own(approver, world.duty)
    world.delegation.delete()
    give(engineer, world.organisation, approver, today(), today())
    with pytest.raises(Forbidden, match="stand in for"):
        accept(approver, world.duty)


def test_other_evidence_takes_the_acceptance_back(world, officer):
    accept(world.people["approver"], world.duty)
    more = stated(world, world.duty)
    duty = duty_of(world, "art-10-2-f")
    assert (duty.state, duty.accepted_by, duty.law_version) == (State.IN_PROGRESS, None, "")
    for piece in (more, world.evidence):
        detach(officer, duty, piece)
    assert row(world, "art-10-2-f").gap == "nothing supports it"


def test_what_expired_is_stale_from_the_day_after(world):
    stated(world, duty_of(world, "art-9-1"), expires_on=DAY)
    assert row(world, "art-9-1", DAY).stale == ()
    assert row(world, "art-9-1", DAY + timedelta(1)).stale == ("We looked: it expired on 21 November 2026",)


def test_what_was_replaced_is_stale_and_only_the_newest_can_be(world):
    old = stated(world, duty_of(world, "art-9-1"))
    new = stated(world, duty_of(world, "art-9-2-a"), replaces=old)
    assert (new.number, row(world, "art-9-2-a").stale) == (2, ())
    assert row(world, "art-9-1").stale == ("We looked: there is a newer version of it",)
    with pytest.raises(InputError, match="newer version of it already"):
        stated(world, duty_of(world, "art-9-1"), replaces=old)


@pytest.fixture
def result(world) -> Audit:
    """A finished audit of the model that works in the system."""
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model)
    return Audit.unscoped.get(pk=world.done.pk)


def test_a_result_is_proposed_and_attached_to_all_that_it_answers_to(world, officer, result):
    (found,) = proposals.proposed(world.system, proposals.asked_of(world.system))
    wanted = {"art-10-2-f", "art-10-2-g", "art-15-1", "art-15-3"}
    assert (found.audit, {each.requirement for each in found.duties}) == (result, wanted)
    made, duties = proposals.attach_result(officer, world.system, result)
    assert made.type == "fairness-audit"
    assert {each.requirement for each in duties} == wanted
    assert duty_of(world, "art-15-1").state == State.IN_PROGRESS
    assert proposals.proposed(world.system, proposals.asked_of(world.system)) == []


def test_a_result_goes_stale_with_newer_data_and_when_its_model_leaves(world, officer, result):
    proposals.attach_result(officer, world.system, result)
    assert row(world, "art-15-1").stale == ()
    newer = DatasetVersion.unscoped.get(pk=world.dataset.pk)
    newer.pk, newer.number, newer.sha256 = None, 2, "0" * 64
    newer._state.adding = True
    newer.save(force_insert=True)
    assert "version 2 of the data is newer" in row(world, "art-15-1").stale[0]
    remove_part(officer, world.system.parts.get())
    assert "no part of the system" in row(world, "art-15-1").stale[0]


def test_what_a_newer_version_took_the_place_of_stops_counting_where_that_is_attached_too(world):
    duty = duty_of(world, "art-9-1")
    old = stated(world, duty, expires_on=DAY - timedelta(1))
    assert row(world, "art-9-1").stale
    stated(world, duty, replaces=old)
    assert row(world, "art-9-1").stale == ()


def second(version: ModelVersion) -> ModelVersion:
    newer = ModelVersion.unscoped.get(pk=version.pk)
    newer.pk, newer.number, newer.sha256, newer._state.adding = None, 2, "1" * 64, True
    newer.save(force_insert=True)
    return newer


def test_a_newer_model_version_makes_results_stale_until_one_of_it_is_attached(world, officer, result):
    proposals.attach_result(officer, world.system, result)
    newer = second(world.model)
    assert row(world, "art-15-1").stale == ()  # it is registered, and works in no system
    add_part(officer, world.system, newer)
    found = f"{world.model.model} version 2 works in the system, and nothing attached is of it"
    assert row(world, "art-15-1").stale == (found,)
    Audit.unscoped.filter(pk=world.earlier.pk).update(model=newer, created_at=timezone.now())
    made, _ = proposals.attach_result(officer, world.system, Audit.unscoped.get(pk=world.earlier.pk))
    assert (made.replaces, row(world, "art-15-1").stale) == (None, ())  # both versions work there, so both count


def test_a_result_of_what_took_the_place_of_a_version_takes_the_place_of_its_result(world, officer, result):
    older, duties = proposals.attach_result(officer, world.system, result)
    attach(officer, duty_of(world, "art-9-1"), older)
    newer = second(world.model)
    remove_part(officer, world.system.parts.get())
    add_part(officer, world.system, newer)
    assert row(world, "art-15-1").stale
    Audit.unscoped.filter(pk=world.earlier.pk).update(model=newer, created_at=timezone.now())
    made, attached = proposals.attach_result(officer, world.system, Audit.unscoped.get(pk=world.earlier.pk))
    assert (made.replaces, made.number) == (older, 2)
    assert {each.requirement for each in attached} == {*(each.requirement for each in duties), "art-9-1"}
    assert (row(world, "art-15-1").stale, row(world, "art-9-1").stale) == ((), ())


def test_an_older_result_is_not_proposed_in_the_place_of_what_was_decided(world, officer, result):
    Audit.unscoped.filter(pk=world.earlier.pk).update(model=world.model)
    proposals.dismiss(officer, world.system, result, "Asked the wrong way round.")
    assert proposals.proposed(world.system, proposals.asked_of(world.system)) == []
    for person, error in ((world.people["engineer"], Forbidden), (world.people["auditor"], Forbidden)):
        with pytest.raises(error):
            proposals.dismiss(person, world.system, result, "No.")


def test_what_was_evidenced_under_another_text_is_stale_until_it_is_said_again(world, officer):
    Duty.unscoped.filter(pk=world.duty.pk).update(law_version="consolidated 2026-01-01")
    assert "it was said to be evidenced under consolidated 2026-01-01" in row(world, "art-10-2-f").stale[0]
    move(officer, world.duty, {"state": "evidenced"})
    assert row(world, "art-10-2-f").stale == ()


def test_a_condition_is_said_to_hold_and_only_where_there_is_one(world, officer):
    duty = Duty.unscoped.filter(system=world.system).exclude(where="").first()
    assert (row(world, duty.requirement).when, row(world, duty.requirement).gap) == (WHERE, "")
    move(officer, duty, {"holds": True})
    found = row(world, duty.requirement)
    assert (found.when, found.gap) == (COMING if duty.binds_from > today() else NOW, "nothing supports it")
    assert Entry.unscoped.filter(object_id=str(duty.pk)).latest("sequence").facts["to"] == {"holds": True}
    for said, told in (({"holds": "yes"}, "true or false"), ({"holds": True}, "without a condition")):
        with pytest.raises(InputError, match=told):
            move(officer, duty_of(world, "art-9-1"), said)


def test_what_was_accepted_under_another_text_is_stale_and_can_be_accepted_again(world):
    approver = world.people["approver"]
    accept(approver, world.duty)
    Duty.unscoped.filter(pk=world.duty.pk).update(law_version="consolidated 2026-01-01")
    assert "it was accepted under consolidated 2026-01-01" in row(world, "art-10-2-f").stale[0]
    accept(approver, world.duty)
    assert row(world, "art-10-2-f").stale == ()


def test_a_document_is_kept_by_its_hash_and_too_large_a_one_is_not(world, officer, settings):
    settings.EVIDENCE_BYTES = 10
    about = About(title="Plan", type="policy")
    made = bring_document(officer, world.system, BytesIO(b"1234567890"), 10, "../../etc/plan.html", about)
    assert made.sha256 == "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646"
    assert made.file_name == "plan.html"
    for size in (11, 10):  # as declared, and as it comes
        with pytest.raises(TooLarge):
            bring_document(officer, world.system, BytesIO(b"x" * 11), size, "plan.pdf", about)
    with pytest.raises(InputError, match="empty"):
        bring_document(officer, world.system, BytesIO(b""), 0, "plan.pdf", about)
    with pytest.raises(InputError, match="kind of evidence"):
        bring_statement(officer, world.system, "It holds.", About(title="A", type="poem"))


def test_another_organisations_evidence_is_not_there(world, elsewhere, officer):
    with pytest.raises(NotFound):
        attach(officer, elsewhere.duty, world.evidence)
    with pytest.raises(NotFound):
        attach(officer, world.duty, elsewhere.evidence)
    with pytest.raises(NotFound):
        bring_audit(officer, world.system, elsewhere.done, About(title="A", type="policy"))


def test_every_check_answers_to_requirements_that_there_are():
    for check in discover():
        for said in check.answers_to:
            name, _, _ = said.partition(":")
            assert {each.id for each in requirements(name)} & set(supported_by_check(check.id)), said


def test_each_obligation_counts_once_in_the_coverage(world, officer):
    move(officer, duty_of(world, "art-9-1"), {"state": "not applicable", "reason": "No."})
    rows = rows_of(world.system)
    lines = coverage(rows)
    only_if = conditional(rows)
    assert sum(line.asked for line in lines) == len(rows)
    assert sum(line.conditional for line in lines) == len(only_if) > 0
    second = next(line for line in lines if line.chapter == "Chapter III, Section 2")
    assert (second.evidenced, second.not_applicable, second.proven) == (1, 1, 1)
    assert finding(lines).startswith(f"1 of {len(rows) - 1 - len(only_if)} obligations is proven")
    for line in lines:
        bars = list(line.bars)
        assert sum(wide for _, _, wide in bars) == pytest.approx(WIDTH if line.counted else 0)
    assert len(gaps(rows)) == len(rows) - 2 - len(only_if)
