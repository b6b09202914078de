"""Answers to the whole questionnaire, found by walking it."""

from __future__ import annotations

from typing import Any

from governance.law import questionnaire
from governance.law.questionnaire import Question

AI = {"machine": "yes", "how": "learned", "autonomy": "yes", "influence": "yes", "nexus": ["market"]}
HIRING = AI | {"areas": ["work"], "roles": ["provider"]}
PATHS: dict[str, dict[str, Any]] = {
    "MINIMAL": AI,
    "OUT_NOT_AI": {"machine": "no"},
    "HIGH_RISK_ANNEX_III": HIRING
    | {"uses-work": ["4-a"], "personal-data": "yes", "evaluates": "yes", "decides": "yes"},
    "NOT_HIGH_RISK_DEROGATION": HIRING | {"uses-work": ["4-a"], "derogation": "d", "derogation-why": ""},
    "PROHIBITED": AI | {"practices": ["a"], "a-distorts": "yes", "a-decides": "yes", "a-harm": "yes"},
}


def answered(outcome: str, **more: Any) -> dict[str, Any]:
    """Question id -> value, of a system that comes out as this class; what the path does not say is no or none."""
    said: dict[str, Any] = {}
    wanted = PATHS[outcome] | more
    last = None
    while (question := questionnaire.next_question(said, last)) is not None:
        last = question.id
        value = wanted.get(question.id, nothing(question))
        if value not in (None, "", []):
            said[question.id] = value
    return said


def nothing(question: Question) -> Any:
    """The answer that claims least."""
    if question.kind == "yes-no":
        return "no"
    ids = [option.id for option in question.options]
    if question.kind in ("one", "several"):
        least = "none" if "none" in ids else ids[0]
        return least if question.kind == "one" else [least]
    return 1.0 if question.kind == "amount" else ""
