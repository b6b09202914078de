"""An audit from files to JSON: the model is run, the table counted, the model explained, each in its own sandbox.

The command line and the jobs of the service take this one way. A model never shares a process with the counting, so
that a hostile one cannot write its own verdict.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from audits.measure.cells import from_json
from audits.measure.check import Context, Progress
from audits.measure.policy import Policy
from audits.run.audit import Material, run_audit
from audits.run.model import check_model, predict_with_model
from audits.run.parameters import Parameters
from audits.run.task import RESULT
from models.errors import InputError
from models.jobs.sandbox.limits import Limits
from models.jobs.sandbox.run import run_sandboxed
from models.registry.references.database import DatabaseTable

Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class Request:
    """What to audit. `name` is how the report calls the data, `origin` says what they stand for where they were fetched
    ({sha256, from}); `subject` describes the system (see run.audit)."""

    parameters: Parameters
    data: Path | DatabaseTable
    policy: Policy
    name: str | None = None
    origin: Mapping[str, str] | None = None
    model: Path | None = None
    model_name: str | None = None
    subject: Mapping[str, Any] = field(default_factory=dict)
    trail: Mapping[str, Any] | None = None
    started: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))


def audit_in_sandbox(
    request: Request,
    folder: Path,
    progress: Progress,
    *,
    limits: Limits = Limits(),
    cancelled: Cancelled | None = None,
    on_log: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """The audit's JSON. `folder` holds what is made on the way (predictions, result).

    A table in a database is counted where it lies: no row of it comes here, so that there is nothing to keep in a
    sandbox.

    Raises InputError where data, model or options cannot be audited, SandboxError where a limit was reached.
    """
    if not isinstance(request.data, Path):
        return audit_in_database(request, progress)
    inputs, model, subject = {"data": request.data}, None, dict(request.subject)
    start, end, explainable = 0.0, 1.0, False
    warnings: list[str] = []
    if request.model is not None:
        start, end = 0.2, 0.5
        model = {"name": request.model_name or request.model.name, "sha256": _sha256(request.model)}
        inputs["predictions"], described = predict_with_model(
            request, folder, _part(progress, 0.0, start), limits=limits, cancelled=cancelled
        )
        explainable, warnings = not described.pop("predictions_only"), described.pop("warnings")
        subject = described | {"sha256": model["sha256"]} | subject
    output = folder / "audit"
    run_sandboxed(
        "audits.run.task:audit_task",
        payload_of(request, request.data.name, subject, model),
        inputs=inputs,
        output=output,
        limits=limits,
        on_progress=_part(progress, start, end),
        cancelled=cancelled,
        on_log=on_log,
    )
    audit: dict[str, Any] = json.loads((output / RESULT).read_text("utf-8"))
    audit["warnings"] += warnings
    context = Context(
        cube=from_json(audit["cube"]),
        parameters=request.parameters,
        threshold=audit["provenance"]["parameters"]["threshold"],
        data=request.data,
        model=request.model if explainable else None,
        progress=_part(progress, end, 1.0),
        limits=limits,
        cancelled=cancelled,
        on_log=on_log,
    )
    return check_model(audit, context)


def payload_of(
    request: Request, file_name: str, subject: Mapping[str, Any], model: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What the sandbox is told beside the files."""
    return {
        "parameters": request.parameters.to_json(),
        "policy": request.policy.to_json(),
        "subject": dict(subject),
        "name": request.name or file_name,
        "model": model,
        "trail": dict(request.trail) if request.trail else None,
        "origin": dict(request.origin) if request.origin else None,
        "started": request.started.isoformat(),
    }


def audit_in_database(request: Request, progress: Progress) -> dict[str, Any]:
    """The audit of a table's own predictions, made from the counts alone. There is no second opinion, which needs rows.

    Raises InputError where a model is to be run: its columns have to be fetched for that.
    """
    if request.model is not None:
        raise InputError("A model needs the rows of its data here; fetch the columns first.")
    material = Material(
        data=request.data,
        name=request.name,
        origin=request.origin,
        policy=request.policy,
        subject=request.subject,
        trail=request.trail,
        started=request.started,
    )
    parameters = replace(request.parameters, cross_check=False)
    audit = run_audit(parameters, material, _part(progress, 0.0, 0.95))
    threshold = audit["provenance"]["parameters"]["threshold"]
    context = Context(from_json(audit["cube"]), parameters, threshold, progress=_part(progress, 0.95, 1.0))
    return check_model(audit, context)


def _part(progress: Progress, start: float, end: float) -> Progress:
    return lambda share, sentence: progress(start + share * (end - start), sentence)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
