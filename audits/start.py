"""Starting an audit: everything that can be refused is refused before there is a job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from audits.measure.check import refuse_unknown_options
from audits.measure.policy import Policy, load_policy
from audits.models import Audit
from audits.run.parameters import Parameters
from models.accounts.permission import authorize
from models.errors import InputError
from models.jobs.models import Job
from models.jobs.submit import submit
from models.registry.compatible import check_compatible
from models.registry.erasure import refuse_erased
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
    number: UUID | None = None,
) -> Audit:
    """Write the audit and its job in one transaction, and ring for a worker.

    The second opinion is always asked for. Counts under `suppress` are not shown, where the parameters do not say how
    many themselves; None shows every count, which only data that are published allow. A `number` that the same person
    gave before starts nothing: it gives the audit of then, so that a form that is sent twice is one audit.

    Raises Forbidden, NotFound, and InputError where data, model and options do not fit.
    """
    authorize(user, "run", dataset)
    if model is not None:
        authorize(user, "run", model)
    _check_fit(parameters, dataset, model)
    chosen = policy or load_policy(None)
    asked = replace(
        parameters,
        model=model is not None,
        cross_check=True,
        suppress=suppress if parameters.suppress is None else parameters.suppress,
    )
    audit = Audit(
        id=number or uuid4(),
        organisation=dataset.organisation,
        model=model,
        dataset=dataset,
        parameters=asked.to_json(),
        policy=chosen.to_json(),
        created_by=user,
    )
    return _begun(audit, f"Audit of {model or dataset}")


def _begun(audit: Audit, title: str) -> Audit:
    """Written with its job; the one that has its number already, where that is the same person's."""
    try:
        with transaction.atomic():
            audit.job = submit(
                KIND,
                organisation=audit.organisation,
                user=audit.created_by,
                params={"audit": str(audit.pk)},
                title=title,
            )
            audit.save(force_insert=True)
            return audit
    except IntegrityError:
        known = Audit.unscoped.filter(pk=audit.pk)
        if not known.exists():
            raise
        first = known.filter(organisation=audit.organisation, created_by=audit.created_by).first()
        if first is None:
            raise InputError("This form has the number of something else. Open it anew.") from None
        return first


def start_again(job: Job, user: Any) -> Job:
    """The same question by the same rules put once more, to a job whose audit came to nothing; its new job."""
    audit = Audit.unscoped.select_related("model__model", "dataset__dataset", "organisation").get(job=job)
    asked = audit.asked
    begun = start_audit(
        user, audit.dataset, asked, model=audit.model, policy=audit.judged_by, suppress=asked.suppress
    )  # fmt: skip
    return begun.job


def _check_fit(parameters: Parameters, dataset: DatasetVersion, model: ModelVersion | None) -> None:
    refuse_erased(dataset, model)
    if model is not None:
        if model.organisation_id != dataset.organisation_id:
            raise InputError("Model and dataset belong to different organisations.")
        no_inputs = (parameters.label, parameters.weight, parameters.frequency)
        check_compatible(model, dataset, exclude=[column for column in no_inputs if column])
    _check_columns(parameters, dataset)
    refuse_unknown_options(parameters.options)


def _check_columns(parameters: Parameters, dataset: DatasetVersion) -> None:
    known = {column.name for column in dataset.profile.columns}
    named = (*parameters.sensitive, parameters.label, parameters.prediction, parameters.score)
    asked = [c for c in (*named, parameters.weight, parameters.frequency) if c]
    if absent := [c for c in asked if c not in known]:
        raise InputError(f"{dataset} has no column {', '.join(map(repr, absent))}.")
