"""Statements: which are owed, versions that nobody overwrites, what draws on a DPIA, and giving one in evidence."""

from __future__ import annotations

import pytest

from governance.obligations.evidence import About, bring_statement
from governance.obligations.models import Duty
from governance.risks import statements
from governance.risks.models import Statement
from governance.systems.answering import answer
from governance.systems.classifying import record_standing, today
from governance.systems.register import begin
from models.errors import InputError
from models.registry.models import Immutable
from models.trail.models import Entry
from tests.governance.systems.answered import answered

KINDS = {"oversight", "instructions", "quality", "monitoring"}


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


def wrote(world, kind: str, content: dict, seen: int | None = None, **more) -> Statement:
    return statements.write(world.people["officer"], world.system, kind, content, seen, **more)


def dpia(world, text: str = "We process income."):
    about = About(title="DPIA of May", type="dpia")
    return bring_statement(world.people["officer"], world.system, text, about)


def owed_by(system) -> set[str]:
    return {each.form.id for each in statements.owed(system) if each.is_owed}


@pytest.mark.parametrize(("uses", "kinds"), [("5-b", {"fria", "oversight"}), ("none", set())])
def test_an_impact_assessment_is_owed_by_a_deployer_who_scores_credit_and_not_by_another(world, uses, kinds):
    officer, using = world.people["officer"], {"areas": ["services"], "uses-services": [uses], "roles": ["deployer"]}
    system = begin(officer, world.organisation, {"name": "Loans", "roles": ["deployer"]})
    said = answered("MINIMAL", **using, **{"only-fraud": "no", "personal-data": "yes", "evaluates": "yes"})
    answer(officer, system, {id: (value, "") for id, value in said.items()})
    assert owed_by(system) == set()  # it is not classified yet
    record_standing(officer, system, today())
    assert owed_by(system) == kinds
    if "oversight" in kinds:  # whom a deployer assigns to it, and nothing of what a provider owes
        (oversight,) = [each for each in statements.owed(system) if each.form.id == "oversight"]
        assert [each.id for each in oversight.points] == ["art-26-2"]
        made = statements.write(officer, system, "oversight", {"art-26-2": "Two clerks, trained in May."}, 0)
        assert [each.asks.ref for each in statements.said_in(made)] == ["Article 26(2)"]
        assert [duty.requirement for duty in statements.give(officer, made)[1]] == ["art-26-2"]
    assert owed_by(world.system) == KINDS  # a provider's


def test_a_version_is_written_on_the_page_and_says_what_changed_since_the_last(officer, world):
    address = f"/systems/{world.system.pk}/statements/monitoring/"
    assert "Nobody wrote it yet" in officer.get(address).content.decode()
    assert officer.post(f"{address}write/", {"art-72-1": "Weekly.", "seen": 0}).status_code == 302
    again = {"art-72-1": "Daily.", "art-72-2": "By the deployers.", "seen": 1}
    page = officer.post(f"{address}write/", again, follow=True).content.decode()
    assert "Article 72(1) changed, Article 72(2) new" in page
    both = officer.get(f"{address}compare/").content.decode()
    assert "Two points differ between versions 1 and 2" in both
    assert "Weekly." in both
    assert "Daily." in both
    officer.post(f"{address}write/", again | {"seen": 2})
    assert statements.versions_of(world.system, "monitoring").count() == 2  # nothing was changed
    assert officer.post(f"{address}write/", {"seen": 2}).status_code == 422
    with pytest.raises(Immutable):
        Statement.unscoped.first().save()


def test_a_stale_tab_saves_over_nothing_and_loses_nothing(officer, world):
    wrote(world, "monitoring", {"art-72-1": "Theirs."})
    address = f"/systems/{world.system.pk}/statements/monitoring/write/"
    for seen in ({"seen": 0}, {}):
        answer = officer.post(address, {"art-72-1": "Mine.", **seen})
        assert answer.status_code == 409
        assert "Mine." in answer.content.decode()
        assert "Theirs." in answer.content.decode()
    assert statements.versions_of(world.system, "monitoring").get().content == {"art-72-1": "Theirs."}


def test_an_impact_assessment_draws_on_a_dpia_and_says_so(officer, world):
    piece = dpia(world, "We process income of applicants.")
    address = f"/systems/{world.system.pk}/statements/fria/"
    assert "We process income of applicants." in officer.get(f"{address}write/").content.decode()
    sent = {"art-27-1-a-from": str(piece.pk), "art-27-1-c": "As section 4 says.", "art-27-1-c-from": str(piece.pk)}
    page = officer.post(f"{address}write/", sent | {"seen": 0}, follow=True).content.decode()
    made = statements.versions_of(world.system, "fria").get()
    assert made.content == {"art-27-1-a": "We process income of applicants.", "art-27-1-c": "As section 4 says."}
    assert {source["evidence"] for source in made.taken.values()} == {str(piece.pk)}
    assert page.count("Drawn from") == 2
    assert "drawn from DPIA of May, version 1" in statements.text_of(made)
    with pytest.raises(InputError, match="data protection impact assessment"):
        wrote(world, "fria", {}, draws_on={"art-27-1-b": world.evidence})
    with pytest.raises(InputError, match="data protection impact assessment"):
        wrote(world, "quality", {}, draws_on={"art-17-1-a": piece})


def test_a_statement_is_evidence_of_what_its_points_answer_to_and_a_newer_one_replaces_it(officer, world):
    address = f"/systems/{world.system.pk}/statements/monitoring/"
    wrote(world, "monitoring", {"art-72-1": "Weekly."})
    page = officer.post(f"{address}1/give/", follow=True).content.decode()
    assert "Attached to 1 obligation" in page
    first = statements.evidence_of(Statement.unscoped.get(kind="monitoring"))
    duty = Duty.unscoped.get(system=world.system, requirement="art-72-1")
    assert (first.type, first.source, duty.state) == ("pmm-plan", "statement", "in progress")
    officer.post(f"{address}1/give/")
    assert first.supports.count() == 1  # said again, it is the same piece
    wrote(world, "monitoring", {"art-72-2": "x" * 20_000})
    officer.post(f"{address}2/give/")
    second = statements.evidence_of(Statement.unscoped.get(kind="monitoring", number=2))
    assert (second.replaces, second.source, second.file_name) == (first, "document", "monitoring-2.txt")
    assert {each.duty.requirement for each in second.supports.all()} == {"art-72-1", "art-72-2"}


def test_what_was_given_stays_known_when_the_laws_data_words_a_point_anew(officer, world, monkeypatch):
    made = wrote(world, "monitoring", {"art-72-1": "Weekly."})
    evidence, _ = statements.give(world.people["officer"], made)
    monkeypatch.setattr(statements, "text_of", lambda statement: "In other words")
    assert statements.evidence_of(made) == evidence
    assert statements.give(world.people["officer"], made)[0] == evidence


def test_what_is_asked_of_nobody_is_attached_to_nothing(officer, world):
    wrote(world, "fria", {"art-27-1-a": "In loans."})
    page = officer.post(f"/systems/{world.system.pk}/statements/fria/1/give/", follow=True).content.decode()
    assert "nothing to attach it to" in page


@pytest.mark.parametrize("place", ["poem/", "fria/9/", "oversight/compare/?to=9", "oversight/compare/?from=x"])
def test_what_is_not_there_is_not_found(officer, world, place):
    assert officer.get(f"/systems/{world.system.pk}/statements/{place}").status_code == 404


def test_the_trail_keeps_which_points_changed_and_the_hash_of_all(world):
    made = wrote(world, "quality", {"art-17-1-a": "Ours."})
    facts = Entry.unscoped.get(object_id=str(made.pk)).facts
    assert facts["points"] == ["art-17-1-a"]
    assert facts["sha256"] == statements.digest(statements.text_of(made))


def test_an_unknown_point_and_too_long_a_text_are_refused(world):
    for content in ({"art-9-1": "x"}, {"art-72-1": "x" * 20_001}):
        with pytest.raises(InputError):
            wrote(world, "monitoring", content)
