"""Checking a trail that is too long for a request. It stands here since the trail's own room knows of no jobs."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from models.accounts.models import Organisation, User
from models.jobs.context import JobContext
from models.jobs.kinds import JobKind, register
from models.jobs.models import Job, State
from models.jobs.submit import submit
from models.trail.checked import write_down
from models.trail.models import Head
from models.trail.signals import check_asked
from models.trail.verify import Verification, verify_signed

KIND = "check trail"


def run(context: JobContext) -> Verification:
    """Every hash again; nothing is written."""
    head = Head.objects.get(organisation_id=context.job.organisation_id)

    def tell(place: int) -> None:
        context.progress(min(place / head.sequence, 1.0), f"{place} of {head.sequence} entries follow from each other")

    return verify_signed(context.job.organisation, looked_at=tell)


def save(job: Job, found: Verification) -> dict[str, Any]:
    actor = User.objects.filter(pk=job.params["asked_by"]).first()
    return write_down(job.organisation, actor, found)


def page(job: Job) -> str:
    return reverse("trail")


def check_by_job(organisation: Organisation, user: User) -> Job:
    """A job of the service's own, since whoever may read the trail may ask for it; one at a time."""
    waiting = Job.objects.of(organisation).filter(kind=KIND, state__in=(State.QUEUED, State.RUNNING)).first()
    return waiting or submit(KIND, organisation=organisation, user=None, params={"asked_by": user.pk})


def see_to_it(sender: Any, organisation: Organisation, user: User, **kwargs: Any) -> str:
    return reverse("job", args=[check_by_job(organisation, user).pk])


register(JobKind(name=KIND, run=run, save=save, title="Check of the trail", page=page, queue="light"))
check_asked.connect(see_to_it, dispatch_uid="jobs.check_trail")
