"""What an audit found, as an assessment tells it: its verdicts, the figures that they rest on, what it left out.

It is read off the audit's evidence and nothing else, so that a check of the report finds the same again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.measure.types import SUPPRESSED
from audits.report import words

Json = Mapping[str, Any]
FIGURE = ("id", "check", "metric", "attribute", "group", "feature", "over", "value", "interval", "n", "reason")


def audited(found: Json) -> dict[str, Any]:
    """Of an audit's JSON. Raises KeyError or TypeError where it has another shape."""
    titles = {rule.get("id"): rule.get("title") for rule in found["policy"].get("rules") or []}
    resting = {id for verdict in found["verdicts"] for id in verdict["measurements"]}
    return {
        "verdicts": [verdict(each, titles) for each in found["verdicts"]],
        "measurements": [figure(each) for each in found["measurements"] if each["id"] in resting],
        "hidden_groups": hidden(found["measurements"]),
        "skipped_checks": [
            {"title": check["title"], "reason": check.get("reason") or check["status"]}
            for check in found.get("checks") or []
            if check["status"] != "done"
        ],
    }


def verdict(each: Json, titles: Mapping[str, str | None]) -> dict[str, Any]:
    rule = str(each["rule"])
    return {
        "rule": rule,
        "title": titles.get(rule.partition("[")[0]) or rule,
        "attribute": each.get("attribute"),
        "outcome": words.tone(each),
        "reason": each["reason"],
        "limit": each.get("limit"),
        "direction": each.get("direction"),
        "waiver": each.get("waiver"),
        "measurements": list(each["measurements"]),
        "not_assessed": [named(group) for group in each.get("not_assessed") or []],
    }


def figure(each: Json) -> dict[str, Any]:
    return {name: each.get(name) for name in FIGURE}


def hidden(measurements: list[Json]) -> list[str]:
    """The groups of which a figure was not shown, since their counts could give a person away."""
    return sorted({named(m["group"]) for m in measurements if m.get("reason") == SUPPRESSED and m["group"]})


def named(group: Mapping[str, str]) -> str:
    """With its attributes, since `other` is a group of several: education other, sex male × age band under 30."""
    return " × ".join(f"{words.attribute(name)} {words.short(value)}" for name, value in group.items()) or "everyone"
