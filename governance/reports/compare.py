"""Two assessments of a system side by side: what changed of class, obligations, evidence, verdicts and risks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from governance.reports.counting import is_proven, level
from governance.reports.law_part import beside
from governance.reports.obligations_part import STATES as DUTY_STATES
from governance.reports.page_one import titled
from governance.reports.risks_part import STATES as RISK_STATES
from governance.reports.text import day, say

Json = Mapping[str, Any]
NOT_THERE = "not there"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that reads otherwise now than then."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Topic:
    title: str
    changes: tuple[Change, ...]


def compare(before: Json, after: Json) -> tuple[Topic, ...]:
    """Only topics in which something changed."""
    topics = (
        ("The class", classes(before, after)),
        ("The law", differing("Text of the law", before["law"]["version"], after["law"]["version"])),
        ("The system", system(before, after)),
        ("Models and data", by_key(before, after, versions)),
        ("Obligations", by_key(before, after, duties)),
        ("Evidence", by_key(before, after, pieces)),
        ("Verdicts of audits", by_key(before, after, verdicts)),
        ("Risks", by_key(before, after, risks)),
        ("Statements", by_key(before, after, statements)),
        ("Incidents", by_key(before, after, incidents)),
        ("What was not assessed", by_key(before, after, left_out)),
    )
    found = ((title, tuple(changes)) for title, changes in topics)
    return tuple(Topic(title, changes) for title, changes in found if changes)


def differing(what: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield Change(what, before, after)


def by_key(before: Json, after: Json, said: Callable[[Json], dict[str, str]]) -> Iterator[Change]:
    """What has another word under the same name, in the order of now, then what is gone."""
    then, now = said(before), said(after)
    for name in {**now, **then}:
        yield from differing(name, then.get(name, NOT_THERE), now.get(name, NOT_THERE))


def classes(before: Json, after: Json) -> Iterator[Change]:
    then, now = before["classification"], after["classification"]
    yield from differing("Class", then["title"] if then else "none", now["title"] if now else "none")
    if then and now:
        for name, said in (
            ("Beside it", beside),
            ("Legal basis", itemgetter("legal_basis")),
            ("Points of Annex III", itemgetter("annex_iii_points")),
        ):
            one, other = (", ".join(said(each["result"])) or "none" for each in (then, now))
            yield from differing(name, one, other)


def system(before: Json, after: Json) -> Iterator[Change]:
    def said(told: Json) -> dict[str, str]:
        one = told["system"]
        roles = ", ".join(role["title"] for role in one["roles"]) or "none"
        return {
            "Name": say(one["name"]),
            "Purpose": say(one["purpose"]),
            "Stage": one["stage"],
            "Roles": roles,
            "Owner": say(one["owner"]) or "nobody",
            "Summary": say(told["assessment"]["summary"]) or "none",
        }

    return by_key(before, after, said)


def versions(told: Json) -> dict[str, str]:
    return {say(each["name"]): each["sha256"] for each in (*told["models"], *told["datasets"])}


def duties(told: Json) -> dict[str, str]:
    return {f"{each['ref']}: {say(each['title'])}": duty(each) for each in told["obligations"]}


def duty(each: Json) -> str:
    said = [str(DUTY_STATES.get(each["state"], each["state"]))]
    if each["when"] == "no longer":
        said.append("no longer asked")
    if each["state"] in ("evidenced", "accepted") and not is_proven(each):
        said.append("its evidence has gone stale")
    if each["when"] == "coming":
        said.append(f"applies from {day(each['binds_from'])}")
    return ", ".join(said)


def pieces(told: Json) -> dict[str, str]:
    """By title; of several under one title the newest."""
    found = {(say(one["title"]), one["number"]): one for each in told["obligations"] for one in each["evidence"]}
    return {
        title: f"version {number}, {one['sha256'][:10]}{', stale' if one['stale'] else ''}"
        for (title, number), one in sorted(found.items())
    }


def verdicts(told: Json) -> dict[str, str]:
    """By rule; of several audits the newest."""
    found = {titled(each): each["outcome"].replace("_", " ") for audit in told["audits"] for each in audit["verdicts"]}
    return dict(sorted(found.items()))


def risks(told: Json) -> dict[str, str]:
    return {
        f"{each['number']}. {say(each['hazard'])}": (
            f"{level(each['before'])} before and {level(each['after'])} after measures; "
            f"{RISK_STATES.get(each['state'], each['state']).lower()}"
        )
        for each in told["risks"]
    }


def statements(told: Json) -> dict[str, str]:
    return {each["title"]: f"version {each['number']}" for each in told["statements"]}


def incidents(told: Json) -> dict[str, str]:
    return {
        f"{each['number']}. {say(each['title'])}": "closed" if each["closed_at"] else "open"
        for each in told["incidents"]
    }


def left_out(told: Json) -> dict[str, str]:
    said = [*told["not_assessed"]["own"].splitlines(), *told["not_assessed"]["follows"]]
    return {say(each): "there" for each in said if each.strip()}
