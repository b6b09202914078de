"""Answering the questionnaire of a system: one answer at a time, each kept as a revision with who, when and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.law import questionnaire
from governance.law.facts import Facts
from governance.law.questionnaire import Question
from governance.systems.days import today
from governance.systems.models import Answers, System
from governance.systems.register import locked
from governance.systems.signals import system_changed
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.register import words
from models.trail.record import record

LONGEST_WHY = 4_000
OPEN: tuple[Any, ...] = (None, "", [])


class StaleAnswer(InputError):
    """Somebody answered the question meanwhile; `current` is the newest revision."""

    def __init__(self, current: Answers | None) -> None:
        super().__init__("Somebody answered this question meanwhile. Nothing of yours was saved.")
        self.current = current


@dataclass(frozen=True, slots=True)
class Changed:
    """An answer that differs between two revisions; None: open."""

    question: Question
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def values(answers: Answers | None) -> dict[str, Any]:
    """Question id -> value, as the law's questionnaire takes them."""
    return {name: said["value"] for name, said in (answers.answers if answers else {}).items()}


def stamp(answers: Answers | None, question: str) -> str:
    """Of the answer to one question: whoever saves over it says which one they saw."""
    said = answers.answers.get(question) if answers else None
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def answer(user: Any, system: System, given: Mapping[str, tuple[Any, str]], seen: str | None = None) -> Answers | None:
    """Keep answers: question id -> (value, why); a value that is None leaves the question open.

    The newest revision afterwards, the same as before where nothing changes. `seen` is the stamp of the one question's
    answer that the writer saw. Raises Forbidden, NotFound, StaleAnswer, and InputError for what is no answer.
    """
    authorize(user, "govern", system)
    wanted = {name: (checked(name, value), words("reason", why, LONGEST_WHY)) for name, (value, why) in given.items()}
    with transaction.atomic():
        current = locked(system)
        before = current.answered
        if seen is not None and any(stamp(before, name) != seen for name in wanted):
            raise StaleAnswer(before)
        after = {**(before.answers if before else {})}
        for name, (value, why) in wanted.items():
            replace(after, name, value, why, user)
        if after == (before.answers if before else {}):
            return before
        made = revision(user, current, before, after)
        system_changed.send(System, system=current, what="answered")
        record(current.organisation, user, "answered", current, told(made, before))
    return made


def checked(name: str, value: Any) -> Any:
    """The value as it is kept, None for an open one."""
    question = questionnaire.question(name)
    return None if value in OPEN else question.checked(value)


def replace(answers: dict[str, Any], name: str, value: Any, why: str, user: Any) -> None:
    was = answers.get(name)
    if value is None:
        answers.pop(name, None)
    elif was is None or (was["value"], was["why"]) != (value, why):
        answers[name] = {"value": value, "why": why, "by": user.pk, "at": timezone.now().isoformat()}


def revision(user: Any, system: System, before: Answers | None, answers: dict[str, Any]) -> Answers:
    found = questionnaire.facts({name: said["value"] for name, said in answers.items()}, today())
    return Answers.unscoped.create(
        organisation=system.organisation,
        system=system,
        number=before.number + 1 if before else 1,
        answers=answers,
        facts=facts_json(found) if found else None,
        author=user,
    )


def facts_json(facts: Facts) -> dict[str, Any]:
    """As facts_from() reads them again."""
    return json.loads(json.dumps(asdict(facts), default=lambda day: day.isoformat() if isinstance(day, date) else day))


def told(made: Answers, before: Answers | None) -> dict[str, Any]:
    """For the trail: each question with what was said before and now."""
    answers = {
        change.question.id: {"from": plain(change.before), "to": plain(change.after)}
        for change in differences(before, made)
    }
    return {"revision": made.number, "answers": answers}


def plain(said: Mapping[str, Any] | None) -> Any:
    return {"value": said["value"], "why": said["why"]} if said else None


def differences(before: Answers | None, after: Answers | None) -> list[Changed]:
    """In the order of the questions."""
    old, new = (each.answers if each else {} for each in (before, after))
    return [
        Changed(question, old.get(question.id), new.get(question.id))
        for question in questionnaire.questions()
        if plain(old.get(question.id)) != plain(new.get(question.id))
    ]


def readable(question: Question, value: Any) -> list[str]:
    """A value in the words of the question's options."""
    if value in OPEN:
        return []
    named = {option.id: option.text for option in question.options} | {"yes": "Yes", "no": "No"}
    each: Iterable[Any] = value if isinstance(value, list) else [value]
    return [named.get(part, part) if isinstance(part, str) else f"{part:g}" for part in each]
