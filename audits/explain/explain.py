"""Explaining a model: measurements, tables and figures of what moves its score."""

from __future__ import annotations

from pathlib import Path

from audits.explain.cases import case_table
from audits.explain.dependence import dependence
from audits.explain.exact import Progress
from audits.explain.explained import Explained
from audits.explain.groups import group_tables
from audits.explain.methods import explained
from audits.explain.model import open_model
from audits.explain.proxies import associations, proxy_notes, proxy_table
from audits.explain.request import METHODS, Request
from audits.explain.summary import importance_figure, importance_table, measure
from audits.measure.types import CheckResult
from models.errors import InputError

TITLE = "Explanation"


def explain(model: Path, data: Path, request: Request, progress: Progress) -> CheckResult:
    """The check's result: a measurement for each input, tables and figures.

    Reads a stranger's model file: call it in the sandbox only (see audits/explain/task.py). InputError where the
    model cannot be read or the data lack what it reads.
    """
    if request.method not in METHODS:
        raise InputError(f"The explanation's method is one of {', '.join(METHODS)}, not {request.method!r}.")
    progress(0.0, "Opening the model")
    opened = open_model(model, data, request.positive, request.exclude)
    found = explained(opened, data, request, progress)
    return _result(found, request)


def _result(found: Explained, request: Request) -> CheckResult:
    measurements = measure(found)
    importance = importance_table(found, measurements)
    measured = associations(found)
    curves = dependence(found, request.suppress)
    tables = [
        importance,
        *(table for table, _ in curves),
        *group_tables(found, request.suppress),
        proxy_table(found, measured),
    ]
    if request.suppress is None:
        tables.append(case_table(found))
    return CheckResult(
        check="explanation",
        title=TITLE,
        status="done",
        measurements=measurements,
        tables=tuple(tables),
        figures=(importance_figure(found, importance), *(figure for _, figure in curves)),
        notes=(
            *_method_notes(found),
            *found.notes,
            *proxy_notes(found, measured),
            *_limits(request),
        ),
    )


def _method_notes(found: Explained) -> list[str]:
    rows = (
        f"all {found.total:,} rows"
        if found.n == found.total
        else f"a seeded sample of {found.n:,} of {found.total:,} rows"
    )
    told = [f"Shapley values, {found.method}, in {found.space}, for {rows}, against {found.against}."]
    if found.distance is not None:
        told.append(
            "Base and values of each row add up to the model's output; the score they lead to lies within "
            f"{found.distance:.1e} of the model's own in every row explained."
        )
    return told


def _limits(request: Request) -> list[str]:
    told = []
    if request.weighted:
        told.append("Every row counts once here; weights and frequencies are not used.")
    if request.suppress is not None:
        told.append(
            f"Single decisions are not shown, nor groups under {request.suppress} rows, since small counts are "
            "suppressed."
        )
    return told
