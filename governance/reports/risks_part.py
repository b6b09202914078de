"""Risks before and after measures, the residual risk and who accepted it; statements and incidents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report import words
from audits.report.blocks import Block, Cell, Head, Paragraph, RowGroup, Section
from audits.report.tables import control
from governance.reports.counting import is_serious, level, score
from governance.reports.heat import heat
from governance.reports.text import day, moment, row, say, table

Json = Mapping[str, Any]
SILENT = "Nothing is said."
TONES = {"Critical": "fail", "High": "fail", "Medium": "inconclusive", "Low": "pass"}
STATES = {
    "open": "Open",
    "accepted": "Residual risk accepted",
    "closed": "Closed",
    "dismissed": "Dismissed: held to be no risk",
}


def risks(told: Json) -> Section:
    if not told["risks"]:
        return Section("risks", "Risks", (Paragraph("No risk is registered for this system."), *proposals(told)))
    lead = Paragraph(
        "Likelihood and severity are judged from 1 to 5 on the project's own scale, which no law sets; the level "
        "comes of their product."
    )
    each = tuple(risk(one) for one in told["risks"])
    whole = Section("each-risk", "Each risk in full", (), each)
    return Section("risks", "Risks", (lead, *heat(told), overview(told), *proposals(told)), (whole,))


def overview(told: Json) -> Block:
    rows = tuple(
        row(f"{each['number']}. {say(each['hazard'])}", degree(each["before"]), degree(each["after"]), accepted(each))
        for each in told["risks"]
    )
    heads = (Head("Risk"), Head("Before measures"), Head("After measures"), Head("Residual risk"))
    return table("risks-table", "Every risk before and after measures", heads, [RowGroup(rows)], width="full")


def proposals(told: Json) -> tuple[Block, ...]:
    """Findings of audits of which nobody said yet whether they are risks."""
    if not told["proposals"]:
        return ()
    rows = tuple(
        row(each["hazard"], words.OUTCOMES[each["outcome"]], each["figures"], each["audit"])
        for each in told["proposals"]
    )
    heads = ("Finding", "Verdict", "Figures", "Of")
    caption = "Findings of audits that nobody judged as a risk yet"
    return (table("proposals", caption, heads, [RowGroup(rows)], width="full"),)


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


def risk(each: Json) -> Section:
    rows = [
        ("Cause", say(each["cause"])),
        ("Who is affected", say(each["affected"])),
        ("Fundamental rights", ", ".join(each["rights"])),
        ("Owner", say(each["owner"])),
        ("Residual risk", accepted(each)),
        ("Accepted because", say(each["acceptance"]) if each["state"] == "accepted" else ""),
        ("Closed or dismissed because", say(each["closing"]) if each["state"] in ("closed", "dismissed") else ""),
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
        drawn = any(point["source"] for point in each["points"])
        rows = tuple(
            row(f"{say(point['ref'])} {say(point['title'])}".strip(), point["text"] or SILENT, *[source(point)] * drawn)
            for point in each["points"]
        )
        heads = ("Point", "What is said", *["Drawn on"] * drawn)
        body = table(f"statement-{each['kind']}-table", each["title"], heads, [RowGroup(rows)], width="full")
        inner.append(Section(f"statement-{each['kind']}", each["title"], (lead, body)))
    return Section("statements", "Statements", (), tuple(inner))


def source(point: Json) -> str:
    """The evidence that a text draws on, or was taken over from."""
    found = point["source"]
    return f"{say(found['title'])}, version {found['number']} ({found['sha256'][:10]})" if found else ""


def incidents(told: Json) -> Section:
    if not told["incidents"]:
        return Section("incidents", "Incidents", (Paragraph("No incident is registered for this system."),))
    rows = tuple(
        row(
            f"{each['number']}. {say(each['title'])}",
            "serious" if is_serious(each) else "not serious",
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
        ("Happened", moment(each["happened_at"])),
        ("Aware since", moment(each["aware_at"])),
        ("Where", say(each["place"])),
        ("Caused by the system", each["link"]),
        ("State", f"closed on {day(each['closed_at'])}" if each["closed_at"] else "open"),
        ("Known", say(each["known"])),
        ("Corrective action", say(each["corrective"])),
        *((("Closed because", say(each["closing"])),) if each["closed_at"] else ()),
    ]
    id = f"incident-{each['number']}"
    blocks: list[Block] = [control(f"{id}-table", "What is known", rows)]
    if each["clocks"]:
        clocks = tuple(
            row(
                f"{one['ref']}: {say(one['title'])}",
                moment(one["due"], "at once"),
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
        return "not everybody yet"
    late = clock["due"] is not None and clock["told"] > clock["due"]
    return f"{moment(clock['told'])}{' (after that)' if late else ''}"
