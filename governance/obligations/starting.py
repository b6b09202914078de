"""Jobs that produce evidence: an audit started for an obligation, whose result is attached once it is there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import transaction

from audits.models import Audit
from audits.start import start_audit
from governance.obligations.evidence import supported_by_check
from governance.obligations.models import Awaited, Duty
from governance.obligations.proposals import attach_result, checks_of
from models.accounts.permission import Forbidden, NotFound, authorize
from models.errors import InputError
from models.jobs.models import Job, State
from models.registry.blobs.store import StorageError
from models.registry.models import DatasetVersion, ModelVersion

LOOKED_AT = 20


def pattern(duty: Duty, version: ModelVersion) -> Audit | None:
    """The newest audit of the model, in whatever version, whose result answers to the obligation: what it asked and of
    which data can be asked again. One query, and a file for each result that was not read before."""
    done = Audit.objects.of(duty.organisation).filter(model__model=version.model_id).exclude(evidence="")
    for audit in done.select_related("dataset", "organisation").order_by("-created_at", "pk")[:LOOKED_AT]:
        if any(duty.requirement in supported_by_check(check) for check in checks_of(audit.evidence)):
            return audit
    return None


def start_as_before(user: Any, duty: Duty, version: ModelVersion, before: Audit, attaches: bool) -> Audit:
    """The audit of the version that asks what `before` asked, of the newest version of its data and by its rules;
    whether its result `attaches` itself.

    Raises Forbidden, NotFound, and InputError where the version or the data do not fit any more.
    """
    newest = DatasetVersion.objects.of(duty.organisation).filter(dataset=before.dataset.dataset_id).order_by("-number")
    with transaction.atomic():
        begun = start_audit(
            user, newest[0], before.asked, model=version, policy=before.judged_by, suppress=before.asked.suppress
        )
        if attaches:
            await_result(user, duty, begun.pk)
    return begun


def await_result(user: Any, duty: Duty, audit: UUID) -> None:
    """Attach the result of the audit that has, or will have, this number. Raises Forbidden, NotFound."""
    authorize(user, "govern", duty)
    Awaited.unscoped.create(organisation_id=duty.organisation_id, audit=audit, duty=duty, by=user)


def running_for(duty: Duty) -> list[Audit]:
    """Audits whose result is awaited for the obligation and that did not end yet. One query."""
    numbers = Awaited.unscoped.filter(duty=duty).values("audit")
    found = Audit.objects.of(duty.organisation).filter(pk__in=numbers, job__state__in=(State.QUEUED, State.RUNNING))
    return list(found.select_related("model__model", "dataset__dataset", "job").order_by("created_at"))


def hear_end(sender: Any, job: Job, **kwargs: Any) -> None:
    """Hears job_finished inside its transaction, which holds the trail's head already: what attaching locks would be
    locked in the wrong order there, so that comes after it."""
    if job.state == State.SUCCEEDED:
        transaction.on_commit(lambda: attach_awaited(job), robust=True)


def attach_awaited(job: Job) -> None:
    """Attach the job's result where it is awaited. What cannot be attached, or is not for want of power, stays proposed
    on the board."""
    audit = Audit.unscoped.select_related("model__model", "dataset__dataset", "organisation").filter(job=job).first()
    if audit is None:
        return
    found = Awaited.unscoped.filter(audit=audit.pk, organisation=audit.organisation_id, by=audit.created_by_id)
    for each in found.select_related("by", "duty__system__organisation"):
        with suppress(InputError, Forbidden, NotFound, StorageError):
            attach_result(each.by, each.duty.system, audit)
