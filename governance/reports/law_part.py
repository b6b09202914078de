"""The system, its class with the reasoning, and the answers that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report.blocks import Block, Bullets, Head, Paragraph, RowGroup, Section
from audits.report.tables import control
from audits.report.words import listed
from governance.law.follows import KINDS
from governance.law.reading import reading as names_of
from governance.reports.text import day, moment, paragraphs, row, say, table

Json = Mapping[str, Any]


def system(told: Json) -> Section:
    one = told["system"]
    rows = [
        ("Name", say(one["name"])),
        ("Owner", say(one["owner"])),
        ("Stage", one["stage"]),
        ("On the market or in service since", day(one["placed_on"])),
        ("Roles of the organisation", listed([role["title"] for role in one["roles"]]) if one["roles"] else None),
    ]
    blocks: list[Block] = [*paragraphs(one["purpose"]), control("system-table", "The system", rows)]
    summary = paragraphs(told["assessment"]["summary"])
    inner = (Section("own-summary", "What the organisation says in summary", summary),) if summary else ()
    versions = Section("versions", "What it is made of", (models(told), data(told)))
    return Section("system", "The system", tuple(blocks), (*inner, versions))


def models(told: Json) -> Block:
    rows = [row(each["name"], each["format"], each["sha256"]) for each in told["models"]]
    if not rows:
        return Paragraph("No model version is registered as a part of the system.")
    heads = (Head("Model version"), Head("Format"), Head("SHA-256", "code"))
    return table("models", "Versions of models", heads, [RowGroup(tuple(rows))], width="full")


def data(told: Json) -> Block:
    rows = [row(each["name"], listed(each["used_for"]), each["sha256"]) for each in told["datasets"]]
    if not rows:
        return Paragraph("No dataset is registered as training data or was audited.")
    heads = (Head("Dataset version"), Head("Used for"), Head("SHA-256", "code"))
    return table("datasets", "Versions of datasets", heads, [RowGroup(tuple(rows))], width="full")


def classification(told: Json) -> Section:
    found = told["classification"]
    if not found:
        return Section("class", "The class in law", (Paragraph("The system was not classified."),))
    result = found["result"]
    rows = [
        ("Class", found["title"]),
        ("Beside it", listed(beside(result)) or "nothing"),
        ("Legal basis", listed(result["legal_basis"])),
        ("As of", day(found["as_of"])),
        ("By the text", found["law_version"]),
        ("Recorded", f"by {say(found['author'])}, {moment(found['recorded_at'])}"),
    ]
    blocks: list[Block] = [control("class-table", "The class", rows)]
    inner = [Section("reasoning", "The reasoning, step by step", (reasoning(result), *guidance(result)))]
    if found["assessment"]:
        inner.append(Section("derogation", "The documented assessment", paragraphs(found["assessment"])))
    if result["follows"]:
        inner.append(Section("follows", "What follows from it", (follows(result),)))
    if result["to_change"]:
        said = Bullets(tuple(f"{say(each['says'])} [{each['ref']}]" for each in result["to_change"]))
        inner.append(Section("to-change", "What would lead to another class", (said,)))
    inner.append(Section("answers", "The answers it rests on", (answers(told),)))
    inner.append(Section("law", "The text of the law", law(told)))
    return Section("class", "The class in law", tuple(blocks), tuple(inner))


def beside(result: Json) -> list[str]:
    """What stands beside the class, in words."""
    named = names_of()["classes"]
    return [str(named.get(each, each)) for each in result["overlays"] if each != result["classification"]]


def reasoning(result: Json) -> Block:
    rows = [row(each["question"], each["answer"], each["says"], each["ref"]) for each in result["reasoning"]]
    heads = (Head("Question of the law"), Head("Answer"), Head("Because"), Head("Reference"))
    return table(
        "reasoning-table", "The questions of the law in their order", heads, [RowGroup(tuple(rows))], width="full"
    )


def guidance(result: Json) -> tuple[Block, ...]:
    found = result.get("guidance") or ()
    return (
        (Paragraph(f"Beside the text the answers lean on: {listed([say(each) for each in found])}."),) if found else ()
    )


def follows(result: Json) -> Block:
    rows = [
        row(KINDS.get(each["kind"], each["kind"]), each["says"], each["who"] or "whoever the duty names", each["ref"])
        for each in result["follows"]
    ]
    return table(
        "follows-table",
        "What the class brings with it",
        ("Matter", "What follows", "For", "Reference"),
        [RowGroup(tuple(rows))],
        width="full",
    )


def answers(told: Json) -> Block:
    rows = [
        row(
            each["question"],
            "; ".join(each["answer"]),
            each["why"],
            f"{say(each['by']) or 'unknown'}, {day(each['at'])}",
        )
        for each in told["answers"]
    ]
    return table(
        "answers-table",
        "What was answered, why and by whom",
        ("Question", "Answer", "Why", "By"),
        [RowGroup(tuple(rows))],
        width="full",
    )


def law(told: Json) -> tuple[Block, ...]:
    held = told["law"]
    rows = [
        ("Title", held["title"]),
        ("Version", held["version"]),
        ("Consolidated on", day(held["held_since"])),
        ("Read from", held["source"]["name"]),
        ("With this reservation", held["source"]["caveat"]),
    ]
    said = (
        "Duties are told in our own words, each with its article; the law's own text decides. This is no legal advice."
    )
    return (Paragraph(said), control("law-table", "The text that was applied", [each for each in rows if each[1]]))
