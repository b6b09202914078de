"""What the law asks, how far each of it is, and what supports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report.blocks import Block, Cell, Head, Paragraph, RowGroup, Section
from audits.report.words import sentence
from governance.frameworks.load import load
from governance.reports.counting import is_proven
from governance.reports.text import count, day, row, say, table

Json = Mapping[str, Any]
PARTS = (
    ("now", "In force on the day of this assessment"),
    ("coming", "Coming: they apply from a later day"),
    ("where", "Asked only under a condition"),
    ("undated", "Held to without a date"),
    ("no longer", "No longer asked"),
)
DATED = ("coming", "where")
SURE = "in-force"
STATES = {
    "not started": "Not started",
    "in progress": "In progress",
    "evidenced": "Evidenced",
    "accepted": "Accepted",
    "not applicable": "Not applicable",
}


def obligations(told: Json) -> Section:
    if not told["obligations"]:
        return Section(
            "obligations",
            "Obligations",
            (
                Paragraph(
                    "No obligation follows from the class."
                    if told["classification"]
                    else "Which obligations there are is not known before the system is classified."
                ),
            ),
        )
    named = {each["id"]: each for each in told["frameworks"]}
    inner = []
    for when, title in PARTS:
        mine = [each for each in told["obligations"] if each["when"] == when]
        if mine:
            blocks = [part(named[name], when, [each for each in mine if each["framework"] == name]) for name in named
                      if any(each["framework"] == name for each in mine)]  # fmt: skip
            inner.append(Section(f"obligations-{when.replace(' ', '-')}", f"{title} ({len(mine)})", tuple(blocks)))
    pieces = evidence(told)
    lead = Paragraph(
        "“Evidenced” is what the organisation says suffices; “accepted” is what a second person agreed to. What is "
        "asked, and from which day, is in force or published unless its row says otherwise."
    )
    return Section("obligations", "Obligations", (lead,), (*inner, Section("pieces", "The evidence", (pieces,))))


def part(framework: Json, when: str, duties: list[Json]) -> Block:
    """Its obligations, those that are still coming by the day from which they apply."""
    days = sorted({each["binds_from"] or "" for each in duties}) if when in DATED else [None]
    groups = []
    for binds_from in days:
        mine = [each for each in duties if binds_from is None or (each["binds_from"] or "") == binds_from]
        rows = tuple(
            row(f"{each['ref']}: {say(each['title'])}{unsure(each)}", state(each), rests_on(each), whose(each))
            for each in mine
        )
        title = f"From {day(binds_from)}" if binds_from else "Without a day" if binds_from == "" else None
        groups.append(RowGroup(rows, title))
    id = f"duties-{framework['id']}-{when.replace(' ', '-')}"
    caption = f"{framework['title']}: {count(len(duties), 'obligation')}"
    heads = (Head("Obligation"), Head("State"), Head("Evidence, or what is missing"), Head("Owner"))
    return table(id, caption, heads, groups, width="full")


def unsure(each: Json) -> str:
    """How sure it is what the obligation asks, and from which day, where that is not simply in force."""
    titles = {level["id"]: str(level["title"]).lower() for level in load("certainty")["levels"]}
    text, its_day = str(each.get("certainty", SURE)), str(each.get("date_certainty", SURE))
    said = [titles.get(text, text)] if text != SURE else []
    if its_day not in (SURE, text):
        said.append(f"the day: {titles.get(its_day, its_day)}")
    return f" ({'; '.join(said)})" if said else ""


def state(each: Json) -> Cell:
    tone: Any = None
    if each["state"] in ("evidenced", "accepted"):
        tone = "pass" if is_proven(each) else "inconclusive"
    elif each["state"] == "not applicable":
        tone = "not_applicable"
    return Cell(str(STATES.get(each["state"], each["state"])), tone)


def rests_on(each: Json) -> str:
    said = []
    if each["state"] == "not applicable":
        said.append(f"Because: {say(each['reason'])}")
    if each["where"]:
        said.append(f"Where {say(each['where'])}.")
    said += [f"{say(piece['title'])} (version {piece['number']}, {piece['sha256'][:10]})" for piece in each["evidence"]]
    if each["accepted_by"]:
        said.append(f"Accepted by {say(each['accepted_by'])}, {day(each['accepted_at'])}")
    if each["gap"]:
        said.append(f"Missing: {say(each['gap'])}" if each["evidence"] else sentence(say(each["gap"])))
    return "; ".join(text.rstrip(".") for text in said)


def whose(each: Json) -> str:
    due = f"due {day(each['due_on'])}" if each["due_on"] else ""
    return ", ".join(text for text in (say(each["owner"]) or "nobody", due) if text)


def evidence(told: Json) -> Block:
    """Each piece once, with what it supports."""
    pieces: dict[str, Json] = {}
    supports: dict[str, list[str]] = {}
    for duty in told["obligations"]:
        for piece in duty["evidence"]:
            pieces[piece["id"]] = piece
            supports.setdefault(piece["id"], []).append(duty["ref"])
    if not pieces:
        return Paragraph("No evidence is attached to any obligation.")
    rows = tuple(
        row(
            f"{say(piece['title'])}, version {piece['number']}",
            f"{piece['source']}: {piece['type_title']}",
            ", ".join(supports[id]),
            "; ".join(piece["stale"]) or "none",
            piece["sha256"],
        )
        for id, piece in pieces.items()
    )
    heads = (Head("Piece"), Head("Kind"), Head("Supports"), Head("Gone stale"), Head("SHA-256", "code"))
    return table("pieces-table", "Evidence by its hash", heads, [RowGroup(rows)], width="full")
