"""Starting an audit: everything that can be refused is refused before there is a job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.db import transaction

from audits.measure.policy import Policy, load_policy
from audits.models import Audit
from audits.run.parameters import Parameters
from models.accounts.permission import authorize
from models.errors import InputError
from models.jobs.submit import submit
from models.registry.compatible import check_compatible
from models.registry.models import DatasetVersion, ModelVersion

KIND = "audit"
# what pages and exports never show fewer rows than (DESIGN: suppression)
SMALLEST_COUNT = 10


def start_audit(
    user: Any,
    dataset: DatasetVersion,
    parameters: Parameters,
    *,
    model: ModelVersion | None = None,
    policy: Policy | None = None,
    suppress: int | None = SMALLEST_COUNT,
) -> Audit:
    """Write the audit and its job in one transaction, and ring for a worker.

    The second opinion is always asked for. Counts under `suppress` are not shown, where the parameters do not say how
    many themselves; None shows every count, which only data that are published allow.

    Raises Forbidden, NotFound, and InputError where data, model and options do not fit.
    """
    authorize(user, "run", dataset)
    if model is not None:
        authorize(user, "run", model)
        if model.organisation_id != dataset.organisation_id:
            raise InputError("Model and dataset belong to different organisations.")
        no_inputs = (parameters.label, parameters.weight, parameters.frequency)
        check_compatible(model, dataset, exclude=[column for column in no_inputs if column])
    _check_columns(parameters, dataset)
    chosen = policy or load_policy(None)
    asked = replace(
        parameters,
        model=model is not None,
        cross_check=True,
        suppress=suppress if parameters.suppress is None else parameters.suppress,
    )
    ident = uuid4()
    with transaction.atomic():
        job = submit(
            KIND,
            organisation=dataset.organisation,
            user=user,
            params={"audit": str(ident)},
            title=f"Audit of {model or dataset}",
        )
        return Audit.unscoped.create(
            id=ident,
            organisation=dataset.organisation,
            model=model,
            dataset=dataset,
            job=job,
            parameters=asked.to_json(),
            policy=chosen.to_json(),
            created_by=user,
        )


def _check_columns(parameters: Parameters, dataset: DatasetVersion) -> None:
    known = {column.name for column in dataset.profile.columns}
    named = (*parameters.sensitive, parameters.label, parameters.prediction, parameters.score)
    asked = [c for c in (*named, parameters.weight, parameters.frequency) if c]
    if absent := [c for c in asked if c not in known]:
        raise InputError(f"{dataset} has no column {', '.join(map(repr, absent))}.")
