"""Checks a risk report with nothing but the report: what was signed, the class, the obligations, the pages."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from audits.measure.check import Progress
from audits.report.evidence import canonical_bytes, sha256
from audits.report.html import plumbline_version
from audits.report.signature import named_in
from audits.report.verification.figures import unequal
from audits.report.verification.findings import Findings
from audits.report.verification.pages import check_pages
from audits.report.verification.parts import NotAReport, Parts
from audits.report.verify import check_evidence, check_hash, checked_audit, guarded
from governance.frameworks.load import load
from governance.law.applies import applying
from governance.law.classify import classify
from governance.law.facts import facts_from
from governance.reports.audited import audited
from governance.reports.document import SIGNED
from governance.reports.open_points import what_follows
from governance.reports.pieces import pieces
from governance.reports.schema import REPORT, SCHEMA
from governance.reports.task import render

Json = Mapping[str, Any]
ACT = "eu-ai-act"
PARTS = ("snapshot", "sign_off", "audits")
LEFT = (
    ("the organisation's own statements", "they are its word: purpose, answers, risks, acceptance, incidents"),
    ("the files behind the evidence", "needs the files; compare them with sha256sum"),
    ("that these people signed", "needs the organisation's trail; compare the head and the hash that was signed"),
)


def verify(report: dict[str, Any], parts: Parts, progress: Progress) -> Findings:
    """Never raises for a bad report, beside NotAReport for what has another shape: the findings say what is wrong."""
    if report.get("schema") != REPORT:
        raise NotAReport(
            f"this version of Plumbline reads {REPORT}, and the report is {str(report.get('schema'))[:80]}"
        )
    lacking = [part for part in PARTS if not isinstance(report.get(part), dict)]
    if lacking or report["snapshot"].get("schema") != SCHEMA:
        raise NotAReport(f"evidence.json lacks an assessment ({SCHEMA}), its sign-off or its audits")
    told, signed, audits = (report[part] for part in PARTS)
    findings = Findings()
    check_hash(parts, report, findings)
    findings.compare("the key that signed it, as the pages name it", signed.get("key"), named_in(parts.signature))
    progress(0.2, "Walking the law again")
    for what, check in CHECKS.items():
        guarded(what, partial(check, told, signed, findings), findings)
    progress(0.3, "Computing the audits' figures again")
    guarded("the audits can be read", partial(check_audits, told, audits, findings), findings)
    progress(0.5, "Making the pages again")
    pages = partial(
        check_pages, str(told.get("made_by")), parts, sha256(parts.evidence), partial(render, report), findings
    )
    guarded("the pages can be made again from the evidence", pages, findings)
    for what, why in LEFT:
        findings.leave(what, why)
    return findings


def check_signature(told: Json, signed: Json, findings: Findings) -> None:
    """What was signed is what is here; who approved is none of the authors; a draft has no approval, and is stamped."""
    if signed["sha256"]:
        actual = sha256(canonical_bytes(told))
        findings.compare("SHA-256 of what was sent into review and signed", signed["sha256"], actual)
        again = pieces(told)
        for path in sorted(again.keys() | signed["pieces"].keys()):
            if again.get(path) != signed["pieces"].get(path):
                findings.differ(f"what was signed: {path}", again.get(path), signed["pieces"].get(path))
    else:
        findings.compare("without a hash it is a draft", signed["state"], "draft")
    approved = signed["state"] in SIGNED
    findings.compare(
        "an approval stands where it is approved", bool(signed["approved_by"] and signed["trail"]), approved
    )
    if signed["trail"]:
        check_entry(told, signed, findings)
    hands = {signed["approver"]}
    if signed["trail"]:
        hands.add(json.loads(signed["trail"]["entry"])["actor"].get("for", {}).get("id"))
    both = [author["name"] for author in told["authors"] if author["id"] in hands]
    findings.compare("no author approved it, nor who stood in for one", both, [])


def check_entry(told: Json, signed: Json, findings: Findings) -> None:
    """The trail's entry of the approval has the hash that is printed as its head, and says who signed what."""
    trail = signed["trail"]
    content, entry = trail["entry"].encode(), json.loads(trail["entry"])
    findings.compare("the trail's entry of the approval has the printed hash", trail["hash"], sha256(content))
    for what, printed, kept in (
        ("its number", trail["sequence"], entry["sequence"]),
        ("who approved", [signed["approver"], signed["approved_by"]], [entry["actor"]["id"], entry["actor"]["name"]]),
        ("for whom", signed["approved_for"], entry["actor"].get("for", {}).get("name", "")),
        ("when", signed["approved_at"], entry["at"]),
        ("what was signed", signed["sha256"], entry["facts"]["sha256"]),
        ("the decision", signed["decision"], entry["facts"]["decision"]),
        ("that it was approved", "approved", entry["verb"]),
        ("which assessment", told["assessment"]["id"], entry["object"]["id"]),
    ):
        findings.compare(f"the trail's entry of the approval: {what}", printed, kept)


def check_class(told: Json, signed: Json, findings: Findings) -> None:
    """The law is walked again from the facts, where the same text is held."""
    found = told["classification"]
    if found is None:
        return
    if found["law_version"] != load(ACT)["version"]:
        findings.leave("the class", f"it was found by {found['law_version']}, and another text is held here")
        return
    printed = found["result"]
    again = classify(facts_from(printed["facts"]), dt.date.fromisoformat(found["as_of"])).as_json()
    unlike = list(unequal(substance(printed), substance(again)))
    for path, one, other in unlike:
        findings.differ(f"the class: {path}", one, other)
    findings.compare("the class that the report names", found["outcome"], again["classification"])
    if not unlike:
        findings.agrees("the class, its reasoning and what follows, walked again from the facts")
    if list(unequal({key: printed.get(key) for key in again}, again)):
        why = "this version of Plumbline has others than the one that recorded the class; their hash was signed"
        findings.leave("the words of the reasoning", why)


def substance(result: Json) -> dict[str, Any]:
    """What of a class is law, and not the words in which a version of Plumbline tells it."""
    return {
        **{key: result[key] for key in ("classification", "overlays", "annex_iii_points", "legal_basis")},
        "reasoning": [{"answer": each["answer"]} for each in result["reasoning"]],
        "follows": [{"kind": each["kind"], "who": each["who"]} for each in result["follows"]],
        "to_change": [{"classification": each["classification"]} for each in result["to_change"]],
    }


def check_obligations(told: Json, signed: Json, findings: Findings) -> None:
    """Those of the Act are those that the class brings, each from its day."""
    found = told["classification"]
    if found is None or found["law_version"] != load(ACT)["version"]:
        return
    facts = facts_from(found["result"]["facts"])
    whole = applying(classify(facts, dt.date.fromisoformat(found["as_of"])), facts.roles, dt.date.min)
    again = {each.id: day for each, day in whole.coming} | {
        each.requirement.id: each.date for each in whole.conditional
    }
    expected = {id: day.isoformat() if day else None for id, day in again.items()}
    asked = [each for each in told["obligations"] if each["framework"] == ACT and each["when"] != "no longer"]
    printed = {each["requirement"]: each["binds_from"] for each in asked}
    unlike = [id for id in sorted({*printed, *expected}) if printed.get(id, "") != expected.get(id, "")]
    for id in unlike:
        findings.differ(
            f"obligation {id}: from when it applies", printed.get(id, "not there"), expected.get(id, "not there")
        )
    if not unlike:
        findings.agrees(f"the {len(printed)} obligations that the class brings, each with its day")


def check_audits(told: Json, audits: Json, findings: Findings) -> None:
    """The evidence of each audit is that which was signed, its figures and verdicts come out again from its counts, and
    they are those that the assessment tells."""
    for number, audit in enumerate(told["audits"], start=1):
        name = f"audit {number} ({audit['title']})"
        found = audits.get(audit["sha256"])
        if found is None:
            findings.leave(f"{name}: its figures", "its evidence is not in this report; verify the audit's own report")
            continue
        findings.compare(f"{name}: SHA-256 of its evidence", audit["sha256"], sha256(canonical_bytes(found)))
        own = Findings()
        guarded("its evidence can be read", partial(check_audit, audit, found, own), own)
        left, own.not_recomputed = own.not_recomputed, []
        findings.take(own, f"{name}: ")
        for why, count in Counter(each.why for each in left).items():
            first = next(each.what for each in left if each.why == why)
            findings.leave(f"{name}: {first}{f', and {count - 1} more' if count > 1 else ''}", why)
    unknown = sorted(audits.keys() - {audit["sha256"] for audit in told["audits"]})
    findings.compare("no evidence is here but of the audits that it tells of", unknown, [])


def check_audit(told: Json, found: Any, findings: Findings) -> None:
    check_evidence(checked_audit(found), findings)
    again = audited(found)
    unlike = list(unequal({key: told[key] for key in again}, again))
    for path, one, other in unlike:
        findings.differ(f"what the assessment tells of it: {path}", one, other)
    if not unlike:
        findings.agrees("the verdicts and figures that the assessment tells")
    inputs = [each["sha256"] for each in found["inputs"]]
    named = [told["dataset"]["sha256"], *([told["model"]["sha256"]] if told["model"] else [])]
    findings.compare("the data and the model that it names are those that were audited", named, inputs[: len(named)])


def check_left_out(told: Json, signed: Json, findings: Findings) -> None:
    printed = told["not_assessed"]["follows"]
    again = what_follows(told)
    if printed != again and told["made_by"] != plumbline_version():
        findings.leave("what was not assessed", f"it is told in the words of Plumbline {told['made_by']}")
        return
    findings.compare("what was not assessed, as it follows from the rest", printed, again)


CHECKS: dict[str, Callable[[Json, Json, Findings], None]] = {
    "the sign-off can be read": check_signature,
    "the class can be found again": check_class,
    "the obligations can be found again": check_obligations,
    "what was not assessed can be found again": check_left_out,
}
