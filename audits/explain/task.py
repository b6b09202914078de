"""Explaining in the sandbox, since it loads a stranger's model: the child's side, and the way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from audits.explain.exact import Progress
from audits.explain.explain import explain
from audits.explain.request import Request
from audits.run.parameters import Parameters
from audits.run.result_json import check_result_to_json
from models.errors import InputError
from models.jobs.sandbox.limits import Limits
from models.jobs.sandbox.run import run_sandboxed
from models.registry.formats.classes import same_class

ASKED = ("method", "rows", "background", "pairs", "evaluations")
"""The check's own options (see audits/checks/explanation.py)."""


def explain_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """In the sandbox: explain inputs["model"] on inputs["data"]; the check's result as JSON, measurements and all.

    payload: "parameters", the audit's.
    """
    request = request_of(Parameters.from_json(payload["parameters"]))
    return check_result_to_json(explain(inputs["model"], inputs["data"], request, progress))


def explain_in_sandbox(
    parameters: Parameters,
    model: Path,
    data: Path,
    folder: Path,
    *,
    limits: Limits = Limits(),
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_log: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """The check's result as JSON (audits.run.result_json reads it back).

    Parameters
    ----------
    folder: an empty folder for the sandbox.

    Raises InputError where model and data do not fit, SandboxError where a limit was reached.
    """
    return run_sandboxed(
        "audits.explain.task:explain_task",
        {"parameters": parameters.to_json()},
        inputs={"model": model, "data": data},
        output=folder,
        limits=limits,
        on_progress=on_progress,
        cancelled=cancelled,
        on_log=on_log,
    )


def request_of(parameters: Parameters) -> Request:
    """What the audit's parameters ask of the explanation. InputError for an option that it does not have."""
    options = dict(parameters.options.get("explanation", {}))
    if unknown := sorted(set(options) - set(ASKED)):
        raise InputError(f"The explanation has no option {unknown[0]!r}. Its options are {', '.join(ASKED)}.")
    for field in fields(Request):
        if field.name in options and field.type == "int":
            options[field.name] = _whole(field.name, options[field.name])
    favourable = parameters.favourable or parameters.positive
    named = (parameters.label, parameters.weight, parameters.frequency)
    return Request(
        positive=parameters.positive,
        sensitive=parameters.sensitive,
        threshold=0.5 if parameters.threshold is None else parameters.threshold,
        adverse_from_threshold=not same_class(favourable, parameters.positive),
        seed=parameters.seed,
        suppress=parameters.suppress,
        exclude=tuple(name for name in named if name),
        weighted=bool(parameters.weight or parameters.frequency),
        **options,
    )


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        raise InputError(f"The explanation's option {name!r} takes a whole number of 2 or more, not {value!r}.")
    return value
