"""The questionnaire: which questions matter, given the answers so far, and the legal facts they lead to.

The questions, what they depend on and what they lead to are data (questions.yaml). Answers are a mapping of question id
to value: "yes" or "no", an option's id, a list of options' ids, a number, a text; a question that is left out, or has
None, is open. A condition is true, false, or open as long as an answer is; a question is shown once its condition is
true, and looks only at questions before it. `day` is the day on which the law is read, since a prohibition stops the
way from its day on; without one it is the first day of the text that is held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from governance.frameworks.load import held_since, load, read
from governance.law.answers import Answers, near, shown
from governance.law.facts import AnnexI, Facts, Gpai
from governance.law.facts import contradictions as of_facts
from governance.law.reading import practice_from, reading
from models.errors import InputError

KINDS = ("yes-no", "one", "several", "amount", "text")
YES_NO = ("yes", "no")
LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. `alone`: it cannot stand beside others, as "none of these" cannot. `section`: of Annex I."""

    id: str
    text: str
    help: str = ""
    alone: bool = False
    section: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One page. `kind` is one of KINDS; an `optional` one may stay empty without holding up the result."""

    id: str
    section: str
    kind: str
    text: str
    ref: str
    help: str
    examples: tuple[str, ...]
    options: tuple[Option, ...]
    optional: bool
    when: Mapping[str, Any] | None

    def checked(self, value: Any) -> Any:
        """The value as it is kept. InputError where it is none that this question has."""
        if self.kind == "several":
            return self._several(value)
        if self.kind == "amount":
            return Answers({self.id: value or None}, (self.id,), "answers").amount(self.id)
        if self.kind == "text":
            return self._text(value)
        known = YES_NO if self.kind == "yes-no" else tuple(option.id for option in self.options)
        if value not in known:
            raise InputError(f"{shown(value)} is no answer to {self.id}. {near(value, known)}")
        return value

    def _several(self, value: Any) -> list[str]:
        known = {option.id: option for option in self.options}
        if not isinstance(value, (list, tuple)) or not value:
            raise InputError("Choose at least one.")
        for each in value:
            if each not in known:
                raise InputError(f"{shown(each)} is no answer to {self.id}. {near(each, tuple(known))}")
        alone = [option for option in self.options if option.alone and option.id in value]
        if alone and len(set(value)) > 1:
            raise InputError(f"“{alone[0].text}” cannot stand beside other choices.")
        return [name for name in known if name in value]

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise InputError(f"{self.id} is to be text.")
        if len(value) > LONGEST_TEXT:
            raise InputError(f"The text is longer than {LONGEST_TEXT:,} characters.")
        return value.strip()


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Answers that cannot both be true: the questions, and the sentence that says why."""

    questions: tuple[str, ...]
    says: str


@cache
def questions() -> tuple[Question, ...]:
    """All questions, in order."""
    return tuple(_question(each) for each in _file()["questions"])


@cache
def question(id: str) -> Question:
    """A question by its id. InputError where there is none."""
    found = next((each for each in questions() if each.id == id), None)
    if found is None:
        raise InputError(f"There is no question {shown(id)}. {near(id, [each.id for each in questions()])}")
    return found


@cache
def sections() -> tuple[Section, ...]:
    """The sections of the questionnaire, in order."""
    return tuple(Section(each["id"], each["title"]) for each in _file()["sections"])


def checked(answers: Mapping[str, Any]) -> dict[str, Any]:
    """All answers as they are kept, the open ones left out. InputError names the question whose answer is none."""
    return {id: question(id).checked(value) for id, value in answers.items() if value not in (None, "", [], ())}


def pages(answers: Mapping[str, Any], day: dt.date | None = None) -> list[Question]:
    """The questions that matter, given these answers, in order."""
    return list(_Given(answers, day).shown.values())


def next_question(answers: Mapping[str, Any], after: str | None = None, day: dt.date | None = None) -> Question | None:
    """The first question without an answer, optional ones too; with `after`, the first of those behind that one."""
    order = [each.id for each in questions()]
    start = order.index(after) + 1 if after else 0
    behind = (each for each in pages(answers, day) if order.index(each.id) >= start)
    return next((each for each in behind if not _has(answers, each.id)), None)


def still_open(answers: Mapping[str, Any], day: dt.date | None = None) -> tuple[Question, ...]:
    """The questions that matter and hold up the result. Those that an open one hides come once it is answered."""
    return tuple(each for each in pages(answers, day) if not each.optional and not _has(answers, each.id))


def facts(answers: Mapping[str, Any], day: dt.date | None = None) -> Facts | None:
    """The legal facts that the answers lead to; None while a question is open or answers contradict each other."""
    given = _Given(answers, day)
    if still_open(answers, day) or contradictions(answers, day):
        return None
    return given.facts()


def contradictions(answers: Mapping[str, Any], day: dt.date | None = None) -> tuple[Contradiction, ...]:
    """The answers that cannot both be true, as far as they are given."""
    given = _Given(answers, day)
    found = [
        Contradiction(tuple(each["questions"]), each["says"])
        for each in _file()["contradictions"]
        if all(name in given.shown and _has(answers, name) for name in each["questions"])
        if given.holds(each["when"])
    ]
    if not found and not still_open(answers, day):
        found = [Contradiction((), sentence) for sentence in of_facts(given.facts())]
    return tuple(found)


@cache
def _file() -> Mapping[str, Any]:
    return read((Path(__file__).parent / "questions.yaml").read_bytes())


def _question(each: Mapping[str, Any]) -> Question:
    return Question(
        id=each["id"],
        section=each["section"],
        kind=each["kind"],
        text=each["text"],
        ref=each["ref"],
        help=each.get("help", ""),
        examples=tuple(each.get("examples", ())),
        options=tuple(_options(each)),
        optional=each.get("optional", False),
        when=each.get("when"),
    )


def _options(each: Mapping[str, Any]) -> Iterator[Option]:
    """The options as written, behind those that a list of the law gives."""
    if "options_from" in each:
        acts = load("eu-ai-act-classification")[each["options_from"]]
        for section in ("A", "B"):
            for act in acts[f"section_{section.lower()}"]:
                yield Option(
                    act["id"], act["title"], f"Annex I, Section {section}, point {act['point']}", False, section
                )
    for option in each.get("options", ()):
        yield Option(option["id"], option["text"], option.get("help", ""), option.get("alone", False))


def _has(answers: Mapping[str, Any], id: str) -> bool:
    return answers.get(id) not in (None, "", [], ())


class _Given:
    """Answers, with what follows from them. What was answered to a question that is not shown does not count."""

    def __init__(self, answers: Mapping[str, Any], day: dt.date | None = None) -> None:
        self.answers = answers
        self.day = day or held_since()
        self.named: dict[str, bool | None] = {}
        self.shown: dict[str, Question] = {}
        for each in questions():
            if each.when is None or self.holds(each.when):
                self.shown[each.id] = each

    def holds(self, condition: Mapping[str, Any]) -> bool | None:
        """True, false, or None while an answer that it needs is open. A mapping of several names wants all of them."""
        return _all([self._holds(name, wanted) for name, wanted in condition.items()])

    def _holds(self, name: str, wanted: Any) -> bool | None:
        if name == "all":
            return _all([self.holds(each) for each in wanted])
        if name == "any":
            return _any([self.holds(each) for each in wanted])
        if name == "not":
            inner = self.holds(wanted)
            return None if inner is None else not inner
        if name == "is":
            if wanted not in self.named:
                self.named[wanted] = self.holds(_file()["conditions"][wanted])
            return self.named[wanted]
        if name == "used":
            return _any([self.holds(each) for each in _file()["facts"][wanted].values()])
        if name == "banned":
            practices = _file()["facts"][wanted].items()
            return _any([self.holds(each) for point, each in practices if practice_from(point) <= self.day])
        if name in ("over", "section"):
            ((asked, limit),) = wanted.items()
            return self._over(asked, limit) if name == "over" else self._in_section(asked, limit)
        return self._chosen(name, (wanted,) if isinstance(wanted, str) else wanted)

    def _value(self, id: str) -> Any:
        """The answer; None where it is open, False where the question is not shown."""
        if id not in self.shown:
            return False
        return self.answers[id] if _has(self.answers, id) else None

    def _chosen(self, id: str, wanted: Sequence[str]) -> bool | None:
        value = self._value(id)
        if value is None or value is False:
            return value
        chosen = value if isinstance(value, (list, tuple)) else (value,)
        return any(each in wanted for each in chosen)

    def _over(self, id: str, limit: str) -> bool | None:
        value = self._value(id)
        return value if value is None or value is False else float(value) > float(reading()[limit]["flop"])

    def _in_section(self, id: str, section: str) -> bool | None:
        value = self._value(id)
        if value is None or value is False:
            return value
        return any(option.id == value and option.section == section for option in question(id).options)

    def facts(self) -> Facts:
        """The legal facts, once nothing is open."""
        rules = _file()["facts"]
        derogation = self._all_of("derogation")
        return Facts(
            object=self._value("object"),
            roles=self._all_of("roles"),
            is_ai_system=self._true(rules["is_ai_system"]),
            eu_nexus=self._true(rules["eu_nexus"]),
            exclusion=next(iter(self._all_of("exclusion")), "none"),
            prohibited=self._all_of("prohibited"),
            annex_i=self._product,
            annex_iii_points=self._all_of("annex_iii_points"),
            profiling=self._true(rules["profiling"]),
            derogation=derogation[0] if derogation else None,
            material_influence=self._true(rules["material_influence"]) if "decides" in self.shown else None,
            art50=self._all_of("art50"),
            gpai=self._model,
            open_source=self._true(rules["open_source"]),
            public_authorities=self._said("public-authorities"),
            redesigned=self._said("redesigned"),
        )

    def _said(self, id: str) -> bool | None:
        """A yes or no; None where it is open or not asked, which some facts tell apart from no."""
        return {"yes": True, "no": False}.get(self._value(id))

    def _true(self, condition: Mapping[str, Any]) -> bool:
        return self.holds(condition) is True

    def _all_of(self, name: str) -> tuple[str, ...]:
        return tuple(each for each, condition in _file()["facts"][name].items() if self._true(condition))

    @cached_property
    def _product(self) -> AnnexI | None:
        chosen = next((each for each in question("product-act").options if each.id == self._value("product-act")), None)
        if chosen is None or not chosen.section:
            return None
        rules = _file()["facts"]["annex_i"]
        part, third = (self._true(rules[name]) for name in ("safety_component_or_product", "third_party"))
        return AnnexI(chosen.text, chosen.section, part, third)

    @cached_property
    def _model(self) -> Gpai | None:
        if "general" not in self.shown:
            return None
        rules = _file()["facts"]["gpai"]
        flops = self._value("flops")
        return Gpai(
            is_gpai_model=self._true(rules["is_gpai_model"]),
            flops=float(flops) if flops else None,
            designated=self._true(rules["designated"]),
            presumption_rebutted=self._true(rules["presumption_rebutted"]),
            open_source=self._true(rules["open_source"]),
        )


def _all(found: Sequence[bool | None]) -> bool | None:
    if False in found:
        return False
    return None if None in found else True


def _any(found: Sequence[bool | None]) -> bool | None:
    if True in found:
        return True
    return None if None in found else False
