"""The decision as SARIF 2.1.0, which code scanning shows beside the line of the rule in the policy file.

What fails is an error, what is inconclusive a warning, and what is waived is there with its suppression. A rule that
passes is no result. ruleId is the policy's own id, and the fingerprint is of rule, attribute and model alone, so that
an alert stays the same one while the figures move.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from plumbline_client.gate.decision import Decision, Finding
from plumbline_client.gate.place import Places
from plumbline_client.gate.regressions import Regression
from plumbline_client.installed import own_version

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
WORSE = "worse-than-baseline"
MOST = 5000  # what code scanning shows of one run


def sarif(decision: Decision, places: Places) -> bytes:
    """The bytes of the JSON file."""
    results = [_finding(decision, finding, places) for finding in decision.findings if _told(finding)]
    results += [_worse(decision, regression, places) for regression in decision.regressions if _matters(regression)]
    rules = _rules(decision)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = numbers[result["ruleId"]]
    driver = {
        "name": "Plumbline",
        "version": own_version(),
        "semanticVersion": own_version(),
        "rules": rules,
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"plumbline/{quote(decision.subject, safe='', errors='replace')}/"},
        "columnKind": "utf16CodeUnits",
        "results": results[:MOST],
        "properties": {
            "result": decision.result,
            "headline": decision.headline,
            "notes": list(decision.notes),
            "verdicts": [finding.judged.to_json() | {"state": finding.state} for finding in decision.findings],
        },
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return (json.dumps(log, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _told(finding: Finding) -> bool:
    return finding.state in ("fail", "inconclusive", "waived")


def _matters(regression: Regression) -> bool:
    return regression.counts or regression.waiver is not None


def _rules(decision: Decision) -> list[dict[str, Any]]:
    """Every rule of the policy that was judged, in its order, and one for what got worse."""
    found: dict[str, dict[str, Any]] = {}
    for finding in decision.findings:
        verdict = finding.judged
        text = f"{verdict.title}."
        if verdict.source:
            text += f" Source of the limit: {verdict.source}."
        found.setdefault(
            verdict.base,
            {
                "id": verdict.base,
                "name": _pascal(verdict.base),
                "shortDescription": {"text": verdict.title},
                "fullDescription": {"text": text},
                "help": {"text": f"{text} Judged metric: {verdict.metric}{verdict.limited()}."},
                "defaultConfiguration": {"level": "error"},
                "properties": {"tags": ["fairness", "plumbline"], "precision": "very-high"},
            },
        )
    if any(_matters(regression) for regression in decision.regressions):
        text = "A figure is worse than in the baseline, beyond what chance explains."
        found[WORSE] = {
            "id": WORSE,
            "name": _pascal(WORSE),
            "shortDescription": {"text": text},
            "fullDescription": {"text": text},
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["regression", "plumbline"]},
        }
    return list(found.values())


def _finding(decision: Decision, finding: Finding, places: Places) -> dict[str, Any]:
    verdict = finding.judged
    text = f"{verdict.rule}: {verdict.reason} {verdict.title}. Figure: {verdict.figure()}. Verdict: {verdict.outcome}."
    if finding.expired:
        text += f" The waiver expired on {finding.expired.until}."
    result = {
        "ruleId": verdict.base,
        "level": "warning" if finding.state == "inconclusive" else "error",
        "kind": "fail",
        "message": {"text": text},
        "locations": [_location(places, verdict.base)],
        "partialFingerprints": _fingerprints(decision, verdict.rule),
        "properties": verdict.to_json(),
    }
    if finding.waiver:
        result["suppressions"] = [_suppression(finding.waiver.sentence())]
    return result


def _worse(decision: Decision, regression: Regression, places: Places) -> dict[str, Any]:
    base = next((f.judged.base for f in decision.findings if f.judged.rule == regression.rule), "")
    result = {
        "ruleId": WORSE,
        "level": "error",
        "kind": "fail",
        "message": {"text": regression.reason()},
        "locations": [_location(places, base)],
        "partialFingerprints": _fingerprints(decision, f"{WORSE}/{regression.id}"),
        "properties": regression.to_json(),
    }
    if regression.waiver:
        result["suppressions"] = [_suppression(regression.waiver.sentence())]
    return result


def _location(places: Places, rule: str) -> dict[str, Any]:
    region = {"startLine": places.line(rule), "startColumn": 1}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(places.file, errors="replace")}, "region": region}}


def _fingerprints(decision: Decision, what: str) -> dict[str, str]:
    model = decision.subject.partition(", version ")[0]
    digest = hashlib.sha256(f"{what}\x00{model}".encode("utf-8", "replace")).hexdigest()[:32]
    # code scanning reads only the second; others read any
    return {"plumblineRule/v1": digest, "primaryLocationLineHash": f"{digest}:1"}


def _suppression(why: str) -> dict[str, str]:
    return {"kind": "external", "status": "accepted", "justification": why}


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.replace("_", "-").split("-")) or "Rule"
