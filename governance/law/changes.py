"""What it would take to come to another class: facts near the decision are changed, and the tree is walked again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from governance.law.answers import listed
from governance.law.facts import AnnexI, Facts, annex_iii_points
from governance.law.reading import class_name, practice, practice_from, reading, use
from governance.law.walk import OUTSIDE, Walk, class_of, walk

IN_SCOPE = ("prohibited", "annex_i", "annex_iii_points", "art50", "gpai")


class Variant(NamedTuple):
    """Facts that differ in `names`; `says` is the condition in words."""

    names: tuple[str, ...]
    says: str
    ref: str
    facts: Facts
    day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change and where it would lead. `classification` is None where that rests on what was not answered yet."""

    facts: tuple[str, ...]
    says: str
    ref: str
    classification: str | None
    overlays: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "facts": list(self.facts),
            "says": self.says,
            "ref": self.ref,
            "classification": self.classification,
            "overlays": list(self.overlays),
        }


def changes(facts: Facts, day: dt.date) -> tuple[Change, ...]:
    """Every change near the decision that leads to another class or overlay."""
    now = walk(facts, day)
    variants = _of_a_model(facts) if facts.object == "model" else _of_a_system(facts, now, day)
    return tuple(change for variant in variants if (change := _led(variant, now, day)) is not None)


def _led(variant: Variant, now: Walk, day: dt.date) -> Change | None:
    if _opens(variant, now):
        says = f"{variant.says}: the class would rest on the questions that were not needed so far."
        return Change(variant.names, says, variant.ref, None)
    then = walk(variant.facts, variant.day or day)
    if (then.primary, then.overlays) == (now.primary, now.overlays):
        return None
    words = class_name(then.primary) + (", as now" if then.primary == now.primary else "")
    added = [class_name(each) for each in then.overlays if each not in (*now.overlays, then.primary)]
    beside = f", and beside it {listed(added, 'and')}" if added else ""
    gone = [class_name(each) for each in now.overlays if each not in (*then.overlays, now.primary)]
    without = f", without {listed(gone, 'and')}" if gone and then.primary not in OUTSIDE else ""
    says = f"{variant.says}: {words}{beside}{without}."
    return Change(variant.names, says, variant.ref, then.primary, then.overlays)


def _opens(variant: Variant, now: Walk) -> bool:
    """Whether the variant leads into questions that the facts do not answer yet."""
    comes_in = now.primary in OUTSIDE and variant.names[0] in (
        "is_ai_system",
        "eu_nexus",
        "exclusion",
    )
    return comes_in and not any(getattr(variant.facts, name) for name in IN_SCOPE)


def _of_a_system(facts: Facts, now: Walk, day: dt.date) -> Iterator[Variant]:
    if now.primary == "OUT_NOT_AI":
        yield Variant(("is_ai_system",), "If it were an AI system", "Article 3(1)", replace(facts, is_ai_system=True))
        return
    yield from _of_scope(facts)
    if now.primary == "OUT_OF_SCOPE":
        return
    yield from _of_a_practice(facts, now, day)
    yield from _of_a_product(facts)
    if now.primary not in ("PROHIBITED", "HIGH_RISK_ANNEX_I_B"):
        yield from _of_a_use(facts, now)
        yield from _of_a_derogation(facts, now)
        yield from _of_transparency(facts)
    yield from _of_a_model(facts)


def _of_scope(facts: Facts) -> Iterator[Variant]:
    if facts.exclusion != "none":
        yield Variant(("exclusion",), "If the exclusion no longer held", "Article 2", replace(facts, exclusion="none"))
        return
    said = (
        "If neither it nor its output were in the Union" if facts.eu_nexus else "If it or its output came to the Union"
    )
    yield Variant(("eu_nexus",), said, "Article 2(1)", replace(facts, eu_nexus=not facts.eu_nexus))


def _of_a_practice(facts: Facts, now: Walk, day: dt.date) -> Iterator[Variant]:
    if not facts.prohibited:
        return
    named = listed([practice(point)["title"] for point in facts.prohibited], "and")
    refs = "; ".join(practice(point)["ref"] for point in facts.prohibited)
    says = f"If no condition of Article 5 were met in full, or its exception held ({named})"
    yield Variant(("prohibited",), says, refs, replace(facts, prohibited=()))
    later = min((each for point in facts.prohibited if (each := practice_from(point)) > day), default=None)
    if now.primary == "PROHIBITED_PENDING" and later:
        yield Variant(("as_of",), f"From {later} on", refs, facts, later)


def _of_a_product(facts: Facts) -> Iterator[Variant]:
    product = facts.annex_i
    if product is None:
        return
    if not product.is_high_risk:
        says = (
            f"If it were the product under {product.act} itself or its safety component, and a third party had to "
            "assess the product for health or safety reasons"
        )
        yield Variant(("annex_i",), says, "Article 6(1)", replace(facts, annex_i=_product(product, True, True)))
        return
    yield Variant(
        ("annex_i.safety_component_or_product",),
        "If it were neither the product itself nor its safety component",
        "Article 3(14), 6(1a), 6(1b)",
        replace(facts, annex_i=_product(product, False, product.third_party)),
    )
    yield Variant(
        ("annex_i.third_party",),
        "If no third party had to assess the product for health or safety reasons",
        "Article 6(1)(b), 6(1c)",
        replace(facts, annex_i=_product(product, product.safety_component_or_product, False)),
    )


def _product(product: AnnexI, safety: bool, third_party: bool) -> AnnexI:
    return replace(product, safety_component_or_product=safety, third_party=third_party)


def _of_a_use(facts: Facts, now: Walk) -> Iterator[Variant]:
    if facts.annex_iii_points:
        refs = listed([use(point)["ref"] for point in facts.annex_iii_points], "and")
        without = replace(facts, annex_iii_points=(), derogation=None)
        says = f"If it were meant for no use of {refs}, or an exception in the point held"
        yield Variant(("annex_iii_points",), says, "Article 6(2); Annex III", without)
    elif now.primary in ("TRANSPARENCY", "MINIMAL"):
        within = replace(facts, annex_iii_points=annex_iii_points()[:1], derogation=None)
        yield Variant(
            ("annex_iii_points",), "If it came to be meant for a use of Annex III", "Article 6(2); Annex III", within
        )


def _of_a_derogation(facts: Facts, now: Walk) -> Iterator[Variant]:
    if now.primary == "HIGH_RISK_ANNEX_III":
        needed = [
            says
            for holds, says in (
                (not facts.profiling, "it stopped profiling natural persons"),
                (facts.derogation is not None, "one of the conditions (a) to (d) held"),
                (facts.material_influence is False, "it did not materially influence decisions"),
            )
            if not holds
        ]
        derogated = replace(facts, profiling=False, derogation=facts.derogation or "a", material_influence=False)
        names = [
            name
            for name in ("profiling", "derogation", "material_influence")
            if getattr(facts, name) != getattr(derogated, name)
        ]
        says = f"If {listed(needed, 'and')}, and no significant risk remained"
        if not _profiles_by_its_words(facts):
            yield Variant(tuple(names), says, "Article 6(3)", derogated)
    if now.primary == "NOT_HIGH_RISK_DEROGATION":
        for name, says, then in (
            ("profiling", "If it profiled natural persons", replace(facts, profiling=True)),
            ("material_influence", "If it materially influenced decisions", replace(facts, material_influence=True)),
            ("derogation", "If its condition no longer held", replace(facts, derogation=None)),
        ):
            yield Variant((name,), says, "Article 6(3)", then)


def _profiles_by_its_words(facts: Facts) -> bool:
    return any(point in reading()["profiling_by_its_words"] for point in facts.annex_iii_points)


def _of_transparency(facts: Facts) -> Iterator[Variant]:
    if facts.art50:
        yield Variant(("art50",), "If no duty of Article 50 applied", "Article 50", replace(facts, art50=()))
        return
    says = (
        "If people came to deal with it directly, or it made synthetic content, recognised emotions, sorted people by "
        "biometrics, or made deep fakes or published texts"
    )
    yield Variant(("art50",), says, "Article 50(1)-(4)", replace(facts, art50=("1",)))


def _of_a_model(facts: Facts) -> Iterator[Variant]:
    gpai = facts.gpai
    if gpai is None:
        return
    if not gpai.is_gpai_model:
        within = replace(facts, gpai=replace(gpai, is_gpai_model=True))
        yield Variant(("gpai.is_gpai_model",), "If the model were a general-purpose one", "Article 3(63)", within)
        return
    limit = reading()["systemic_presumption"]
    over = f"more than {limit['flop']:.0e} FLOP"
    if class_of(gpai) == "GPAI":
        raised = replace(gpai, flops=float(limit["flop"]) * 2, presumption_rebutted=False)
        says = f"If {over} went into its training, or the Commission designated it"
        yield Variant(("gpai.flops", "gpai.designated"), says, "Article 51", replace(facts, gpai=raised))
    else:
        rebutted = replace(gpai, designated=False, presumption_rebutted=True)
        says = "If the Commission accepted that it exceptionally poses no systemic risk"
        yield Variant(("gpai.presumption_rebutted",), says, "Article 52(2)", replace(facts, gpai=rebutted))
    says = "If it were no general-purpose AI model"
    yield Variant(
        ("gpai.is_gpai_model",), says, "Article 3(63)", replace(facts, gpai=replace(gpai, is_gpai_model=False))
    )
