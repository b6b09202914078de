"""Counts that page one, the pages and the comparison share; of the snapshot and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.law import risks

Json = Mapping[str, Any]
PROVEN = ("evidenced", "accepted")
EXCLUDED = "Excluded"  # as an assessment tells it
STANDS = ("open", "accepted")  # a risk that was closed, or dismissed as none, stands no more


def asked(told: Json) -> list[Json]:
    """The obligations that the class, or what the system is held to, brings."""
    return [each for each in told["obligations"] if each["when"] != "no longer"]


def owed(told: Json, *when: str) -> list[Json]:
    """Those that apply and count then: now, coming, where, undated."""
    return [each for each in asked(told) if each["when"] in when and each["state"] != "not applicable"]


def unproven(told: Json, *when: str) -> list[Json]:
    return [each for each in owed(told, *(when or ("now", "coming", "where", "undated"))) if not is_proven(each)]


def is_proven(each: Json) -> bool:
    """Evidenced or accepted, and nothing of it stale."""
    return each["state"] in PROVEN and not each["stale"]


def score(degree: Json | None) -> int | None:
    """Likelihood times severity; None where it was not judged."""
    return int(degree["likelihood"]) * int(degree["severity"]) if degree else None


def level(degree: Json | None) -> str:
    """Low, Medium, High or Critical by the scale that is held."""
    found = risks.level(degree["likelihood"], degree["severity"]) if degree else None
    return found.title if found else "not judged"


def standing(told: Json) -> list[Json]:
    """The risks that are open or whose residual risk was accepted."""
    return [each for each in told["risks"] if each["state"] in STANDS]


def is_serious(incident: Json) -> bool:
    """One of the sorts of Article 3(49), unless it is excluded that the system caused it."""
    return bool(incident["kinds"]) and incident["link"] != EXCLUDED


def risks_by_level(told: Json, which: str) -> dict[str, int]:
    """How many risks that stand are of which level, `which` being before or after."""
    found: dict[str, int] = {}
    for each in standing(told):
        name = level(each[which])
        found[name] = found.get(name, 0) + 1
    return found
