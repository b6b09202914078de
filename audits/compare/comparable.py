"""Whether two audits, and two figures in them, speak of the same thing. What does not is named, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audits.measure.types import SUPPRESSED
from audits.report import words

Json = Mapping[str, Any]
WITHOUT_LABEL = ("selection_rate", "favourable_rate", "demographic_parity", "disparate_impact", "mean_absolute_shapley")
BY_FAVOURABLE = ("favourable_rate", "disparate_impact")


def question(audit: Json) -> dict[str, Any]:
    """What both audits must have asked alike."""
    cube, parameters = audit["cube"], audit["provenance"]["parameters"]
    return {
        "positive": cube["positive"],
        "favourable": cube["favourable"],
        "label": parameters["label"] if cube["has_label"] else None,
        "weighted": cube["weighting"] == "weight",
        "threshold": parameters["threshold"],
        "data": [each["sha256"] for each in audit["inputs"][:1]],
    }


def other_questions(before: Json, now: Json) -> list[str]:
    """Why nothing in the two audits can be compared."""
    found = []
    if before["positive"] != now["positive"]:
        said = f"{words.short(before['positive'])} then, {words.short(now['positive'])} now"
        found.append(f"The positive value differs ({said}), so no rate means the same in both audits.")
    if before["weighted"] != now["weighted"]:
        said = "the current audit" if now["weighted"] else "the earlier audit"
        found.append(f"Only {said} weights its rows, so the two speak of different populations.")
    return found


def cautions(before: Json, now: Json) -> list[str]:
    """What a reader must know of figures that can be compared."""
    found = []
    if before["data"] == now["data"]:
        found.append(
            "Both audits are of the same rows, so the figures are paired. What the two had in common was not counted, "
            "and the intervals take them as independent: they are wider than they need be where the two answer alike "
            "on most rows, as versions of one model do."
        )
    else:
        found.append("The audits are of different files; the intervals take the people in them to be different too.")
    if before["threshold"] != now["threshold"]:
        said = f"{_said(before['threshold'])} then, {_said(now['threshold'])} now"
        found.append(
            f"The threshold differs ({said}): a difference of what was decided is that of the thresholds and of the "
            "scores together."
        )
    if before["favourable"] != now["favourable"]:
        found.append("The favourable value differs, so the favourable rate and disparate impact are not compared.")
    if before["label"] != now["label"]:
        said = f"{_column(before['label'])} then, {_column(now['label'])} now"
        found.append(f"The label differs ({said}), so figures that rest on it are not compared.")
    return found


def _said(threshold: float | None) -> str:
    return "none" if threshold is None else f"{threshold:g}"


def _column(name: str | None) -> str:
    return "none" if name is None else words.short(name)


class Groups:
    """Which groups each attribute of an audit has, hidden ones included."""

    def __init__(self, measurements: Iterable[Json]):
        self.by_attribute: dict[tuple[str, ...], set[frozenset[tuple[str, str]]]] = {}
        for m in measurements:
            if m["group"] and m.get("reference") is None:
                named = tuple(sorted(m["group"]))
                self.by_attribute.setdefault(named, set()).add(frozenset(m["group"].items()))

    def of(self, attribute: str) -> set[frozenset[tuple[str, str]]]:
        return self.by_attribute.get(tuple(sorted(attribute.split("*"))), set())


def why_not(before: Json, now: Json, then: Json, since: Json, groups: tuple[Groups, Groups]) -> str | None:
    """Why this figure (`before` and `now`, of the questions `then` and `since`) cannot be compared; None if it can."""
    metric = plain_name(now["metric"])
    if then["label"] != since["label"] and not metric.startswith(WITHOUT_LABEL):
        return "the label is another one"
    if then["favourable"] != since["favourable"] and metric.startswith(BY_FAVOURABLE):
        return "the favourable value is another one"
    if before.get("reference") != now.get("reference"):
        return f"it was measured against {_group(before)} and is measured against {_group(now)}"
    if not now["group"] and now.get("attribute") and (reason := _other_groups(before, now, groups)):
        return reason
    for m, said in ((before, "earlier"), (now, "current")):
        if m["value"] is None:
            hidden = m.get("reason") == SUPPRESSED
            return f"in the {said} audit " + ("it is hidden (too few rows)" if hidden else words.reason(m))
    return None


def _group(m: Json) -> str:
    return words.group(m["reference"]) if m.get("reference") else "no group"


def _other_groups(before: Json, now: Json, groups: tuple[Groups, Groups]) -> str | None:
    """A disparity is over groups; it means the same only over the same ones."""
    then, since = (each.of(now["attribute"]) for each in groups)
    if then != since:
        return f"the groups are others: {_named(then ^ since)}"
    assessed = [(_sets(m.get("over")), _sets(m.get("not_assessed"))) for m in (before, now)]
    if assessed[0] != assessed[1]:
        return f"it is over other groups: {_named(assessed[0][1] ^ assessed[1][1])} could be assessed in one audit only"
    return None


def _sets(groups: Iterable[Json] | None) -> set[frozenset[tuple[str, str]]]:
    return {frozenset(group.items()) for group in groups or ()}


def _named(groups: Iterable[frozenset[tuple[str, str]]]) -> str:
    return words.listed(sorted(words.group(dict(sorted(g))) for g in groups), 4)


def other_rules(before: Json, now: Json) -> dict[str, str]:
    """The rules of both policies that ask otherwise now than then, and how."""
    then, since = ({rule["id"]: rule for rule in audit["policy"]["rules"]} for audit in (before, now))
    keys = ("metric", "at_least", "at_most", "min_n", "groups", "attribute")
    found = {}
    for name in since:
        other = [key for key in keys if name in then and then[name].get(key) != since[name].get(key)]
        if other:
            said = (f"{key} was {then[name].get(key)}, is {since[name].get(key)}" for key in other)
            found[name] = f"the rule asks otherwise ({'; '.join(said)})"
    return found


def plain_name(metric: str) -> str:
    """The metric's own name, without the min_n of the rule that left groups out."""
    return metric.rpartition("_min_n_")[0] or metric
