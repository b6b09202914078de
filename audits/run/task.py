"""The child's side of an audit: runs in the sandbox, since it reads a user's table."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from audits.measure.check import Progress
from audits.measure.policy import parse_policy
from audits.run.audit import Material, run_audit
from audits.run.parameters import Parameters

RESULT = "audit.json"


def audit_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """Run the audit and write its JSON to output/audit.json; what comes back is only where it is.

    inputs: "data", and "predictions" where a model made them. payload: parameters, policy, subject, name, model
    ({name, sha256} or null), origin ({sha256, from} or null), trail ({sequence, hash} or null), started (ISO 8601).
    """
    material = Material(
        data=inputs["data"],
        name=payload["name"],
        predictions=inputs.get("predictions"),
        model=payload["model"],
        policy=parse_policy(payload["policy"], payload["policy"]["name"]),
        subject=payload["subject"],
        trail=payload["trail"],
        origin=payload["origin"],
        started=datetime.datetime.fromisoformat(payload["started"]),
    )
    audit = run_audit(Parameters.from_json(payload["parameters"]), material, progress)
    (output / RESULT).write_text(json.dumps(audit, ensure_ascii=False, allow_nan=False), "utf-8")
    return {"file": RESULT}
