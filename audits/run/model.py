"""The model's part of an audit: predicting with it and explaining it, each in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.measure.check import Progress
from audits.measure.types import CheckResult
from audits.run.result_json import check_result_from_json
from models.jobs.sandbox.limits import Limits
from models.jobs.sandbox.run import run_sandboxed

if TYPE_CHECKING:
    from audits.run.sandboxed import Request

Cancelled = Callable[[], bool]


def predict_with_model(
    request: Request, folder: Path, progress: Progress, *, limits: Limits, cancelled: Cancelled | None = None
) -> tuple[Path, dict[str, Any]]:
    """The predictions file of the request's model on its data, and what the model file says of itself."""
    from models.registry.formats.predict import predict_in_sandbox

    assert request.model is not None
    asked = request.parameters
    made = predict_in_sandbox(
        request.model,
        request.data,
        folder / "predictions",
        positive=asked.positive,
        exclude=[c for c in (asked.label, asked.weight, asked.frequency) if c],
        names={"model": request.model_name or request.model.name, "data": request.name or request.data.name},
        limits=limits,
        on_progress=progress,
        cancelled=cancelled,
    )
    return made.path, {"format": made.signature.format}


def explain_model(
    request: Request,
    folder: Path,
    progress: Progress,
    *,
    limits: Limits,
    cancelled: Cancelled | None = None,
    on_log: Callable[[str], None] | None = None,
) -> CheckResult:
    """The result of the explanation check: it loads the model, so it runs in a sandbox of its own."""
    assert request.model is not None
    payload = {"parameters": request.parameters.to_json()}
    result = run_sandboxed(
        "audits.explain.task:explain_task",
        payload,
        inputs={"model": request.model, "data": request.data},
        output=folder / "explanation",
        limits=limits,
        on_progress=progress,
        cancelled=cancelled,
        on_log=on_log,
    )
    return check_result_from_json(result)
