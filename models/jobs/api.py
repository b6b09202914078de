"""The API of this room: jobs, how far they are, and stopping them; and checking the trail, which may take a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from models.accounts.models import User
from models.jobs.job_kinds import check_by_job
from models.jobs.kinds import kind_named
from models.jobs.models import Job, State
from models.jobs.submit import cancel, retry
from models.rest.paging import PageQuery, listed
from models.rest.records import ApiRequest, Later, Listed, Moment, Person, Record, person, reply, started
from models.rest.router import Media, Router
from models.trail.checked import check, facts_of, is_long

router = Router(tags=["Jobs"])
trail = Router(tags=["Trail"])
router.add_router("", trail)
StateName = Literal["queued", "running", "succeeded", "failed", "cancelled"]
HEAVY = ("log", "params")
# what a kind of job leads to, by its name; the rooms above add theirs
RESULTS: dict[str, Callable[[Job], str | None]] = {}


class Progress(Record):
    fraction: float = Field(ge=0, le=1, examples=[0.4])
    sentence: str = Field(examples=["Predicting"])


class JobLinks(Record):
    self: str = Field(examples=["/api/v1/jobs/6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10"])
    page: str = Field(examples=["/jobs/6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10/"])
    result: str | None = Field(description="What came of it, or will.")


class JobRecord(Record):
    id: UUID
    kind: str = Field(examples=["audit"])
    title: str = Field(examples=["Audit of Credit scoring version 3"])
    queue: Literal["light", "heavy", "gpu"]
    state: StateName
    progress: Progress
    error: str | None = Field(description="Why it failed, for people.", examples=[None])
    suspicious: bool = Field(description="The file tried what it may not do.")
    result: dict[str, Any] | None = Field(examples=[{"audit": "6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10"}])
    attempt: int
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    created_by: Person | None
    cancel_requested: bool
    retry_of: UUID | None
    links: JobLinks


class TrailCheck(Record):
    whole: bool = Field(description="Whether each entry follows from the one before it.")
    entries: int = Field(ge=0, description="How many were found good.", examples=[1204])
    head: str = Field(description="Hash of the last good one.", examples=["0" * 64])
    signed: int = Field(0, ge=0, description="Signed heads that it agrees with.", examples=[12])
    bad: int | None = Field(None, description="Place of the first that is not as it was written.", examples=[None])
    reason: str | None = Field(None, description="What is wrong with it.", examples=[None])


class JobQuery(PageQuery):
    state: StateName | None = None
    kind: str | None = Field(None, max_length=60, examples=["audit"])


def leads_to(kind: str, address: Callable[[Job], str | None]) -> None:
    """Say where the result of a kind of job stands in the API."""
    RESULTS[kind] = address


def job_record(job: Job) -> JobRecord:
    by = job.created_by
    fields = ("id", "kind", "title", "queue", "state", "suspicious", "result", "attempt")
    times = ("created_at", "started_at", "finished_at")
    return JobRecord(
        **{name: getattr(job, name) for name in (*fields, *times)},
        progress=Progress(fraction=min(1.0, max(0.0, job.progress)), sentence=job.sentence),
        error=job.error or None,
        created_by=person(by),
        cancel_requested=job.cancel_requested_at is not None,
        retry_of=job.retry_of_id,
        links=JobLinks(self=f"/api/v1/jobs/{job.pk}", page=f"/jobs/{job.pk}/", result=result_of(job)),
    )


def result_of(job: Job) -> str | None:
    try:
        kind_named(job.kind)
    except KeyError:  # of a room that is no longer installed
        return None
    address = RESULTS.get(job.kind)
    return address(job) if address else None


def jobs_of(request: ApiRequest) -> Any:
    return Job.objects.of(request.organisation).select_related("created_by")


def one(request: ApiRequest, job_id: UUID) -> Job:
    found: Job = get_object_or_404(jobs_of(request).defer(*HEAVY), pk=job_id)
    return found


@router.on("GET", "/jobs", {200: Listed[JobRecord]}, action="read")
def list_jobs(request: ApiRequest, query: Query[JobQuery]) -> HttpResponse:
    """List jobs, the newest first."""
    rows = jobs_of(request).defer(*HEAVY)
    if query.state:
        rows = rows.filter(state=query.state)
    if query.kind:
        rows = rows.filter(kind=query.kind)
    return listed(request, rows, query, job_record)


@router.on("GET", "/jobs/{uuid:job_id}", {200: JobRecord}, action="read", waits=True)
def get_job(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """Get a job.

    With Prefer: wait=N the answer comes once the job is finished, or after N seconds.
    """
    response = reply(job_record(one(request, job_id)), location=f"/api/v1/jobs/{job_id}")
    response.later = Later(job_id, lambda: reply(job_record(one(request, job_id))))  # type: ignore[attr-defined]
    return response


@router.on("GET", "/jobs/{uuid:job_id}/log", {200: Media("text/plain", "What it printed.")}, action="read")
def get_job_log(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """Get what a job printed, as text."""
    job = get_object_or_404(jobs_of(request), pk=job_id)
    return HttpResponse(job.log, content_type="text/plain; charset=utf-8")


@router.on("POST", "/jobs/{uuid:job_id}/cancel", {200: JobRecord}, action="cancel")
def cancel_job(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """Cancel a job.

    A queued job is cancelled at once; a running one is told, and stops within seconds. One that is finished stays as
    it is.
    """
    cancel(one(request, job_id), request.user)
    return reply(job_record(one(request, job_id)))


@router.on(
    "POST", "/jobs/{uuid:job_id}/retry", {202: JobRecord, 200: JobRecord},
    action="run", once=True, waits=True, problems=("refused",),
)  # fmt: skip
def retry_job(request: ApiRequest, job_id: UUID) -> HttpResponse:
    """Try a failed or cancelled job again.

    It is a new job that names the old one; asked twice, it is still one new job.
    """
    made = retry(one(request, job_id), request.user).pk

    def as_it_is() -> JobRecord:
        return job_record(one(request, made))

    return started(as_it_is(), made, lambda: reply(as_it_is()))


@trail.on(
    "POST", "/trail/verification", {200: TrailCheck, 202: JobRecord}, action="read trail", once=True, waits=True
)  # fmt: skip
def verify_trail(request: ApiRequest) -> HttpResponse:
    """Check that the trail is whole: every hash again, from the first entry on.

    The answer is what was found; of a long trail it is 202 with the job that looks, and with Prefer: wait=N what it
    found once it has. That it was checked is itself written down.
    """
    assert isinstance(request.user, User)
    if not is_long(request.organisation):
        return reply(TrailCheck.model_validate(facts_of(check(request.organisation, request.user))))
    job = check_by_job(request.organisation, request.user)
    return started(job_record(job), job.pk, lambda: what_was_found(request, job.pk))


def what_was_found(request: ApiRequest, pk: UUID) -> HttpResponse:
    """Of a job that ended without finding anything, the job, which says why."""
    job = one(request, pk)
    if job.state != State.SUCCEEDED:
        return reply(job_record(job), 202)
    return reply(TrailCheck.model_validate(job.result))
