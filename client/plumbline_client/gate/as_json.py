"""The decision as JSON, for a program that decides further."""

from __future__ import annotations

import json

from plumbline_client.gate.decision import Decision

SCHEMA = "plumbline.gate/1"


def as_json(decision: Decision) -> bytes:
    """The bytes of the JSON file."""
    data = {
        "schema": SCHEMA,
        "result": decision.result,
        "exit_code": decision.exit_code,
        "headline": decision.headline,
        "subject": decision.subject,
        "data": decision.data,
        "rows": decision.rows,
        "policy": decision.policy,
        "day": decision.terms.day.isoformat(),
        "allow_inconclusive": decision.terms.allow_inconclusive,
        "regressions_counting": decision.terms.counting,
        "verdicts": [
            finding.judged.to_json()
            | {
                "state": finding.state,
                "waiver": finding.waiver.to_json() if finding.waiver else None,
                "expired_waiver": finding.expired.to_json() if finding.expired else None,
            }
            for finding in decision.findings
        ],
        "regressions": [regression.to_json() for regression in decision.regressions],
        "comparison": decision.comparison["summary"] if decision.comparison else None,
        "notes": list(decision.notes),
        "links": dict(decision.links),
    }
    return (json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8", "replace")
