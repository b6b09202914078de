"""From answers to a class: what they come to on a day, and recording that as the system's standing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.law import questionnaire
from governance.law.answers import listed
from governance.law.applies import Applying, applying
from governance.law.classify import Classification, classify
from governance.law.facts import Facts, facts_from
from governance.systems.answering import Changed, differences, facts_json, values
from governance.systems.models import Answers, Standing, System
from governance.systems.register import locked, plain
from governance.systems.signals import system_changed, system_classified
from governance.systems.words import DEROGATION, class_name
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.register import words
from models.trail.record import record

LONGEST_ASSESSMENT = 20_000
ASSESSED_IN = "derogation-why"  # the question that asks for it


class StaleAnswers(InputError):
    """The answers were changed since they were looked at."""

    def __init__(self) -> None:
        super().__init__("Somebody changed the answers meanwhile. Look at them again before you record the class.")


class AssessmentMissing(InputError):
    """Article 6(4): whoever holds a system of Annex III not to be high-risk documents why."""

    def __init__(self) -> None:
        super().__init__(
            "Write down the assessment. Who holds that a system of Annex III is not high-risk documents why, before it "
            "is placed on the market or put into service (Article 6(4))."
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two standings."""

    before: Standing
    after: Standing
    answers: list[Changed]
    was: str
    now: str
    obligations_new: list[str]
    obligations_gone: list[str]


def facts_of(system: System, answers: Answers | None, day: date) -> Facts | None:
    """The legal facts that are asked for on a day, with the day on which the system came on the market; None while
    something is open."""
    found = questionnaire.facts(values(answers), day)
    if found is None:
        return None
    return replace(found, placed_on=system.placed_on, roles=found.roles or tuple(system.roles))


def today() -> date:
    return timezone.now().date()


def found_on(system: System, answers: Answers | None, day: date) -> Classification | None:
    """What the answers come to on a day. InputError for a day before the text that is held."""
    facts = facts_of(system, answers, day)
    return classify(facts, day) if facts else None


def standing_on(standing: Standing, day: date) -> tuple[Classification, Applying]:
    """What a recorded standing's facts come to on another day. InputError for a day before the text that is held."""
    facts = facts_from(standing.result["facts"])
    found = classify(facts, day)
    return found, applying(found, facts.roles, day)


def is_outdated(standing: Standing, system: System, answers: Answers | None) -> bool:
    """Whether what the class was worked out from was changed since: an answer, or the day of Article 111."""
    day = system.placed_on.isoformat() if system.placed_on else None
    other = answers is not None and standing.answers_id != answers.pk
    return other or standing.result["facts"].get("placed_on") != day


def moved_to(standing: Standing, day: date) -> str | None:
    """The class that the recorded facts come to on the day, where the law has made it another one since."""
    if day <= standing.as_of:
        return None
    try:
        now = classify(facts_from(standing.result["facts"]), day).primary
    except InputError:
        return None  # the page says what is wrong where it lists the duties
    return now if now != standing.outcome else None


def record_standing(user: Any, system: System, day: date, assessment: str = "", number: int | None = None) -> Standing:
    """Record what the newest answers come to on a day.

    `number` is the revision that was looked at. Raises Forbidden, NotFound, StaleAnswers, AssessmentMissing, and
    InputError for open or contradicting answers and for a day before the text that is held.
    """
    authorize(user, "classify", system)
    assessment = words("assessment", assessment, LONGEST_ASSESSMENT)
    with transaction.atomic():
        current = locked(system)
        answers = current.answered
        if answers is None or (number is not None and answers.number != number):
            raise StaleAnswers() if answers else InputError("No question is answered yet.")
        refuse_unready(answers, day)
        facts = facts_of(current, answers, day)
        assert facts is not None
        found = classify(facts, day)
        assessment = assessment or written_assessment(answers)
        if found.primary == DEROGATION and not assessment:
            raise AssessmentMissing()
        standing = kept(user, current, answers, found, assessment if found.primary == DEROGATION else "")
        take_roles(user, current, facts)
        system_classified.send(Standing, standing=standing)
        said = {"number": standing.number, "class": found.primary, "as_of": day.isoformat(), "answers": answers.number}
        record(current.organisation, user, "classified", current, said | {"law": standing.law_version})
    return standing


def written_assessment(answers: Answers | None) -> str:
    """What the questionnaire has of the assessment that Article 6(4) asks for."""
    return str(values(answers).get(ASSESSED_IN, ""))


def refuse_unready(answers: Answers, day: date) -> None:
    said = values(answers)
    if found := questionnaire.contradictions(said, day):
        raise InputError("These answers contradict each other: " + " ".join(each.says for each in found))
    if left := questionnaire.still_open(said, day):
        raise InputError(f"Questions are open: {'; '.join(question.text for question in left[:3])}")


def kept(user: Any, system: System, answers: Answers, found: Classification, assessment: str) -> Standing:
    last = system.standing
    return Standing.unscoped.create(
        organisation=system.organisation,
        system=system,
        number=last.number + 1 if last else 1,
        answers=answers,
        as_of=found.as_of,
        outcome=found.primary,
        result={**found.as_json(), "facts": facts_json(found.facts)},
        law_version=found.law_version,
        assessment=assessment,
        author=user,
    )


def take_roles(user: Any, system: System, facts: Facts) -> None:
    """The roles that the answers lead to become the system's."""
    roles = list(facts.roles)
    if roles and roles != system.roles:
        before = plain(system, ["roles"])
        system.roles, system.edition = roles, system.edition + 1
        system.save()
        system_changed.send(System, system=system, what="changed")
        record(system.organisation, user, "changed", system, {"from": before, "to": {"roles": roles}})


def compared(before: Standing, after: Standing) -> Comparison:
    old, new = (set(obligations(each.result)) for each in (before, after))
    return Comparison(
        before,
        after,
        differences(before.answers, after.answers),
        called(before),
        called(after),
        sorted(new - old),
        sorted(old - new),
    )


def called(standing: Standing) -> str:
    """The class in words, with what stands beside it."""
    beside = [class_name(each) for each in standing.result["overlays"] if each != standing.outcome]
    return class_name(standing.outcome) + (f", with {listed(beside, 'and')}" if beside else "")


def obligations(result: Mapping[str, Any]) -> list[str]:
    """In force and coming alike."""
    return [*result["obligations"], *(each["id"] for each in result["obligations_coming"])]
