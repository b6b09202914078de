"""What follows from the class: registration, the way to conformity, the fundamental rights impact assessment.

The texts are those of the Annex III entries and of the requirements; each says whom it binds and where it stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from governance.frameworks.load import load
from governance.law.answers import listed
from governance.law.facts import Facts
from governance.law.reading import practice, requirement, use
from governance.law.walk import Walk, prohibited_on

WHO_ASSESSES = {
    "all-deployers": "every deployer",
    "public-bodies-and-private-public-service-providers": (
        "deployers that are bodies governed by public law, or private entities that provide public services"
    ),
}
KINDS = {
    "stop": "Stop",
    "registration": "Registration",
    "conformity": "Conformity",
    "fria": "Fundamental rights",
    "documentation": "Documentation",
    "scope": "Reach of the Act",
}


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that follows. `kind` is a key of KINDS; `value` is the data's own word for it, or none."""

    kind: str
    value: str
    says: str
    ref: str
    who: str = ""

    def as_json(self) -> dict[str, Any]:
        words = {"kind": self.kind, "title": self.title, "value": self.value}
        return words | {"says": self.says, "ref": self.ref, "who": self.who}

    @property
    def title(self) -> str:
        return KINDS[self.kind]


def follows(facts: Facts, walked: Walk, day: dt.date) -> tuple[Consequence, ...]:
    """The consequences of the class that a walk found, whatever the role."""
    by_class = {
        "PROHIBITED": _prohibited,
        "PROHIBITED_PENDING": _prohibited,
        "HIGH_RISK_ANNEX_I_A": _annex_i_a,
        "HIGH_RISK_ANNEX_I_B": _annex_i_b,
        "HIGH_RISK_ANNEX_III": _annex_iii,
        "NOT_HIGH_RISK_DEROGATION": _derogated,
    }
    found = by_class.get(walked.primary)
    return tuple(found(facts, day)) if found else ()


def _prohibited(facts: Facts, day: dt.date) -> Iterator[Consequence]:
    held = prohibited_on(facts, day)
    tier = next(each for each in load("eu-ai-act-timeline")["penalties"] if each["what"] == "Article 5")
    fines = f"Fines {tier['title'][0].lower()}{tier['title'][1:]} ({tier['ref']}). {tier['rule']}"
    for point in facts.prohibited:
        said = practice(point)
        when = "now" if point in held else f"from {said['application']}"
        yield Consequence(
            "stop",
            f"art-{point}",
            f"{said['title']}: prohibited {when}. {fines}",
            said["ref"],
            "whoever does it",
        )


def _annex_iii(facts: Facts, _: dt.date) -> Iterator[Consequence]:
    yield from _registered(facts)
    for wording, points in _grouped(facts, "conformity").items():
        yield Consequence("conformity", wording, f"{wording}, for {points}.", "Article 43(1)-(2)", "provider")
    yield from _assessed(facts)


def _annex_i_a(facts: Facts, _: dt.date) -> Iterator[Consequence]:
    act = facts.annex_i.act if facts.annex_i else ""
    way = requirement("art-43-3")
    yield Consequence(
        "conformity", "43(3)", f"The procedure of {act} with Article 43(3): {way.title}.", way.ref, "provider"
    )
    limit = next(each for each in load("eu-ai-act-classification")["scope_limits"] if each["id"] == "limit-2-13")
    yield Consequence("scope", "2(13)", f"{limit['title']}.", limit["ref"], "provider")
    if facts.annex_iii_points:
        yield from _registered(facts)
        yield from _assessed(facts)


def _annex_i_b(facts: Facts, _: dt.date) -> Iterator[Consequence]:
    scope = next(each for each in load("eu-ai-act-classification")["scope"] if each["id"] == "scope-2-2")
    yield Consequence("scope", "2(2)", f"{scope['title']}.", scope["ref"], "")


def _derogated(facts: Facts, _: dt.date) -> Iterator[Consequence]:
    for name in ("art-6-4-doc", "art-6-4-request"):
        asked = requirement(name)
        yield Consequence("documentation", name, f"{asked.title}.", asked.ref, "provider")
    asked = requirement("art-49-2")
    yield Consequence("registration", "EU database (49(2))", f"{asked.title}.", asked.ref, "provider")
    if facts.open_source:
        yield Consequence(
            "scope",
            "2(12)",
            "It is released under a free and open-source licence. Article 2(12) takes such systems out of the Act "
            "unless they are high-risk or under Article 5 or 50; whether that frees a system derogated under Article "
            "6(3) from documentation and registration is not settled, so they are kept here (our reading).",
            "Article 2(12)",
            "provider",
        )


def _registered(facts: Facts) -> Iterator[Consequence]:
    for wording, points in _grouped(facts, "registration").items():
        ref = "Article 49(5)" if "49(5)" in wording else "Article 49(1)"
        yield Consequence("registration", wording, f"{wording}, for {points}.", ref, "provider")
    if any(use(point)["registration"].startswith("EU database") for point in facts.annex_iii_points):
        asked = requirement("art-49-3")
        yield Consequence("registration", "49(3)", f"{asked.title}.", asked.ref, "public deployers")


def _assessed(facts: Facts) -> Iterator[Consequence]:
    for scope, points in _grouped(facts, "fria_deployer_scope").items():
        if scope == "none":
            yield Consequence("fria", scope, f"No fundamental rights impact assessment for {points}.", "Article 27(1)")
        else:
            who = WHO_ASSESSES[scope]
            says = f"A fundamental rights impact assessment before first use, for {points}, by {who}."
            yield Consequence("fria", scope, says, "Article 27(1)", who)


def _grouped(facts: Facts, key: str) -> dict[str, str]:
    """What the entries of Annex III say under a key -> the points that say it, in words."""
    said: dict[str, list[str]] = {}
    for point in facts.annex_iii_points:
        said.setdefault(use(point)[key], []).append(use(point)["ref"])
    return {wording: listed(refs, "and") for wording, refs in said.items()}
