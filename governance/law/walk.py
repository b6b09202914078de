"""The walk through the decision tree: questions, references and outcomes are data, the answers are worked out here.

Every question is answered from the facts; the walk stops at the first class, and Articles 50 and 51 are asked beside.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from governance.frameworks.load import load
from governance.law.answers import listed
from governance.law.facts import Facts, Gpai, annex_i_points
from governance.law.reading import guidance, node, practice, practice_from, reading, use

OUTSIDE = ("OUT_NOT_AI", "OUT_OF_SCOPE")


class Answered(NamedTuple):
    """An answer to a question: the tree's word for it, why, and the references that a class would rest on."""

    answer: str
    says: str
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One question of the tree and how the facts answer it; `guidance` is what the reading leans on, with its state."""

    node: str
    question: str
    answer: str
    ref: str
    says: str
    basis: tuple[str, ...]
    guidance: str = ""

    def as_json(self) -> dict[str, Any]:
        words = {"node": self.node, "question": self.question, "answer": self.answer, "ref": self.ref}
        return words | {"says": self.says} | ({"guidance": self.guidance} if self.guidance else {})


@dataclass(frozen=True, slots=True)
class Walk:
    """Where the facts lead on a day: the class, what applies beside it, and the steps."""

    primary: str
    overlays: tuple[str, ...]
    steps: tuple[Step, ...]


def walk(facts: Facts, day: dt.date) -> Walk:
    """The class of the facts on a day, with the way to it."""
    steps: list[Step] = []

    def ask(name: str) -> str:
        """Where the answer leads: another question, or a class."""
        asked, given = node(name), ANSWERS[name](facts, day)
        leans_on = reading()["guidance"].get(name)
        told = "{title}: {status}".format(**guidance(leans_on)) if leans_on else ""
        steps.append(Step(name, asked["ask"], given.answer, asked["ref"], given.says, given.basis, told))
        return str(asked["answers"][given.answer]).split()[0].rstrip(";")

    target = ask("q0")
    while target in ANSWERS and target not in ("q9", "q10"):
        target = ask(target)
    primary = None if target in ("q9", "q10") else target
    if primary == "PROHIBITED" and not prohibited_on(facts, day):
        primary = "PROHIBITED_PENDING"
    if primary == "HIGH_RISK_ANNEX_I_A":
        # both ways to high risk are recorded
        ask("q6")
    overlays = []
    if facts.object != "model" and primary not in (*OUTSIDE, "HIGH_RISK_ANNEX_I_B") and ask("q9") == "TRANSPARENCY":
        overlays.append("TRANSPARENCY")
    if (primary not in OUTSIDE or facts.gpai is not None) and ask("q10") == "GPAI":
        overlays.append(class_of(facts.gpai))
    if primary is None and facts.object == "model" and overlays:
        return Walk(overlays[0], (), tuple(steps))
    if primary is None:
        primary = "TRANSPARENCY" if "TRANSPARENCY" in overlays else ask("q11")
    return Walk(primary, tuple(overlays), tuple(steps))


def prohibited_on(facts: Facts, day: dt.date) -> tuple[str, ...]:
    """The practices that are prohibited on the day; the others will be."""
    return tuple(point for point in facts.prohibited if practice_from(point) <= day)


def class_of(gpai: Gpai | None) -> str:
    """GPAI, or GPAI_SYSTEMIC where the model was designated, or is presumed to have high-impact capabilities."""
    if gpai is None:
        return "GPAI"
    limit = float(reading()["systemic_presumption"]["flop"])
    presumed = (gpai.flops or 0) > limit and not gpai.presumption_rebutted
    return "GPAI_SYSTEMIC" if gpai.designated or presumed else "GPAI"


def _q0(facts: Facts, _: dt.date) -> Answered:
    says = {
        "system": "What is classified is a system.",
        "model": "What is classified is a model by itself, without a system built on it.",
        "both": "What is classified is a system and the model in it: first the system, then the model.",
    }
    return Answered(facts.object, says[facts.object])


def _q1(facts: Facts, _: dt.date) -> Answered:
    if facts.is_ai_system:
        return Answered("yes", "It is an AI system.")
    return Answered("no", "It is no AI system, so the Act does not speak of it.", ("Article 3(1)",))


def _q2(facts: Facts, _: dt.date) -> Answered:
    if facts.eu_nexus:
        return Answered("yes", "It is placed on the market, put into service or used in the Union, or its output is.")
    says = f"Neither it nor its output is in the Union, so the Act does not reach it.{_unreached(facts)}"
    return Answered("no", says, ("Article 2(1)",))


def _q3(facts: Facts, _: dt.date) -> Answered:
    if facts.exclusion in ("none", "personal"):
        return Answered("no", "No exclusion of the whole Act applies.")
    says, basis = _excluded(facts.exclusion)
    return Answered("yes", says + _unreached(facts), basis)


def _q3b(facts: Facts, _: dt.date) -> Answered:
    if facts.exclusion != "personal":
        return Answered("no", "It is not merely used by somebody for themselves.")
    says, basis = _excluded("personal")
    says += f" Whoever provides the system keeps a provider's duties.{_unreached(facts)}"
    return Answered("yes", says, basis)


def _excluded(exclusion: str) -> tuple[str, tuple[str, ...]]:
    wanted = reading()["exclusions"][exclusion]
    found = next(each for each in load("eu-ai-act-classification")["exclusions"] if each["id"] == wanted)
    return f"An exclusion applies: {_sentence(found['title'])}", (found["ref"],)


def _unreached(facts: Facts) -> str:
    """What the Act does not reach it does not forbid; a practice that the facts name is told all the same."""
    refs = [practice(point)["ref"] for point in facts.prohibited]
    return f" If it did reach it, {listed(refs, 'and')} would forbid it." if refs else ""


def _q4(facts: Facts, day: dt.date) -> Answered:
    if not facts.prohibited:
        return Answered("no", "No prohibited practice holds after its exceptions.")
    named = [
        f"{practice(point)['title']} ({practice(point)['ref']}, "
        f"{'since' if practice_from(point) <= day else 'from'} {practice_from(point)})"
        for point in facts.prohibited
    ]
    stop = (
        f"As it is, it must not be {_covered(facts.prohibited)}."
        if prohibited_on(facts, day)
        else f"From that day on it must not be {_covered(facts.prohibited)}; other law may forbid it already."
    )
    return Answered(
        "yes",
        f"A practice of Article 5 holds: {'; '.join(named)}. {stop}",
        tuple(practice(point)["ref"] for point in facts.prohibited),
    )


def _covered(points: tuple[str, ...]) -> str:
    words = {"placing-on-market": "placed on the market", "putting-into-service": "put into service", "use": "used"}
    words["putting-into-service-for-this-purpose"] = "put into service for this purpose"
    covered = {each for point in points for each in practice(point)["covers"]}
    return listed([says for each, says in words.items() if each in covered], "or")


def _q5(facts: Facts, _: dt.date) -> Answered:
    product = facts.annex_i
    if product is None:
        return Answered("no", "It is no product of Annex I, and no safety component of one.")
    if not product.safety_component_or_product:
        return Answered(
            "no",
            f"It belongs to a product under {product.act}, and is neither the product itself nor its safety component: "
            "it has no safety function, and its failure endangers nobody's health or safety.",
            ("Article 3(14)", "Article 6(1a)", "Article 6(1b)"),
        )
    return Answered(
        "yes", f"It is itself a product under {product.act}, or the safety component of one.", ("Article 6(1)(a)",)
    )


def _q5b(facts: Facts, _: dt.date) -> Answered:
    if facts.annex_i is not None and facts.annex_i.third_party:
        return Answered(
            "yes",
            "For health or safety reasons the product has to be assessed by a third party.",
            ("Article 6(1)(b)",),
        )
    return Answered("no", "No third party has to assess the product for health or safety reasons (Article 6(1c)).")


def _q5c(facts: Facts, _: dt.date) -> Answered:
    section = facts.annex_i.section if facts.annex_i is not None else ""
    says = {
        "A": "The act stands in Section A of Annex I: the requirements for high-risk systems apply beside its own.",
        "B": "The act stands in Section B of Annex I: of the AI Act only what Article 2(2) names applies.",
    }
    points = annex_i_points(facts.annex_i.act, section) if facts.annex_i is not None else ()
    where = f"Annex I Section {section}" + (f" point {points[0]}" if len(points) == 1 else "")
    claimed = (
        " The derogation that is claimed is open to uses of Annex III alone, never to such a product (Article 6(3))."
        if facts.derogation
        else ""
    )
    return Answered(section, says[section] + claimed, (where, "Article 2(2)") if section == "B" else (where,))


def _q6(facts: Facts, _: dt.date) -> Answered:
    if not facts.annex_iii_points:
        return Answered("no", "It is meant for no use that Annex III names, after the exceptions in its points.")
    uses = [use(point) for point in facts.annex_iii_points]
    named = "; ".join(f"{each['title']} ({each['ref']})" for each in uses)
    beside = " It is high-risk by Annex I already; Annex III is recorded beside it." if _by_product(facts) else ""
    if any("permitted by law" in each["area"] for each in uses):
        beside += " Annex III takes for granted that Union and national law permit such a use at all."
    return Answered(
        "yes",
        f"It is meant for a use of Annex III: {named}.{beside}",
        ("Article 6(2)", *(each["ref"] for each in uses)),
    )


def _by_product(facts: Facts) -> bool:
    return facts.annex_i is not None and facts.annex_i.is_high_risk


def _q7(facts: Facts, _: dt.date) -> Answered:
    if facts.profiling:
        return Answered(
            "yes",
            "It profiles natural persons, so it is always high-risk: no derogation is open to it.",
            ("Article 6(3), last subparagraph",),
        )
    return Answered("no", "It does not profile natural persons.")


def _q8(facts: Facts, _: dt.date) -> Answered:
    if facts.derogation is None:
        return Answered("no", "No condition of Article 6(3) is claimed.")
    condition = next(
        each for each in load("eu-ai-act-classification")["derogations"] if each["id"] == f"derog-{facts.derogation}"
    )
    named = f"{condition['title']} ({condition['ref']})"
    if facts.material_influence is False:
        return Answered(
            "yes",
            f"A condition holds: {named}. It does not materially influence decisions, and is taken to pose no "
            "significant risk to health, safety or fundamental rights. That is the provider's own assessment: it has "
            "to be documented before the system comes on the market or into service, and the system registered.",
            (condition["ref"], "Article 6(4)", "Article 49(2)"),
        )
    why = (
        "it materially influences the outcome of decisions"
        if facts.material_influence
        else "whether it materially influences decisions is not answered, and as long as that is open it counts"
    )
    return Answered("no", f"A condition is claimed, {named}, but {why}.")


def _q9(facts: Facts, _: dt.date) -> Answered:
    if not facts.art50:
        return Answered("no", "No duty of Article 50 applies, after the exceptions.")
    refs = tuple(f"Article 50({point[0]})" for point in facts.art50)
    unique = tuple(dict.fromkeys(refs))
    return Answered("yes", f"Duties of transparency apply: {listed(unique, 'and')}.", unique)


def _q10(facts: Facts, _: dt.date) -> Answered:
    gpai = facts.gpai
    if gpai is None or not gpai.is_gpai_model:
        return Answered("no", "No general-purpose AI model is placed on the market.")
    if not facts.eu_nexus:
        return Answered("no", "The model is not placed on the Union market (Article 2(1)(a)).")
    if facts.exclusion in reading()["exclusions_of_models"]:
        return Answered("no", f"The model is not reached by the Act. {_excluded(facts.exclusion)[0]}")
    ways = {
        "GPAI": ("It is a general-purpose AI model.", ("Article 3(63)", "Article 53")),
        "GPAI_SYSTEMIC": (
            f"It is a general-purpose AI model with systemic risk: {_systemic(gpai)}.",
            _systemic_basis(gpai),
        ),
    }
    says, basis = ways[class_of(gpai)]
    if class_of(gpai) == "GPAI" and gpai.open_source:
        says += " Its weights are free and open-source, so Articles 53(1)(a)-(b) and 54 do not apply (Article 53(2))."
        basis += ("Article 53(2)",)
    if gpai.flops is None and not gpai.designated:
        says += " The compute of its training is not known, so no systemic risk is presumed."
    return Answered("yes", says, basis)


def _systemic(gpai: Gpai) -> str:
    if gpai.designated:
        return "it was designated, or its capabilities are known to be of high impact"
    flop = reading()["systemic_presumption"]["flop"]
    return f"more than {flop:.0e} FLOP went into its training, from which high-impact capabilities are presumed"


def _systemic_basis(gpai: Gpai) -> tuple[str, ...]:
    first = "Article 51(1)" if gpai.designated else str(reading()["systemic_presumption"]["ref"])
    return (first, "Article 52(1)", "Article 53", "Article 55")


def _q11(facts: Facts, _: dt.date) -> Answered:
    if facts.object == "model":
        return Answered("end", "No duty of the Act is on this model.", ("Article 3(63)",))
    if facts.open_source:
        return Answered(
            "end",
            "It is released under a free and open-source licence and is neither high-risk nor under Article 5 or 50, "
            "so the Act does not apply to it.",
            ("Article 2(12)",),
        )
    return Answered(
        "end", "Nothing but AI literacy is asked (Article 4); codes of conduct are voluntary.", ("Article 95",)
    )


def _sentence(title: str) -> str:
    return title[0].lower() + title[1:] + "."


ANSWERS: Mapping[str, Callable[[Facts, dt.date], Answered]] = {
    "q0": _q0,
    "q1": _q1,
    "q2": _q2,
    "q3": _q3,
    "q3b": _q3b,
    "q4": _q4,
    "q5": _q5,
    "q5b": _q5b,
    "q5c": _q5c,
    "q6": _q6,
    "q7": _q7,
    "q8": _q8,
    "q9": _q9,
    "q10": _q10,
    "q11": _q11,
}
