"""Who signed what, what was left out, and how anybody can check the report."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from audits.report.blocks import Block, Bullets, Code, Paragraph, Section
from audits.report.evidence import NAME, report_id
from audits.report.signature import SIGNATURE
from audits.report.tables import control
from audits.report.words import listed
from governance.reports.page_one import STATES
from governance.reports.text import day, moment, paragraphs, say

Json = Mapping[str, Any]


def document_control(told: Json, signed: Json, sha256: str) -> Section:
    about = told["assessment"]
    before = about.get("after")
    rows = (
        ("Report", report_id(sha256)),
        ("Status", STATES[signed["state"]]),
        ("Assessment", f"{about['number']} of {say(told['system']['name'])} ({about['id']})"),
        *((("It follows", f"assessment {before['number']} ({before['sha256'][:10]})"),) if before else ()),
        ("Organisation, day", f"{say(told['organisation'])}, as of {day(about['as_of'])}"),
        ("Law", f"{told['law']['title']}, {told['law']['version']}"),
        *signatures(told, signed)[:3],
        ("Hash and trail", "what was signed, and the head of the trail, stand in “Sign-off”"),
        ("Made by", f"Plumbline {say(told['made_by'])}"),
        ("Attached", f"{NAME}, all of it; its hash is in “How to check this report”"),
    )
    return Section("control", "Document control and sign-off", (control("control-table", "Document control", rows),))


def signatures(told: Json, signed: Json) -> list[tuple[str, Any]]:
    instead = f", standing in for {say(signed['approved_for'])}" if signed["approved_for"] else ""
    sent = f"{say(told['sent']['name'])}, {moment(told['sent']['at'])}" if told["sent"] else "not yet"
    by = (
        f"{say(signed['approved_by'])}{instead}, {moment(signed['approved_at'])}"
        if signed["approved_by"]
        else "nobody yet"
    )
    head = signed["trail"]
    return [
        ("Authors", ", ".join(say(author["name"]) for author in told["authors"])),
        ("Sent into review by", sent),
        ("Approved by", by),
        ("What was signed (SHA-256)", signed["sha256"] or "nothing yet"),
        ("Head of the trail", f"entry {head['sequence']}, {head['hash']}" if head else "none before approval"),
        ("Report signed with the key (SHA-256)", signed.get("key") or "none: this report is unsigned"),
    ]


def sign_off(told: Json, signed: Json) -> Section:
    """Whose work it is, and whose second look."""
    rule = (
        "Authors are all who wrote in the assessment or sent it into review, and those whose answers, class, evidence, "
        "risks, statements or incidents it tells. Neither an author nor who stands in for one approves it. What was "
        "signed is the hash of everything that this report tells before this section."
    )
    signs = replace(control("sign-off-table", "Sign-off", signatures(told, signed)), width="full")
    blocks: list[Block] = [Paragraph(rule), signs]
    if signed["decision"]:
        blocks += [Paragraph("The approver's decision:"), *paragraphs(signed["decision"])]
    if signed["trail"]:
        blocks.append(
            Paragraph(
                "The head of the trail is the entry of this approval: a history that was rewritten since has another "
                "hash at that number."
            )
        )
    if signed.get("key"):
        blocks.append(
            Paragraph(
                f"The attached {SIGNATURE} is the service's signature of {NAME}. Compare the fingerprint above with "
                "the one that the organisation publishes: who makes up a whole report signs it with another key."
            )
        )
    return Section("sign-off", "Sign-off", tuple(blocks))


def not_assessed(told: Json) -> Section:
    lead = Paragraph("What this assessment does not say: what its authors left out, then what follows from the data.")
    own = [say(line) for line in told["not_assessed"]["own"].splitlines() if line.strip()]
    found = (*own, *(say(each) for each in told["not_assessed"]["follows"]))
    body = Bullets(found) if found else Paragraph("Nothing is known that was left out.")
    return Section("limits", "What was not assessed", (lead, body))


def checking(told: Json, signed: Json, held: Collection[str], sha256: str) -> Section:
    """`held` are the hashes of the audits' evidence that travels along."""
    lacking = [say(each["title"]) for each in told["audits"] if each["sha256"] not in held]
    alone = (
        (Paragraph(f"The evidence of {listed(lacking)} is too large to travel along: verify the audit's own report."),)
        if lacking
        else ()
    )
    blocks: tuple[Block, ...] = (
        Paragraph(
            f"The attached {NAME} holds everything this report is made of, the facts of its sign-off, and the evidence "
            "of its audits. With the report alone, offline, this command compares what was signed with it, walks the "
            "law again from the facts, computes the audits' figures and verdicts again from their counts, and compares "
            "these pages with it:"
        ),
        Code(f"plumbline verify report.pdf{' --key ORGANISATION.pub' if signed.get('key') else ''}"),
        *alone,
        Paragraph(f"The SHA-256 of {NAME} is"),
        Code(sha256),
    )
    return Section("checking", "How to check this report", blocks)
