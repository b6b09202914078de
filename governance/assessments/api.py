"""The API of this room: risk assessments on their way to a second person's signature, and their reports."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from audits.api import PDF, sent
from governance.assessments import reporting, signing
from governance.assessments.models import Assessment, Comment
from governance.reports.compare import Change, compare
from governance.systems.models import System
from governance.systems.stale import Stale
from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.problems import Problem
from models.rest.records import ApiRequest, Asked, Day, Listed, Moment, Person, Record, person, reply
from models.rest.router import Media, Router

router = Router(tags=["Assessments"])
NEWEST = ["-created_at", "-pk"]
OLDEST = ["created_at", "pk"]
StateName = Literal["draft", "in review", "approved", "superseded"]
Hash = Field(description="Of what is in review: sign what you have read.", examples=["0" * 64])


class AssessmentRecord(Record):
    id: UUID
    system: UUID
    number: int
    state: StateName
    as_of: Day
    summary: str
    not_assessed: str
    sha256: str = Field(description="Of what was frozen and is signed; empty for a draft.", examples=["0" * 64])
    authors: list[int] = Field(description="Ids of those who cannot approve it.", examples=[[1]])
    submitted_by: Person | None
    submitted_at: Moment | None
    approved_by: Person | None
    approved_for: str = Field(description="Whom the approver stood in for.")
    approved_at: Moment | None
    decision: str
    trail_sequence: int | None = Field(description="Of the approval's entry in the trail.")
    trail_head: str
    signing_key: str = Field(
        description="The fingerprint of the Ed25519 key that signed its PDF, the SHA-256 of its bytes; empty: unsigned."
    )
    report: str | None = Field(description="Where its PDF is, once it is made; a draft's bears DRAFT on each page.")
    created_at: Moment
    created_by: Person | None


class AssessmentDetail(AssessmentRecord):
    snapshot: dict[str, Any] = Field(description="What it tells: of a draft as it would be now.", examples=[{}])


class NewAssessment(Asked):
    system: UUID
    as_of: Day | None = Field(None, description="The day it is for; today where none is given.")


class AssessmentChange(Asked):
    as_of: Day | None = None
    summary: str | None = Field(None, max_length=signing.LONGEST)
    not_assessed: str | None = Field(None, max_length=signing.LONGEST, description="One thing on each line.")


class Approval(Asked):
    sha256: str = Field(min_length=64, max_length=64, description=Hash.description, examples=["0" * 64])
    decision: str = Field("", max_length=signing.LONGEST)


class SendingBack(Asked):
    reason: str = Field(min_length=1, max_length=signing.LONGEST_COMMENT, description="What has to change.")


class ChangeRecord(Record):
    what: str = Field(examples=["Class"])
    before: str
    after: str


class TopicRecord(Record):
    title: str = Field(examples=["Risks"])
    changes: list[ChangeRecord]


class AssessmentComparison(Record):
    before: UUID | None = Field(description="The last one approved before it; null where it is the first.")
    after: UUID
    topics: list[TopicRecord] = Field(description="Only those in which something changed.")


class CommentRecord(Record):
    id: UUID
    text: str
    author: Person
    created_at: Moment


class NewComment(Asked):
    text: str = Field(min_length=1, max_length=signing.LONGEST_COMMENT)


class AssessmentQuery(PageQuery):
    system: UUID | None = None
    state: StateName | None = None


def said(found: Assessment) -> dict[str, Any]:
    names = (
        "id", "number", "state", "as_of", "summary", "not_assessed", "sha256", "authors", "submitted_at",
        "approved_for", "approved_at", "decision", "trail_sequence", "trail_head", "signing_key", "created_at",
    )  # fmt: skip
    people = {name: person(getattr(found, name)) for name in ("submitted_by", "approved_by", "created_by")}
    report = f"/api/v1/assessments/{found.pk}/report.pdf" if found.report else None
    return {name: getattr(found, name) for name in names} | people | {"system": found.system_id, "report": report}


def assessment_record(found: Assessment) -> AssessmentRecord:
    return AssessmentRecord(**said(found))


def assessment_detail(found: Assessment) -> AssessmentDetail:
    return AssessmentDetail(**said(found), snapshot=reporting.told(found))


def change_record(change: Change) -> ChangeRecord:
    return ChangeRecord(what=change.what, before=change.before, after=change.after)


def comment_record(found: Comment) -> CommentRecord:
    return CommentRecord(id=found.pk, text=found.text, author=person(found.author), created_at=found.created_at)


@router.on("GET", "/assessments", {200: Listed[AssessmentRecord]}, action="read")
def list_assessments(request: ApiRequest, query: Query[AssessmentQuery]) -> HttpResponse:
    """List risk assessments, the newest first."""
    rows = found_in(request).defer("snapshot")
    if query.system:
        rows = rows.filter(system=query.system)
    if query.state:
        rows = rows.filter(state=query.state)
    return listed(request, rows, query, assessment_record, NEWEST)


@router.on("POST", "/assessments", {201: AssessmentRecord}, action="govern", once=True)
def create_assessment(request: ApiRequest, body: NewAssessment) -> HttpResponse:
    """Begin a risk assessment of a system, after the last approved one where there is one."""
    system = get_object_or_404(System.objects.of(request.organisation).select_related("organisation"), pk=body.system)
    made = signing.begin(request.user, system, body.as_of)
    return reply(assessment_record(made), 201, location=f"/api/v1/assessments/{made.pk}")


@router.on("GET", "/assessments/{uuid:assessment_id}", {200: AssessmentDetail}, action="read")
def get_assessment(request: ApiRequest, assessment_id: UUID) -> HttpResponse:
    """Get a risk assessment with everything that it tells."""
    return reply(assessment_detail(one(request, assessment_id)))


@router.on("PATCH", "/assessments/{uuid:assessment_id}", {200: AssessmentDetail}, action="govern", match=True)
def change_assessment(request: ApiRequest, assessment_id: UUID, body: AssessmentChange) -> HttpResponse:
    """Write in a draft; only what is given changes. Whoever writes cannot approve."""
    with transaction.atomic():
        Assessment.unscoped.select_for_update().filter(pk=one(request, assessment_id).pk).first()
        found = one(request, assessment_id)
        require_match(request, assessment_detail(found))
        signing.write(request.user, found, body.model_dump(exclude_none=True))
    return reply(assessment_detail(one(request, assessment_id)))


@router.on("POST", "/assessments/{uuid:assessment_id}/submit", {200: AssessmentRecord}, action="govern", once=True)
def submit_assessment(request: ApiRequest, assessment_id: UUID) -> HttpResponse:
    """Freeze a draft and send it into review."""
    signing.submit(request.user, one(request, assessment_id))
    return reply(assessment_record(one(request, assessment_id)))


@router.on("POST", "/assessments/{uuid:assessment_id}/print", {200: AssessmentRecord}, action="govern", once=True)
def print_assessment(request: ApiRequest, assessment_id: UUID) -> HttpResponse:
    """Ask for the PDF of a draft, which a worker makes; each page of it bears DRAFT."""
    signing.print_draft(request.user, one(request, assessment_id))
    return reply(assessment_record(one(request, assessment_id)))


@router.on("POST", "/assessments/{uuid:assessment_id}/send-back", {200: AssessmentRecord}, action="approve", once=True)
def send_back_assessment(request: ApiRequest, assessment_id: UUID, body: SendingBack) -> HttpResponse:
    """Make what is in review a draft again, with the reason as a comment."""
    signing.send_back(request.user, one(request, assessment_id), body.reason)
    return reply(assessment_record(one(request, assessment_id)))


@router.on("POST", "/assessments/{uuid:assessment_id}/withdraw", {200: AssessmentRecord}, action="govern", once=True)
def withdraw_assessment(request: ApiRequest, assessment_id: UUID, body: SendingBack) -> HttpResponse:
    """Take what is in review back to mend it, with the reason as a comment; it is a draft again."""
    signing.send_back(request.user, one(request, assessment_id), body.reason)
    return reply(assessment_record(one(request, assessment_id)))


@router.on(
    "POST", "/assessments/{uuid:assessment_id}/approve", {200: AssessmentRecord},
    action="approve", once=True, problems=("conflict", "refused"),
)  # fmt: skip
def approve_assessment(request: ApiRequest, assessment_id: UUID, body: Approval) -> HttpResponse:
    """Sign what is in review. Never by an author or who stands in for one; a person only."""
    try:
        signing.approve(request.user, one(request, assessment_id), body.sha256, body.decision)
    except Stale as error:
        raise Problem("conflict", "What is in review is something else by now. Read it again.") from error
    return reply(assessment_record(one(request, assessment_id)))


@router.on("GET", "/assessments/{uuid:assessment_id}/comparison", {200: AssessmentComparison}, action="read")
def compare_assessment(request: ApiRequest, assessment_id: UUID) -> HttpResponse:
    """Compare a risk assessment with the last one that was approved before it."""
    found = one(request, assessment_id)
    before = found.signed_before()
    topics = [
        TopicRecord(title=topic.title, changes=[change_record(each) for each in topic.changes])
        for topic in (compare(reporting.told(before), reporting.told(found)) if before else ())
    ]
    return reply(AssessmentComparison(before=before.pk if before else None, after=found.pk, topics=topics))


@router.on("GET", "/assessments/{uuid:assessment_id}/comments", {200: Listed[CommentRecord]}, action="read")
def list_assessment_comments(request: ApiRequest, assessment_id: UUID, query: Query[PageQuery]) -> HttpResponse:
    """List what was said about a risk assessment, the oldest first."""
    rows = Comment.objects.of(request.organisation).filter(assessment=one(request, assessment_id))
    return listed(request, rows.select_related("author"), query, comment_record, OLDEST)


@router.on("POST", "/assessments/{uuid:assessment_id}/comments", {201: CommentRecord}, action="comment", once=True)
def create_assessment_comment(request: ApiRequest, assessment_id: UUID, body: NewComment) -> HttpResponse:
    """Say something about a risk assessment. Everybody who reads it may."""
    return reply(comment_record(signing.comment(request.user, one(request, assessment_id), body.text)), 201)


@router.on("GET", "/assessments/{uuid:assessment_id}/report.pdf", {200: Media(PDF, "The report.")}, action="export")
def get_assessment_report(request: ApiRequest, assessment_id: UUID) -> FileResponse:
    """Download the report. Before approval every page of it bears DRAFT."""
    found = one(request, assessment_id)
    if not found.report:
        raise Http404("The report of this assessment is not made yet.")
    return sent(found.report, PDF)


def found_in(request: ApiRequest) -> Any:
    people = ("submitted_by", "approved_by", "created_by")
    return Assessment.objects.of(request.organisation).select_related("organisation", "system__organisation", *people)


def one(request: ApiRequest, assessment_id: UUID) -> Assessment:
    return get_object_or_404(found_in(request), pk=assessment_id)
