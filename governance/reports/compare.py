"""Two assessments of a system side by side: what changed of class, answers, obligations, evidence, risks and so on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from governance.reports.counting import is_proven
from governance.reports.law_part import beside
from governance.reports.obligations_part import STATES as DUTY_STATES
from governance.reports.obligations_part import whose
from governance.reports.page_one import titled
from governance.reports.risks_part import STATES as RISK_STATES
from governance.reports.risks_part import degree
from governance.reports.text import day, moment, say

Json = Mapping[str, Any]
NOT_THERE = "not there"
Aspects = Mapping[str, Callable[[Json], str]]


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
        ("The answers", by_key(before, after, answers)),
        ("The law", differing("Text of the law", before["law"]["version"], after["law"]["version"])),
        ("The system", system(before, after)),
        ("Models and data", by_key(before, after, versions)),
        ("Obligations", by_key(before, after, duties)),
        ("Evidence", by_key(before, after, pieces)),
        ("Verdicts of audits", by_key(before, after, verdicts)),
        ("Risks", by_number(before["risks"], after["risks"], "hazard", RISK)),
        ("Statements", by_key(before, after, statements)),
        ("Incidents", by_number(before["incidents"], after["incidents"], "title", INCIDENT)),
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


def by_number(before: list[Json], after: list[Json], title: str, aspects: Aspects) -> Iterator[Change]:
    """Risks or incidents by their numbers, aspect by aspect; one that came or went by its first aspect alone."""
    then, now = ({each["number"]: each for each in told} for told in (before, after))
    for number in sorted({*then, *now}):
        one, other = then.get(number), now.get(number)
        name = f"{number}. {say((other or one or {})[title])}"
        for what, words in aspects.items() if one and other else [*aspects.items()][:1]:
            pair = (words(each) or "nothing" if each else NOT_THERE for each in (one, other))
            yield from differing(f"{name}{what and f': {what}'}", *pair)


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


def answers(told: Json) -> dict[str, str]:
    """What was said, and why."""
    return {say(each["question"]): answer(each) for each in told["answers"]}


def answer(each: Json) -> str:
    said = "; ".join(map(say, each["answer"]))
    return f"{said} ({say(each['why'])})" if each["why"] else said


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
    if each["state"] == "not applicable":
        said.append(f"because: {say(each['reason'])}")
    if each["when"] == "coming":
        said.append(f"applies from {day(each['binds_from'])}")
    if each["owner"] or each["due_on"]:
        said.append(f"owner: {whose(each)}")
    return ", ".join(said)


def pieces(told: Json) -> dict[str, str]:
    """By title; of several under one title the newest."""
    found = {(say(one["title"]), one["number"]): one for each in told["obligations"] for one in each["evidence"]}
    return {
        title: f"version {number}, {one['sha256'][:10]}{', stale' if one['stale'] else ''}"
        for (title, number), one in sorted(found.items())
    }


def verdicts(told: Json) -> dict[str, str]:
    """By what was audited and rule; of several audits of the same the newest."""
    found = {
        f"{subject(audit)}: {titled(each)}": each["outcome"].replace("_", " ")
        for audit in told["audits"]
        for each in audit["verdicts"]
    }
    return dict(sorted(found.items()))


def subject(audit: Json) -> str:
    """The model, or the data where predictions stand in them, without the number of the version."""
    name = say((audit["model"] or audit["dataset"])["name"])
    return name.rpartition(" version ")[0] or name


def statements(told: Json) -> dict[str, str]:
    return {each["title"]: f"version {each['number']}" for each in told["statements"]}


def left_out(told: Json) -> dict[str, str]:
    said = [*told["not_assessed"]["own"].splitlines(), *told["not_assessed"]["follows"]]
    return {say(each): "there" for each in said if each.strip()}


def standing(risk: Json) -> str:
    before, after = (degree(risk[when]).text for when in ("before", "after"))
    state = str(RISK_STATES.get(risk["state"], risk["state"])).lower()
    return f"{before} before and {after} after measures; {state}"


def measure(each: Json) -> str:
    done = f"done {day(each['done_on'])}" if each["done_on"] else day(each["due_on"], "no day")
    return f"{say(each['text'])} ({say(each['owner']) or 'nobody'}, {done})"


def clock(each: Json) -> str:
    return f"{each['ref']} {'told ' + moment(each['told']) if each['told'] else 'not told'}"


RISK: Aspects = {
    "": standing,
    "hazard": lambda each: say(each["hazard"]),
    "cause": lambda each: say(each["cause"]),
    "who is affected": lambda each: say(each["affected"]),
    "fundamental rights": lambda each: ", ".join(each["rights"]),
    "owner": lambda each: say(each["owner"]) or "nobody",
    "measures": lambda each: "; ".join(map(measure, each["measures"])),
    "accepted because": lambda each: say(each["acceptance"]),
    "closed or dismissed because": lambda each: say(each["closing"]),
}
INCIDENT: Aspects = {
    "": lambda each: "closed" if each["closed_at"] else "open",
    "title": lambda each: say(each["title"]),
    "sort": lambda each: ", ".join(each["kinds"]) or "not serious",
    "happened": lambda each: ", ".join(filter(None, (moment(each["happened_at"]), say(each["place"])))),
    "aware since": lambda each: moment(each["aware_at"]),
    "caused by the system": lambda each: each["link"],
    "known": lambda each: say(each["known"]),
    "corrective action": lambda each: say(each["corrective"]),
    "who was told": lambda each: ", ".join(map(clock, each["clocks"])),
}
