"""How the pages call what the law's data name by an id or a key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from governance.frameworks.catalogue import Entry
from governance.frameworks.lists import certainty
from governance.frameworks.requirements import Requirement, framework
from governance.systems.words import role_name

ROLES = {"controller": "Controller", "processor": "Processor", "commission": "The Commission"}
LEVELS = {
    "all": "Every AI system",
    "high-risk-annex-iii": "High-risk by its use (Annex III)",
    "high-risk-annex-i-a": "High-risk by its product (Annex I Section A)",
    "annex-iii-derogated": "Not high-risk by derogation (Article 6(3))",
    "transparency": "Transparency (Article 50)",
    "gpai": "General-purpose AI model",
    "gpai-systemic": "General-purpose AI model with systemic risk",
}
MODALITIES = {
    "obligation": "An obligation",
    "permission": "A permission, on conditions",
    "option": "An option",
    "context": "Context: it asks for nothing",
}
IN_FORCE = {True: "text in force", False: "published"}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
KEYS = {
    "area": "Area",
    "amended_by": "Amended by",
    "answers": "Where an answer leads",
    "applies_from": "Applies from",
    "built_in_exceptions": "Not meant",
    "conditions": "Conditions, which must hold together",
    "conformity": "Way to conformity",
    "core_for_fria": "Asked first in a fundamental rights impact assessment (our own choice)",
    "covers": "Covers",
    "days": "Days at the most",
    "exceptions": "Exceptions",
    "fria_deployer_scope": "Fundamental rights impact assessment by",
    "guideline": "Guidelines",
    "guideline_non_ai_families": "Not AI by these guidelines",
    "implementation": "Here",
    "kind": "Kind",
    "minimum": "At least that long",
    "note": "Note",
    "on": "Binds",
    "only_after": "Only after",
    "only_for": "Only for",
    "period": "Period",
    "placed_before": "Placed on the market or put into service before",
    "recital_example": "For example",
    "registration": "Registration",
    "result": "Then you are",
    "right_to_explanation": "Right to an explanation (Article 86)",
    "rule": "Rule",
    "start": "Counted from",
    "status": "State",
    "verification": "How it was checked",
    "what": "For",
}
VALUES = {
    "apply-high-risk": "the day of the high-risk rules of its own route",
    "placing-on-market": "placing on the market",
    "putting-into-service": "putting into service",
    "putting-into-service-for-this-purpose": "putting into service for this purpose",
    "public-bodies-and-private-public-service-providers": "public bodies, and private bodies that give public services",
    "all-deployers": "every deployer",
    "none": "nobody",
    "significant-design-change": "a significant change of the design",
    "public-authorities": "systems meant for public authorities",
    "annex-x": "parts of the large-scale IT systems of Annex X",
    "market-surveillance-authority": "market surveillance authority",
    "gpai-provider": "provider of a general-purpose AI model",
    "tech": "made or checked by tools",
    "org": "a record of the organisation",
    "doc": "a document",
    "P10Y": "10 years",
    "P6M": "6 months",
    "2026/1744": "Regulation (EU) 2026/1744",
    None: "no fixed number",
    True: "yes",
    False: "no",
}


def role(id: str) -> str:
    return ROLES.get(id) or role_name(id)


def level(id: str) -> str:
    return LEVELS.get(id, id)


def said(entry: Entry) -> Iterator[tuple[str, list[str]]]:
    """What an entry says beyond its title and help: a label, and its values in words."""
    for key, label in KEYS.items():
        if key in entry.says and (entry.says[key] is not None or key == "days"):
            yield label, list(values(entry.says[key]))


def values(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{key}: {each}" for key, each in value.items())
    elif isinstance(value, tuple):
        yield from (in_words(each) for each in value)
    else:
        yield in_words(value)


def in_words(value: Any) -> str:
    """One value: a day as people write it, an id by its words, anything else as it stands."""
    if isinstance(value, str) and DAY.fullmatch(value):
        day = date.fromisoformat(value)
        return f"{day.day} {day:%B %Y}"
    return VALUES.get(value, str(value))


def days_of(asks: Requirement) -> list[tuple[str, date, date | None]]:
    """For each risk level the day from which it counts, and the day that the law's words give where that differs."""
    return [
        (level(name), day, asks.formal[name] if asks.formal.get(name) != day else None)
        for name, day in asks.dates.items()
    ]


def sure(asks: Requirement) -> str:
    """`text in force`, or `text in force; its day: our reading`: a text may be in force whose day is still to come."""
    law = framework(asks.framework).kind == "law"
    text, day = ((IN_FORCE[law] if each == "in-force" else certainty(each).title.lower())
                 for each in (asks.certainty, asks.date_certainty))  # fmt: skip
    return text if day == text or not asks.dates else f"{text}; its day: {day}"
