"""The model's part of an audit: predicting with it, and the checks that load it, each in a sandbox of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.measure.check import Context, Progress, discover
from audits.run.warnings import order_assumed
from models.jobs.sandbox.limits import Limits
from models.registry.formats.matching import listed

if TYPE_CHECKING:
    from audits.run.sandboxed import Request

Cancelled = Callable[[], bool]


def predict_with_model(
    request: Request, folder: Path, progress: Progress, *, limits: Limits, cancelled: Cancelled | None = None
) -> tuple[Path, dict[str, Any]]:
    """The predictions file of the request's model on its data, and what the model file says of itself: its format,
    whether it holds predictions only, so that there is no model to explain, and warnings of what had to be guessed."""
    from models.registry.formats.predict import predict_in_sandbox

    assert request.model is not None
    assert isinstance(request.data, Path)
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
    described = {"format": made.signature.format, "predictions_only": made.signature.rows is not None}
    return made.path, described | {"warnings": _assumptions(made.assumed_order, request.name or request.data.name)}


def _assumptions(order: Sequence[str], data: str) -> list[str]:
    """What had to be guessed to run the model."""
    if not order:
        return []
    return [order_assumed(listed(order), data)]


def check_model(audit: dict[str, Any], context: Context) -> dict[str, Any]:
    """The audit with what the checks that load the model found, each in a sandbox of its own."""
    results = [check.run(context) for check in discover() if "model" in check.needs]
    audit["checks"] += [result.to_json() for result in results]
    audit["measurements"] += [m.to_json() for result in results for m in result.measurements]
    return audit
