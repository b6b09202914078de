"""The legal facts that a classification rests on, read from answers and checked against each other.

The answers hold legal conclusions, after exceptions: the schema is that of docs/classification.md. A wrong type, an
unknown name or two answers that cannot both be true are refused with an InputError that says how to mend it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.frameworks.load import load
from governance.law.answers import Answers, listed
from governance.law.reading import reading
from models.errors import InputError

OBJECTS = ("system", "model", "both")
EXCLUSIONS = ("none", "military", "third-country-cooperation", "scientific-rd", "pre-market-rd", "personal")
DEROGATIONS = ("a", "b", "c", "d")
SECTIONS = ("A", "B")
# a walk that never gets to the risk classes needs none of these lists
NEEDED_IN_SCOPE = ("prohibited", "annex_iii_points", "art50")


@dataclass(frozen=True, slots=True)
class AnnexI:
    """The product: `act` as it is cited, its section of Annex I, and the two conditions of Article 6(1)."""

    act: str
    section: str
    safety_component_or_product: bool
    third_party: bool

    @property
    def is_high_risk(self) -> bool:
        return self.safety_component_or_product and self.third_party


@dataclass(frozen=True, slots=True)
class Gpai:
    """The model: `flops` of its training (None: not known), and how Articles 51 and 52 were applied to it."""

    is_gpai_model: bool
    flops: float | None = None
    open_source: bool = False
    designated: bool = False
    presumption_rebutted: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Legal conclusions on one system or model. None: not answered, where the way to the class does not need it.

    `placed_on`, `public_authorities` (it is meant to be used by them) and `redesigned` (its design was significantly
    changed once the duties of high-risk systems counted) are what Article 111 asks of systems that were there before.
    """

    object: str = "system"
    roles: tuple[str, ...] = ()
    is_ai_system: bool | None = None
    eu_nexus: bool | None = None
    exclusion: str = "none"
    prohibited: tuple[str, ...] = ()
    annex_i: AnnexI | None = None
    annex_iii_points: tuple[str, ...] = ()
    profiling: bool = False
    derogation: str | None = None
    material_influence: bool | None = None
    art50: tuple[str, ...] = ()
    gpai: Gpai | None = None
    open_source: bool = False
    placed_on: dt.date | None = None
    public_authorities: bool | None = None
    redesigned: bool | None = None
    assessment_date: dt.date | None = None


FACTS = tuple(name for name in Facts.__slots__ if name not in ("object", "roles"))


def facts_from(answers: Mapping[str, Any]) -> Facts:
    """Facts from answers, `object` and `roles` among them. InputError on what cannot be, or cannot be together."""
    given = Answers(answers, ("object", "roles", *FACTS), "answers")
    gpai = _gpai(given)
    facts = Facts(
        object=_object(given, gpai),
        roles=given.several("roles", load("eu-ai-act")["roles"], "a role of the Act"),
        is_ai_system=given.truth("is_ai_system"),
        eu_nexus=given.truth("eu_nexus"),
        exclusion=given.one("exclusion", EXCLUSIONS) or "none",
        prohibited=given.several("prohibited", prohibited_points(), "a point of Article 5(1)"),
        annex_i=_annex_i(given),
        annex_iii_points=given.several("annex_iii_points", annex_iii_points(), "a point of Annex III"),
        profiling=given.truth("profiling") or False,
        derogation=given.one("derogation", DEROGATIONS),
        material_influence=given.truth("material_influence"),
        art50=given.several("art50", art50_points(), "a duty of Article 50"),
        gpai=gpai,
        open_source=given.truth("open_source") or False,
        placed_on=given.day("placed_on"),
        public_authorities=given.truth("public_authorities"),
        redesigned=given.truth("redesigned"),
        assessment_date=given.day("assessment_date"),
    )
    if missing := tuple(_missing(facts, given)):
        none = " Write [] for a list that is empty." if set(missing) & set(NEEDED_IN_SCOPE) else ""
        raise InputError(f"The way to the class needs an answer to {listed(missing, 'and')}; there is none.{none}")
    if found := contradictions(facts):
        raise InputError("These answers contradict each other: " + " ".join(found))
    return facts


def prohibited_points() -> tuple[str, ...]:
    """The points of Article 5(1) as the answers name them: 5-1-a, ..."""
    return tuple(each["id"].removeprefix("art-") for each in load("eu-ai-act-classification")["prohibited_practices"])


def annex_iii_points() -> tuple[str, ...]:
    """The points of Annex III as the answers name them: 1-a, ..., 2, ..."""
    return tuple(each["id"].removeprefix("annex-iii-") for each in load("eu-ai-act-classification")["annex_iii"])


def annex_i_points(act: str, section: str) -> tuple[int, ...]:
    """The points of a section of Annex I under which an act stands, as far as its number tells it."""
    entries = load("eu-ai-act-classification")["annex_i"][f"section_{section.lower()}"]
    return tuple(each["point"] for each in entries if _numbers(each["title"]) & _numbers(act))


def art50_points() -> tuple[str, ...]:
    """The duties of Article 50 as the answers name them: 1, 2, 3, 4-deepfake, 4-text."""
    return tuple(reading()["art50"])


def _object(given: Answers, gpai: Gpai | None) -> str:
    """What is classified; where the answers do not say, a model that is no system is one."""
    named = given.one("object", OBJECTS)
    if named:
        return named
    return "model" if gpai is not None and given.truth("is_ai_system") is False else "system"


def _annex_i(given: Answers) -> AnnexI | None:
    inner = given.inner("annex_i", AnnexI.__slots__)
    if inner is None:
        return None
    inner.demand(*AnnexI.__slots__)
    return AnnexI(
        act=inner.text("act"),
        section=inner.one("section", SECTIONS) or "",
        safety_component_or_product=bool(inner.truth("safety_component_or_product")),
        third_party=bool(inner.truth("third_party")),
    )


def _gpai(given: Answers) -> Gpai | None:
    inner = given.inner("gpai", Gpai.__slots__)
    if inner is None:
        return None
    inner.demand("is_gpai_model")
    return Gpai(
        is_gpai_model=bool(inner.truth("is_gpai_model")),
        flops=inner.amount("flops"),
        open_source=inner.truth("open_source") or False,
        designated=inner.truth("designated") or False,
        presumption_rebutted=inner.truth("presumption_rebutted") or False,
    )


def _missing(facts: Facts, given: Answers) -> Iterator[str]:
    """What the walk would ask and nobody answered. A list left out or left empty could hide a duty: [] says none."""
    if facts.object != "system" and "gpai" not in given:
        yield "gpai"
    if facts.object != "model" and facts.is_ai_system is None:
        yield "is_ai_system"
    is_system = facts.object != "model" and facts.is_ai_system
    places_model = facts.gpai is not None and facts.gpai.is_gpai_model
    if facts.eu_nexus is None and (is_system or places_model):
        yield "eu_nexus"
    if is_system and facts.eu_nexus and facts.exclusion == "none":
        yield from (name for name in NEEDED_IN_SCOPE if given.answers.get(name) is None)
        if facts.annex_iii_points and given.truth("profiling") is None:
            yield "profiling"


def contradictions(facts: Facts) -> tuple[str, ...]:
    """Answers that cannot both be true, one sentence each. What merely does not matter is no contradiction."""
    return tuple(
        sentence
        for rule in (
            _of_a_model,
            _of_no_ai_system,
            _of_a_role,
            _of_a_derogation,
            _of_profiling,
            _of_a_product,
            _of_gpai,
        )
        for sentence in rule(facts)
    )


def _of_a_model(facts: Facts) -> Iterator[str]:
    held = list(_held(facts))
    if facts.object == "model" and held:
        yield (
            f"object is model, and {listed(held, 'and')} say what only an AI system can be or owe. "
            "Say object: both where a system is built on the model, or leave these empty."
        )


def _of_no_ai_system(facts: Facts) -> Iterator[str]:
    held = [name for name in _held(facts) if name != "annex_i"]
    if facts.object != "model" and facts.is_ai_system is False and held:
        yield (
            f"is_ai_system is false (Article 3(1)), and {listed(held, 'and')} hold only for an AI system. "
            "Say is_ai_system: true, or leave these empty."
        )


def _of_a_role(facts: Facts) -> Iterator[str]:
    others = [role for role in facts.roles if role != "deployer"]
    if facts.exclusion == "personal" and others:
        yield (
            f"exclusion is personal, which frees only a natural person who uses the system for themselves "
            f"(Article 2(10)), and roles names {listed(others, 'and')}. Say exclusion: none, or leave these roles out."
        )


def _of_a_derogation(facts: Facts) -> Iterator[str]:
    """Annex I closes the derogation, as profiling does: a claim that fails contradicts nothing."""
    closed = facts.object == "model" or (facts.annex_i is not None and facts.annex_i.is_high_risk)
    if facts.derogation and not facts.annex_iii_points and not closed and facts.is_ai_system is not False:
        yield (
            f"derogation is {facts.derogation}, and annex_iii_points is empty: there is nothing to derogate from "
            "(Article 6(3)). Name the points of Annex III, or leave derogation empty."
        )


def _of_profiling(facts: Facts) -> Iterator[str]:
    claimed = facts.derogation is not None and facts.material_influence is False and not facts.profiling
    always = [point for point in facts.annex_iii_points if point in reading()["profiling_by_its_words"]]
    if claimed and always:
        yield (
            f"profiling is false and a derogation is claimed, and point {listed(always, 'and')} of Annex III is "
            "profiling by its own words, which no derogation reaches (Article 6(3), last subparagraph). "
            "Say profiling: true."
        )


def _of_a_product(facts: Facts) -> Iterator[str]:
    if facts.annex_i is None:
        return
    act, section = facts.annex_i.act, facts.annex_i.section
    moved = reading()["acts_moved"]
    stands = {each for each in SECTIONS if annex_i_points(act, each)} | {moved[n] for n in _numbers(act) & set(moved)}
    if stands and section not in stands:
        (there,) = stands
        yield (
            f"annex_i.section is {section}, and {act} stands in Section {there} of Annex I, as amended. "
            f"Say section: {there}."
        )


def _of_gpai(facts: Facts) -> Iterator[str]:
    gpai = facts.gpai
    if gpai is None:
        return
    if gpai.designated and gpai.presumption_rebutted:
        yield (
            "gpai.designated says that the model has systemic risk, and gpai.presumption_rebutted that the Commission "
            "accepted that it has none (Article 52). Keep the one that holds today."
        )
    if gpai.designated and not gpai.is_gpai_model:
        yield "gpai.designated is true, and only a general-purpose AI model can be designated. Say is_gpai_model: true."


def _held(facts: Facts) -> Iterator[str]:
    """The names of facts that only an AI system has."""
    yield from (
        name
        for name in ("prohibited", "annex_i", "annex_iii_points", "derogation", "art50")
        if getattr(facts, name) not in (None, ())
    )


def _numbers(text: str) -> set[str]:
    """The numbers of acts, 2017/745 in `MDR 2017/745` and in `Regulation (EU) 2017/745`."""
    return set(re.findall(r"\d{2,4}/\d{2,4}", text))
