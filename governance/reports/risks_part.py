"""Risks before and after measures, the residual risk and who accepted it; statements and incidents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report.blocks import Block, Cell, Head, Paragraph, RowGroup, Section
from audits.report.tables import control
from governance.frameworks.load import load
from governance.reports.counting import level, score
from governance.reports.text import day, moment, paragraphs, row, say, table

Json = Mapping[str, Any]
TONES = {"Critical": "fail", "High": "fail", "Medium": "inconclusive", "Low": "pass"}
STATES = {
    "proposed": "Proposed, not judged yet",
    "open": "Open",
    "accepted": "Residual risk accepted",
    "closed": "Closed",
}


def risks(told: Json) -> Section:
    if not told["risks"]:
        return Section("risks", "Risks", (Paragraph("No risk is registered for this system."),))
    lead = Paragraph(
        "Likelihood and severity are judged from 1 to 5 on the project's own scale, which no law sets; the level "
        "comes of their product."
    )
    each = tuple(risk(one) for one in told["risks"])
    whole = Section("each-risk", "Each risk in full", (), each)
    return Section("risks", "Risks", (lead, overview(told), heat(told)), (whole,))


def overview(told: Json) -> Block:
    rows = tuple(
        row(f"{each['number']}. {say(each['hazard'])}", degree(each["before"]), degree(each["after"]), accepted(each))
        for each in told["risks"]
    )
    heads = (Head("Risk"), Head("Before measures"), Head("After measures"), Head("Residual risk"))
    return table("risks-table", "Every risk before and after measures", heads, [RowGroup(rows)], width="full")


def degree(found: Json | None) -> Cell:
    name = level(found)
    tone: Any = TONES.get(name)
    if found is None:
        return Cell(name)
    return Cell(f"{name} ({score(found)}: {found['likelihood']} × {found['severity']})", tone)


def accepted(each: Json) -> str:
    if each["state"] == "accepted":
        return f"Accepted by {say(each['accepted_by']) or 'somebody who has left'}, {day(each['accepted_at'])}"
    return str(STATES.get(each["state"], each["state"]))


def heat(told: Json) -> Block:
    """Where the risks stand after measures, before them where nothing was judged after; numbers are the risks'."""
    scale = load("risk-scale")
    live = [each for each in told["risks"] if each["state"] != "closed"]
    rows = []
    for likelihood in reversed(scale["likelihood"]):
        cells = [f"{likelihood['id']} {likelihood['title']}"]
        for severity in scale["severity"]:
            here = {"likelihood": int(likelihood["id"]), "severity": int(severity["id"])}
            cells.append(
                ", ".join(str(each["number"]) for each in live if (each["after"] or each["before"]) == here) or "·"
            )
        rows.append(row(*cells))
    heads = (Head("Likelihood, by severity"), *(Head(f"{each['id']} {each['title']}") for each in scale["severity"]))
    note = "The numbers are those of the risks, where they stand after measures; before them where that was not judged."
    return table(
        "heat", "Where the open and accepted risks stand", heads, [RowGroup(tuple(rows))], note=note, width="full"
    )


def risk(each: Json) -> Section:
    rows = [
        ("Cause", say(each["cause"])),
        ("Who is affected", say(each["affected"])),
        ("Fundamental rights", ", ".join(each["rights"])),
        ("Owner", say(each["owner"])),
        ("State", STATES.get(each["state"], each["state"])),
        ("Residual risk accepted because", say(each["acceptance"])),
        ("Comes from the finding", say(each["rule"])),
    ]
    id = f"risk-{each['number']}"
    blocks: list[Block] = [control(f"{id}-table", "What it is", [one for one in rows if one[1]])]
    if each["measures"]:
        measures = tuple(
            row(
                one["text"], say(one["owner"]) or "nobody", day(one["due_on"], "no day"), day(one["done_on"], "not yet")
            )
            for one in each["measures"]
        )
        blocks.append(
            table(f"{id}-measures", "Measures", ("Measure", "Owner", "Due", "Done"), [RowGroup(measures)], width="full")
        )
    else:
        blocks.append(Paragraph("No measure is registered."))
    return Section(id, f"Risk {each['number']}: {say(each['hazard'])}", tuple(blocks))


def statements(told: Json) -> Section:
    if not told["statements"]:
        said = (
            "None was written: no fundamental rights impact assessment, no description of human oversight, no "
            "instructions for use."
        )
        return Section("statements", "Statements", (Paragraph(said),))
    inner = []
    for each in told["statements"]:
        lead = Paragraph(f"Version {each['number']}, by {say(each['author'])}, {day(each['at'])}.")
        rows = tuple(
            row(f"{say(point['ref'])} {say(point['title'])}".strip(), point["text"]) for point in each["points"]
        )
        body = table(
            f"statement-{each['kind']}-table", each["title"], ("Point", "What is said"), [RowGroup(rows)], width="full"
        )
        inner.append(Section(f"statement-{each['kind']}", each["title"], (lead, body)))
    return Section("statements", "Statements", (), tuple(inner))


def incidents(told: Json) -> Section:
    if not told["incidents"]:
        return Section("incidents", "Incidents", (Paragraph("No incident is registered for this system."),))
    rows = tuple(
        row(
            f"{each['number']}. {say(each['title'])}",
            "serious" if each["kinds"] else "not serious",
            day(each["aware_at"]),
            "closed" if each["closed_at"] else "open",
        )
        for each in told["incidents"]
    )
    heads = ("Incident", "Sort", "Aware since", "State")
    every = table("incidents-table", "Every incident", heads, [RowGroup(rows)], width="full")
    whole = Section("each-incident", "Each incident in full", (), tuple(incident(each) for each in told["incidents"]))
    return Section("incidents", "Incidents", (every,), (whole,))


def incident(each: Json) -> Section:
    rows = [
        ("Sort", ", ".join(each["kinds"]) or "not said to be a serious incident"),
        ("Aware since", moment(each["aware_at"])),
        ("Caused by the system", each["link"]),
        ("State", f"closed on {day(each['closed_at'])}" if each["closed_at"] else "open"),
    ]
    id = f"incident-{each['number']}"
    blocks: list[Block] = [control(f"{id}-table", "What is known", rows)]
    for title, text in (("Known", each["known"]), ("Corrective action", each["corrective"])):
        blocks += [Paragraph(f"{title}:"), *paragraphs(text)] if text else []
    if each["clocks"]:
        clocks = tuple(
            row(
                f"{one['ref']}: {say(one['title'])}",
                moment(one["due"], "without delay"),
                told_when(one),
                day(one["binds_from"], "not binding for this class"),
            )
            for one in each["clocks"]
        )
        heads = ("Duty to report", "At the latest", "Told", "Binds from")
        blocks.append(table(f"{id}-clocks", "The clocks of the law", heads, [RowGroup(clocks)], width="full"))
    return Section(id, f"Incident {each['number']}: {say(each['title'])}", tuple(blocks))


def told_when(clock: Json) -> str:
    if not clock["told"]:
        return "nobody yet"
    late = clock["due"] is not None and clock["told"] > clock["due"]
    return f"{moment(clock['told'])}{' (too late)' if late else ''}"
