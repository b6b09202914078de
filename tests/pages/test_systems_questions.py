"""The questionnaire on pages: one thing at a time, left and come back to, revised, contradicted, stopped, recorded."""

from __future__ import annotations

import re
from datetime import date

import pytest

from governance.law import questionnaire
from governance.systems import asking, system_sections
from governance.systems.answering import answer, stamp, values
from governance.systems.classifying import record_standing, today
from governance.systems.models import Answers, Standing, System
from governance.systems.register import begin
from models.trail.models import Entry
from tests.governance.systems.answered import answered
from tests.pages.conftest import ODD


@pytest.fixture
def system(world) -> System:
    return begin(world.people["officer"], world.organisation, {"name": "Fresh"})


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


def say(client, system: System, question: str, value: object, why: str = "", **more: str):
    seen = stamp(system.answered, question)
    said = {"value": value, "why": why, "seen": seen, **more}
    return client.post(f"/systems/{system.pk}/questions/{question}/", said)


def fill(world, system: System, outcome: str, **more: object) -> None:
    given = {name: (value, "") for name, value in answered(outcome, **more).items()}
    answer(world.people["officer"], system, given)


def page(answer) -> str:
    return answer.content.decode()


def test_an_officer_walks_from_the_first_question_to_a_recorded_class(officer, world, system):
    wanted = answered("HIGH_RISK_ANNEX_III")
    start = page(officer.get(f"/systems/{system.pk}/questions/"))
    address = re.search(r'class="button" href="([^"]+)">Begin', start)[1]
    asked = []
    while "/check/" not in address:
        question = questionnaire.question(address.rstrip("/").rsplit("/", 1)[1])
        asked.append(question.id)
        form = page(officer.get(address))
        assert f"<h1>{question.text}</h1>" in form
        seen = re.search(r'name="seen" value="(\w+)"', form)[1]
        value = wanted.get(question.id)
        sent = {"seen": seen, "why": "so it is", **({"value": value} if value is not None else {})}
        answer = officer.post(address, sent)
        assert answer.status_code == 302, page(answer)
        address = answer["Location"]
    assert asked == list(wanted)
    check = page(officer.get(address))
    assert "These answers make it: High-risk (Annex III)" in check
    assert check.count("<bdi>so it is<") == len(wanted)
    number = re.search(r'name="number" value="(\d+)"', check)[1]
    done = officer.post(f"/systems/{system.pk}/classify/", {"as_of": "2026-11-21", "number": number}, follow=True)
    standing = system.standing
    assert (standing.outcome, standing.as_of, standing.number) == ("HIGH_RISK_ANNEX_III", date(2026, 11, 21), 1)
    assert standing.answers == system.answered
    assert "High-risk (Annex III)" in page(done)
    assert "Article 6(2)" in page(done)
    system.refresh_from_db()
    assert system.roles == ["provider"]
    told = [entry.verb for entry in Entry.unscoped.filter(object_id=str(system.pk)).order_by("sequence")]
    assert told == ["registered", *["answered"] * len(wanted), "changed", "classified"]


def test_a_question_is_left_open_and_come_back_to(officer, system):
    assert say(officer, system, "object", "system")["Location"].endswith("/questions/machine/")
    onward = say(officer, system, "machine", "", open="1")["Location"]
    assert onward.endswith("/questions/check/")
    assert values(system.answered) == {"object": "system"}
    listed = page(officer.get(f"/systems/{system.pk}/questions/"))
    assert "One question is open" in listed
    assert f"/systems/{system.pk}/questions/machine/" in listed
    assert "The class can be told once they are answered" in page(officer.get(onward))
    say(officer, system, "machine", "yes")
    say(officer, system, "machine", "", open="1")
    assert values(system.answered) == {"object": "system"}
    assert system.answered.number == 3


@pytest.mark.parametrize(("question", "value"), [
    ("object", ""), ("object", "planet"), ("machine", "maybe"), ("nothing", "yes"), ("flops", "many"),
])  # fmt: skip
def test_what_is_no_answer_is_refused_and_nothing_is_kept(officer, system, question, value):
    if question == "machine":
        say(officer, system, "object", "system")
    before = Answers.unscoped.count()
    reply = say(officer, system, question, value)
    assert (reply.status_code, Answers.unscoped.count()) == ({"nothing": 404, "flops": 302}.get(question, 422), before)


def test_two_who_answer_the_same_question_at_once_lose_nothing(officer, client, world, system):
    say(officer, system, "object", "system")
    seen = stamp(system.answered, "machine")
    assert say(officer, system, "machine", "yes", "theirs <b>")["Location"]
    client.force_login(world.people["administrator"])
    late = {"value": "no", "why": "mine <i>", "seen": seen}
    reply = client.post(f"/systems/{system.pk}/questions/machine/", late)
    told = page(reply)
    assert reply.status_code == 409
    assert "Somebody answered this question while you did" in told
    assert "theirs &lt;b&gt;" in told
    assert "mine &lt;i&gt;" in told
    assert values(system.answered)["machine"] == "yes"
    newer = re.search(r'name="seen" value="(\w+)"', told)[1]
    assert client.post(f"/systems/{system.pk}/questions/machine/", late | {"seen": newer}).status_code == 302
    assert system.answered.answers["machine"]["by"] == world.people["administrator"].pk
    assert system.answered.answers["object"]["by"] == world.people["officer"].pk


def test_another_question_answered_meanwhile_is_no_conflict(officer, system):
    say(officer, system, "object", "system")
    seen = stamp(system.answered, "machine")
    say(officer, system, "object", "both")
    reply = officer.post(f"/systems/{system.pk}/questions/machine/", {"value": "yes", "why": "", "seen": seen})
    assert reply.status_code == 302
    assert values(system.answered) == {"object": "both", "machine": "yes"}


def test_a_prohibited_practice_stops_the_way_visibly(officer, world, system):
    fill(world, system, "PROHIBITED")
    for address in ("questions/", "questions/check/"):
        told = page(officer.get(f"/systems/{system.pk}/{address}"))
        assert "What these answers describe is prohibited" in told
        assert "Article 5(1)(a)" in told
    assert "Prohibited: these answers stop the way" in page(officer.get(f"/systems/{system.pk}/questions/"))
    assert ">Go on<" not in page(officer.get(f"/systems/{system.pk}/questions/"))
    record_standing(world.people["officer"], system, today())
    assert 'class="outcome fail"' in page(officer.get(f"/systems/{system.pk}/"))
    assert "Prohibited" in page(officer.get("/systems/?outcome=PROHIBITED"))


def test_the_derogation_asks_for_its_documented_assessment_and_profiling_defeats_it(officer, world, system):
    fill(world, system, "NOT_HIGH_RISK_DEROGATION")
    told = page(officer.get(f"/systems/{system.pk}/questions/check/"))
    assert "Document why it is not high-risk" in told
    said = {"as_of": "2026-11-21", "number": system.answered.number}
    refused = officer.post(f"/systems/{system.pk}/classify/", said)
    assert (refused.status_code, system.standing) == (422, None)
    assert "Write down the assessment" in page(refused)
    officer.post(f"/systems/{system.pk}/classify/", said | {"assessment": "It only sorts. " + ODD})
    assert (system.standing.outcome, system.standing.assessment[:13]) == ("NOT_HIGH_RISK_DEROGATION", "It only sorts")
    assert "It only sorts" in page(officer.get(f"/systems/{system.pk}/"))
    fill(world, system, "NOT_HIGH_RISK_DEROGATION", **{"personal-data": "yes", "evaluates": "yes"})
    assert "High-risk (Annex III)" in page(officer.get(f"/systems/{system.pk}/questions/check/"))


def test_open_questions_stale_answers_and_a_day_before_the_text_are_refused(officer, world, system):
    classify = f"/systems/{system.pk}/classify/"
    assert "No question is answered yet" in page(officer.post(classify, {"as_of": "2026-11-21"}))
    say(officer, system, "object", "system")
    assert "Questions are open" in page(officer.post(classify, {"as_of": "2026-11-21", "number": 1}))
    fill(world, system, "MINIMAL")
    stale = officer.post(classify, {"as_of": "2026-11-21", "number": 1})
    assert stale.status_code == 409
    assert "Somebody changed the answers meanwhile" in page(stale)
    early = officer.post(classify, {"as_of": "2026-07-26", "number": system.answered.number})
    assert early.status_code == 422
    assert "consolidated on 2026-07-27" in page(early)
    assert not Standing.unscoped.filter(system=system).exists()


def test_the_day_that_is_asked_for_decides_what_is_in_force_and_what_is_coming(officer, world):
    address = f"/systems/{world.system.pk}/"

    def counts(day: str) -> tuple[str, str]:
        told = page(officer.get(f"{address}?as_of={day}"))
        return re.search(r"In force on that day: (\S+)</h3>", told)[1], re.search(r"Coming: (\S+)</h3>", told)[1]

    now, later = counts("2026-11-21"), counts("2028-12-31")
    assert now != later
    assert later[1] == "no"
    early = page(officer.get(f"{address}?as_of=2026-07-26"))
    assert "consolidated on 2026-07-27" in early
    assert "is not a date" in page(officer.get(f"{address}?as_of=soon"))


NUDES = {"practices": ["ba"], "ba-consent": "no", "ba-limb": "purpose", "ba-exception": "no"}


def test_a_practice_that_will_be_prohibited_says_until_when_and_what_it_is_until_then(
    officer, world, system, monkeypatch
):
    monkeypatch.setattr(asking, "today", lambda: date(2026, 12, 1))
    fill(world, system, "MINIMAL", **NUDES, shows=["synthetic"])
    told = page(officer.get(f"/systems/{system.pk}/questions/check/"))
    for words in (
        "will be prohibited soon",
        "prohibited from 2026-12-02",
        "Until that day it is: Transparency duties.",
    ):
        assert told.count(words) == 1, words
    assert "TRANSPARENCY" not in told
    # from its day on it stops the way
    monkeypatch.setattr(asking, "today", lambda: date(2026, 12, 2))
    assert "Prohibited: these answers stop the way" in page(officer.get(f"/systems/{system.pk}/questions/"))
    assert page(officer.get(f"/systems/{system.pk}/questions/check/")).count(questionnaire.question("roles").text) == 0


def test_once_a_day_of_the_law_has_passed_the_page_says_that_the_class_moved(officer, world, system, monkeypatch):
    fill(world, system, "MINIMAL", **NUDES)
    record_standing(world.people["officer"], system, date(2026, 12, 1))
    assert system.standing.outcome == "PROHIBITED_PENDING"
    address = f"/systems/{system.pk}/"
    monkeypatch.setattr(system_sections, "today", lambda: date(2026, 12, 1))
    assert "As the law stands today" not in page(officer.get(address))
    monkeypatch.setattr(system_sections, "today", lambda: date(2026, 12, 2))
    told = page(officer.get(address))
    assert "As the law stands today, the same answers make it: <b>Prohibited</b>" in told
    # what was recorded for a day to come is no change of the law
    record_standing(world.people["officer"], system, date(2026, 12, 3))
    monkeypatch.setattr(system_sections, "today", lambda: date(2026, 12, 1))
    assert "As the law stands today" not in page(officer.get(address))


def test_what_was_recorded_stays_until_somebody_records_the_class_of_the_new_day(officer, world, system, monkeypatch):
    fill(world, system, "MINIMAL", **NUDES)
    record_standing(world.people["officer"], system, date(2026, 12, 1))
    monkeypatch.setattr(system_sections, "today", lambda: date(2026, 12, 2))
    address = f"/systems/{system.pk}/"
    page(officer.get(address))
    assert system.standing.outcome == "PROHIBITED_PENDING"
    record_standing(world.people["officer"], system, date(2026, 12, 2))
    assert "As the law stands today" not in page(officer.get(address))
    assert "Soon prohibited became Prohibited" in page(officer.get(f"{address}classifications/"))


def test_the_day_since_when_it_is_on_the_market_counts_by_article_111(officer, world, system):
    older = {"in-place": "yes", "public-authorities": "no", "redesigned": "no"}
    fill(world, system, "HIGH_RISK_ANNEX_III")
    record_standing(world.people["officer"], system, date(2026, 11, 21))
    told = page(officer.get(f"/systems/{system.pk}/"))
    assert "placed_on" not in told
    assert f'<a href="/systems/{system.pk}/change/">Say since when it is there</a>' in told
    assert f'<a href="/systems/{system.pk}/questions/in-place/">Answer the rest</a>' in told
    fill(world, system, "HIGH_RISK_ANNEX_III", **older)
    record_standing(world.people["officer"], system, date(2026, 11, 21))
    assert "art-9-1" in [each["id"] for each in system.standing.result["obligations_coming"]]
    assert "Answer the rest" not in page(officer.get(f"/systems/{system.pk}/"))
    system.placed_on = date(2026, 3, 1)
    system.save()
    assert "What the class rests on was changed since" in page(officer.get(f"/systems/{system.pk}/"))
    record_standing(world.people["officer"], system, date(2026, 11, 21))
    assert system.standing.result["obligations_coming"] == []
    told = page(officer.get(f"/systems/{system.pk}/"))
    assert "the duties of high-risk systems are not listed" in told
    assert "What the class rests on was changed since" not in told


def test_before_the_class_is_recorded_the_reasons_are_there_to_read(officer, world, system):
    fill(world, system, "HIGH_RISK_ANNEX_III")
    told = page(officer.get(f"/systems/{system.pk}/questions/check/"))
    for words in ("It rests on Article 6(2), Annex III point 4(a)", "What follows from it", "another class"):
        assert words in told
    record_standing(world.people["officer"], system, date(2026, 11, 21))
    kept = page(officer.get(f"/systems/{system.pk}/classifications/1/"))
    assert "What would lead to another class" in kept
    assert "HIGH_RISK" not in told + kept


def test_an_overlay_that_came_is_told_and_idle_answers_are_not(officer, world, system):
    fill(world, system, "MINIMAL")
    who = world.people["officer"]
    record_standing(who, system, date(2026, 11, 21))
    chat = {"shows": ["interacts"], "interacts-obvious": "no", "interacts-law": "no"}
    fill(world, system, "HIGH_RISK_ANNEX_III", **chat)
    record_standing(who, system, date(2026, 11, 21))
    answer(who, system, {"shows": (["none"], "")})
    record_standing(who, system, date(2026, 11, 21))
    address = f"/systems/{system.pk}/classifications/"
    assert "Minimal risk became High-risk (Annex III), with Transparency duties" in page(
        officer.get(f"{address}?from=1&to=2")
    )
    later = page(officer.get(f"{address}?from=2&to=3"))
    assert "High-risk (Annex III), with Transparency duties became High-risk (Annex III)" in later
    # what was answered to a question that no longer counts is not what the class rests on
    asked = questionnaire.question("interacts-obvious").text
    assert asked in page(officer.get(f"{address}2/"))
    assert asked not in page(officer.get(f"{address}3/"))


def test_classifications_are_compared_answer_by_answer(officer, world):
    system, who = world.system, world.people["officer"]
    change = {"roles": (["deployer"], "we bought it <b>"), "deployer-kind": (["none"], ""), "took-over": (["none"], "")}
    answer(who, system, change)
    assert "What the class rests on was changed since" in page(officer.get(f"/systems/{system.pk}/"))
    record_standing(who, system, date(2026, 12, 3))
    told = page(officer.get(f"/systems/{system.pk}/classifications/"))
    assert "From number 1 to number 2" in told
    assert "High-risk (Annex III), as before" in told
    assert "we bought it &lt;b&gt;" in told
    assert "Revision 2" in told
    # a provider's duties are gone, in words
    gone = told.partition("<summary>Gone</summary>")[2].partition("</details>")[0]
    assert "Article 9(1)" in gone
    assert "art-9-1" not in told
    assert officer.get(f"/systems/{system.pk}/classifications/?from=1&to=9").status_code == 404
    one = page(officer.get(f"/systems/{system.pk}/classifications/1/"))
    assert "The answers it rests on" in one
    assert officer.get(f"/systems/{system.pk}/classifications/3/").status_code == 404


def test_contradicting_answers_are_named_and_no_class_is_recorded(officer, world, system):
    fill(world, system, "MINIMAL", nexus=["chain"], roles=["provider"])
    for address in ("questions/", "questions/check/", "questions/nexus/", "questions/roles/"):
        assert "your part in it is neither importer nor distributor" in page(
            officer.get(f"/systems/{system.pk}/{address}")
        )
    refused = officer.post(f"/systems/{system.pk}/classify/", {"as_of": "2026-11-21", "number": system.answered.number})
    assert refused.status_code == 422
    assert "contradict each other" in page(refused)
