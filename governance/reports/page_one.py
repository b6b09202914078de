"""Page one of the risk report: the class, how far the obligations are, the risks, and what was not assessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from math import ceil
from typing import Any

from audits.report.blocks import Banner, Block, Bullets, Finding, Findings, Section, TableBlock, Tone
from audits.report.tables import control
from audits.report.words import listed, short
from governance.reports.counting import is_proven, is_serious, level, owed, risks_by_level, standing, unproven
from governance.reports.text import count, day, moment, say

Json = Mapping[str, Any]
ON_A_LINE, MOST_LINES, LONGEST = 88, 13, 260  # characters and lines of what was not assessed, so that page one is one
LEVELS = ("Critical", "High", "Medium", "Low", "not judged")
FAILING = ("fail", "waived")
STATES = {
    "draft": "Draft",
    "in review": "In review",
    "approved": "Approved",
    "superseded": "Approved, superseded since",
}


def heading(told: Json) -> str:
    found = told["classification"]
    return f"{say(told['system']['name'])}: {found['title'] if found else 'not classified'}"


def lede(told: Json) -> str:
    about = told["assessment"]
    return (
        f"Risk assessment {about['number']} of {say(told['organisation'])}, as of {day(about['as_of'])}, by "
        f"{told['law']['title']} ({told['law']['version']})."
    )


def summary(told: Json, signed: Json) -> Section:
    sections = [
        Section("at-a-glance", "At a glance", (glance(told),)),
        Section("findings", "What stands out", (Findings(tuple(findings(told))),)),
        Section("not-assessed", "What was not assessed", (left_out(told),)),
    ]
    blocks: tuple[Block, ...] = (banner(told, signed),)
    return Section("summary", heading(told), blocks, tuple(sections))


def banner(told: Json, signed: Json) -> Banner:
    if signed["state"] in ("approved", "superseded"):
        instead = f", standing in for {say(signed['approved_for'])}" if signed["approved_for"] else ""
        text = f"Signed by {say(signed['approved_by'])}{instead} on {moment(signed['approved_at'])}."
        return Banner(STATES[signed["state"]], text, "pass")
    if signed["state"] == "in review":
        sent = told["sent"]
        by = f"Sent into review by {say(sent['name'])} on {moment(sent['at'])}; nobody signed it."
        return Banner("Draft, in review", by, "inconclusive")
    return Banner("Draft", "Nobody signed it; what it says can still change.", "inconclusive")


def glance(told: Json) -> TableBlock:
    now = owed(told, "now")
    coming = owed(told, "coming")
    found = told["classification"]
    rows = [
        ("Class", found["title"] if found else "not classified"),
        ("It rests on", listed(found["result"]["legal_basis"], 6) if found else ""),
        ("Role", listed([role["title"] for role in told["system"]["roles"]]) if told["system"]["roles"] else ""),
        ("Obligations in force", proven(now)),
        ("Obligations coming", proven(coming) + from_when(coming)),
        ("Risks before measures", by_level(told, "before")),
        ("Risks after measures", by_level(told, "after")),
        ("Serious incidents", serious(told)),
    ]
    return control("glance", "The assessment in figures", rows, ("Item", "As of this assessment"))


def proven(duties: list[Json]) -> str:
    if not duties:
        return "none"
    return f"{len(duties)}, of which {sum(map(is_proven, duties))} evidenced and current"


def from_when(coming: list[Json]) -> str:
    days = sorted({each["binds_from"] for each in coming if each["binds_from"]})
    return f"; the first from {day(days[0])}" if days else ""


def by_level(told: Json, which: str) -> str:
    found = risks_by_level(told, which)
    return ", ".join(f"{found[name]} {name.lower()}" for name in LEVELS if name in found) or "none registered"


def serious(told: Json) -> str:
    found = list(filter(is_serious, told["incidents"]))
    still = sum(each["closed_at"] is None for each in found)
    return f"{len(found)}, {still} of them open" if found else "none registered"


def findings(told: Json) -> Iterator[Finding]:
    yield from of_law(told)
    yield from of_verdicts(told)
    yield from of_risks(told)


def of_law(told: Json) -> Iterator[Finding]:
    missing = unproven(told, "now")
    if missing:
        refs = list(dict.fromkeys(each["ref"] for each in missing))
        headline = f"{count(len(missing), 'obligation')} in force without current evidence."
        yield Finding(headline, f"{listed(refs, 6)}: see “Obligations”.", "fail")
    elif owed(told, "now"):
        yield Finding("Every obligation in force has current evidence.", "See “Obligations”.", "pass")
    coming = unproven(told, "coming")
    if coming:
        says = "it applies" if len(coming) == 1 else "they apply"
        headline = f"{count(len(coming), 'obligation')} still to be evidenced before {says}."
        first = day(min(each["binds_from"] for each in coming))
        yield Finding(headline, f"The first of them from {first} on.", "inconclusive")


def of_verdicts(told: Json) -> Iterator[Finding]:
    if not told["audits"]:
        yield Finding("No audit is among the evidence.", "How the models perform was not measured.", "inconclusive")
        return
    verdicts = [each for audit in told["audits"] for each in audit["verdicts"]]
    failing = [each for each in verdicts if each["outcome"] in FAILING]
    if failing:
        titles = list(dict.fromkeys(titled(each) for each in failing))
        yield Finding(f"{count(len(failing), 'rule')} failed in audits.", f"{listed(titles, 4)}.", "fail")
    else:
        passed = sum(each["outcome"] == "pass" for each in verdicts)
        unsettled = sum(each["outcome"] == "inconclusive" for each in verdicts)
        text = f"{passed} of {len(verdicts)} passed; {unsettled or 'none'} too close to call."
        yield Finding("No rule failed in audits.", text, "inconclusive" if unsettled else "pass")


def titled(verdict: Json) -> str:
    about = f" by {say(verdict['attribute'])}" if verdict["attribute"] else ""
    return f"{say(verdict['title'])}{about}"


def of_risks(told: Json) -> Iterator[Finding]:
    live = standing(told)
    for name in LEVELS[:2]:
        worst = [each for each in live if level(each["after"] or each["before"]) == name]
        if worst:
            numbers = listed([f"{each['number']} ({short(each['hazard'], 80)})" for each in worst], 3)
            headline = f"{count(len(worst), 'risk')} {'stands' if len(worst) == 1 else 'stand'} at {name.lower()}."
            yield Finding(headline, f"Risk {numbers}." if len(worst) == 1 else f"Risks {numbers}.", "fail")
            return
    if live:
        accepted = sum(each["state"] == "accepted" for each in live)
        text = f"The residual risk of {accepted} of {len(live)} was accepted."
        tone: Tone = "pass" if accepted == len(live) else "inconclusive"
        yield Finding("No risk stands at high or critical.", text, tone)


def left_out(told: Json) -> Bullets:
    own = [say(line) for line in told["not_assessed"]["own"].splitlines() if line.strip()]
    found = [*own, *(say(each) for each in told["not_assessed"]["follows"])]
    brief = [short(each, LONGEST) for each in found]
    lines = accumulate(ceil(len(each) / ON_A_LINE) for each in brief)
    shown = [each for each, so_far in zip(brief, lines, strict=True) if so_far <= MOST_LINES]
    rest = len(found) - len(shown)
    more = [f"{rest} more: see the section of the same name."] if rest else []
    return Bullets((*shown, *more) or ("Nothing is known that was left out; that is no proof that nothing was.",))
