"""One audit, from a table to the JSON that a report is made of. Used by the command line, by jobs and by notebooks."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.measure import cells
from audits.measure.check import Context, Progress, discover, quiet, refuse_unknown_options
from audits.measure.cube import Counted, build_cube
from audits.measure.disparities import check_references
from audits.measure.measured import Measured
from audits.measure.policy import Policy, load_policy
from audits.measure.single_value import reworded, reworded_verdict
from audits.measure.suppress import suppress
from audits.measure.verdicts import Judgement, judge
from audits.run.data import TableSource, describe_data
from audits.run.parameters import Parameters
from audits.run.warnings import derived_warnings

if TYPE_CHECKING:
    import ibis

    from models.registry.references.database import DatabaseTable

SCHEMA = "plumbline.audit/1"
LIBRARIES = ("numpy", "scipy", "duckdb", "ibis-framework", "pyarrow", "fairlearn", "aif360", "shap", "onnxruntime")
SUBJECT = ("name", "version", "purpose", "role", "owner", "licence", "description", "format", "sha256")


@dataclass(frozen=True)
class Material:
    """What an audit needs beside its parameters: files, policy, subject.

    `model` is the {name, sha256} of the model that made `predictions`; `trail` the {sequence, hash} of the newest
    entry of the organisation's trail, which the report carries out into the world; `origin` the {sha256, from} of data
    that were fetched from elsewhere.
    """

    data: Path | DatabaseTable
    name: str | None = None
    origin: Mapping[str, str] | None = None
    predictions: Path | None = None
    model: Mapping[str, str] | None = None
    policy: Policy | None = None
    subject: Mapping[str, Any] = field(default_factory=dict)
    trail: Mapping[str, Any] | None = None
    started: datetime.datetime | None = None


def run_audit(parameters: Parameters, material: Material, progress: Progress = quiet) -> dict[str, Any]:
    """The audit as JSON (schema plumbline.audit/1).

    A model's predictions come as an Arrow file, row by row with the data (made in the sandbox): this function never
    loads a model, and what checks of the model find is added to its result. InputError where the table cannot answer.
    """
    started = (material.started or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC)
    policy = material.policy or load_policy(None)
    refuse_unknown_options(parameters.options)
    progress(0.02, "Reading the table")
    source = TableSource.open(material.data, parameters, material.predictions, material.name, material.origin)
    table = source.connect()
    progress(0.1, "Counting rows by group, label and prediction")
    counted = build_cube(table, source.question)
    check_references(counted.cube, parameters.reference)
    shown = counted if parameters.suppress is None else suppress(counted, parameters.suppress)
    progress(0.5, "Measuring, with intervals")
    context = Context(shown.cube, parameters, shown.threshold)
    results = [check.run(context) for check in discover() if "model" not in check.needs]
    found, judgement = evaluate(shown.cube, parameters, policy, started.date())
    progress(0.8, "Asking fairlearn and AIF360 for a second opinion" if parameters.cross_check else "Judging")
    checked = _cross_check(table, source, counted, found, parameters)
    measurements = [m.measurement for m in (*found, *judgement.added)]
    progress(0.95, "Writing the result")
    return {
        "schema": SCHEMA,
        "inputs": source.inputs(material.model),
        "subject": {name: material.subject.get(name) for name in SUBJECT},
        "data": describe_data(source, shown, parameters),
        "measurements": [m.to_json() for m in measurements],
        "verdicts": [v.to_json() for v in judgement.verdicts],
        "policy": policy.to_json(),
        "checks": [r.to_json() for r in results],
        "cross_check": checked,
        "cube": cells.to_json(shown.cube),
        "warnings": derived_warnings(shown.cube, parameters, shown.threshold, shown.dropped),
        "provenance": provenance(parameters, started, shown.threshold, material.trail),
    }


def evaluate(
    cube: cells.Cube, parameters: Parameters, policy: Policy, day: datetime.date
) -> tuple[list[Measured], Judgement]:
    """Everything that is a function of the cube: the figures and the verdicts on them."""
    found = [m for check in discover() if check.measure for m in check.measure(cube, parameters)]
    if not parameters.label or cube.has_label:
        return found, judge(cube, found, policy, day, parameters.reference)
    found = [reworded(m) for m in found]
    judged = judge(cube, found, policy, day, parameters.reference)
    verdicts, added = map(reworded_verdict, judged.verdicts), map(reworded, judged.added)
    return found, Judgement(tuple(verdicts), tuple(added))


def _cross_check(
    table: ibis.Table, source: TableSource, counted: Counted, found: Sequence[Measured], parameters: Parameters
) -> dict[str, Any] | None:
    if not parameters.cross_check:
        return None
    from audits.measure.crosscheck import cross_check

    return cross_check(table, source.question, counted, found, seed=parameters.seed, suppress_below=parameters.suppress)


def provenance(
    parameters: Parameters,
    started: datetime.datetime,
    threshold: float | None,
    trail: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """By what the audit was made: version, seed, time (UTC), parameters as they took effect, libraries."""
    effective = parameters.to_json() | {"threshold": threshold}
    made = {
        "version": importlib.metadata.version("plumbline"),
        "seed": parameters.seed,
        "started": started.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        "parameters": effective,
        "libraries": {name: v for name in LIBRARIES if (v := _version(name))},
    }
    return made | {"trail": dict(trail)} if trail else made


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
