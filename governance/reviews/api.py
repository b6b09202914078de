"""The API of this room: reviews of systems, the calendar, and the notices of who asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StrictBool

from governance.reviews import keeping
from governance.reviews.calendar import MOST
from governance.reviews.lists import is_mailed, notices_of, reviews_of
from governance.reviews.models import Notice, Review
from governance.reviews.notices import choose_mail, see
from governance.systems.days import Due, Span, collected, today
from governance.systems.models import System
from models.accounts.models import User
from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.problems import invalid
from models.rest.records import ApiRequest, Asked, Day, Listed, Moment, Person, Record, nothing, person, reply
from models.rest.router import Router

router = Router(tags=["Reviews"])
BY_DAY = ["due_on", "pk"]
EMPTIED = ("every_months", "owner")  # by null
WHAT = Field(min_length=1, max_length=200, examples=["Drift of the scores"])
MONTHS = Field(None, ge=1, le=keeping.MOST_MONTHS, strict=True, description="Comes again; null: done once.")
OWNER = Field(None, max_length=20, description="Id of a member; null: the system's owner is reminded.", examples=["7"])


class ReviewRecord(Record):
    id: UUID
    system: UUID
    what: str = Field(examples=["Drift of the scores"])
    every_months: int | None
    due_on: Day
    owner: Person | None
    after: UUID | None = Field(description="The one before it, which was done.")
    done_at: Moment | None
    done_by: Person | None
    notes: str
    created_at: Moment


class NewReview(Asked):
    system: UUID
    what: str = WHAT
    due_on: Day
    every_months: int | None = MONTHS
    owner: str | None = OWNER


class ReviewChange(Asked):
    what: str | None = Field(None, min_length=1, max_length=200, examples=["Drift of the scores"])
    due_on: Day | None = None
    every_months: int | None = MONTHS
    owner: str | None = OWNER


class Finding(Asked):
    notes: str = Field(min_length=1, max_length=keeping.LONGEST_NOTES, description="What was found.")


class NoticeRecord(Record):
    id: UUID
    kind: str = Field(examples=["Review"])
    text: str
    address: str = Field(description="Of the page about it.", examples=["/systems/"])
    day: Day
    threshold: int = Field(description="Days before that it was told for; -1: overdue.", examples=[7])
    created_at: Moment
    seen_at: Moment | None


class NoticeSettings(Record):
    mail: bool = Field(description="Whether you are mailed of what nears here, where the service sends mail.")


class NoticeSettingsChange(Asked):
    mail: StrictBool


class DueRecord(Record):
    day: Day
    at: Moment | None = Field(description="Where it is a moment rather than a whole day.")
    kind: str = Field(examples=["Review"])
    title: str
    system: str
    address: str = Field(description="Of the page about it.", examples=["/systems/"])
    key: str = Field(description="Names the thing.", examples=["review:5b0f..."])
    lapses: bool = Field(description="False: it only comes, such as a day of the law.")


class CalendarRecord(Record):
    items: list[DueRecord]


class ReviewQuery(PageQuery):
    system: UUID | None = None
    done: bool | None = Field(None, description="Those that were done, or those that were not.")


class NoticeQuery(PageQuery):
    seen: bool | None = None


class CalendarQuery(Asked):
    until: Day | None = Field(None, description="A year from today, if not said.")


def review_record(review: Review) -> ReviewRecord:
    names = ("id", "what", "every_months", "due_on", "done_at", "notes", "created_at")
    return ReviewRecord(
        **{name: getattr(review, name) for name in names},
        system=review.system_id,
        after=review.after_id,
        owner=person(review.owner),
        done_by=person(review.done_by),
    )


def notice_record(notice: Notice) -> NoticeRecord:
    names = ("id", "kind", "text", "address", "day", "threshold", "created_at", "seen_at")
    return NoticeRecord(**{name: getattr(notice, name) for name in names})


def due_record(each: Due) -> DueRecord:
    names = ("day", "at", "kind", "title", "system", "address", "key", "lapses")
    return DueRecord(**{name: getattr(each, name) for name in names})


@router.on("GET", "/reviews", {200: Listed[ReviewRecord]}, action="read")
def list_reviews(request: ApiRequest, query: Query[ReviewQuery]) -> HttpResponse:
    """List reviews, the earliest day first."""
    rows = reviews_of(request.organisation)
    if query.system:
        rows = rows.filter(system=query.system)
    if query.done is not None:
        rows = rows.filter(done_at__isnull=not query.done)
    return listed(request, rows, query, review_record, BY_DAY)


@router.on("POST", "/reviews", {201: ReviewRecord}, action="govern", once=True)
def create_review(request: ApiRequest, body: NewReview) -> HttpResponse:
    """Plan a review of a system."""
    system = get_object_or_404(System.objects.of(request.organisation).select_related("organisation"), pk=body.system)
    said = known(body.model_dump(exclude={"system"}))
    made = keeping.plan(request.user, system, said)
    return reply(review_record(made), 201, location=f"/api/v1/reviews/{made.pk}")


@router.on("GET", "/reviews/{uuid:review_id}", {200: ReviewRecord}, action="read")
def get_review(request: ApiRequest, review_id: UUID) -> HttpResponse:
    """Get a review."""
    return reply(review_record(one(request, review_id)))


@router.on("PATCH", "/reviews/{uuid:review_id}", {200: ReviewRecord}, action="govern", match=True)
def change_review(request: ApiRequest, review_id: UUID, body: ReviewChange) -> HttpResponse:
    """Change a review that was not done yet; only what is given.

    Null takes owner or repetition away, and leaves the rest as it is.
    """
    with transaction.atomic():
        found = keeping.locked(one(request, review_id))
        require_match(request, review_record(found))
        given = body.model_dump(exclude_unset=True)
        said = {name: value for name, value in given.items() if value is not None or name in EMPTIED}
        changed = keeping.change(request.user, found, known(said), None)
    return reply(review_record(changed))


@router.on("DELETE", "/reviews/{uuid:review_id}", {204: None}, action="govern", match=True)
def drop_review(request: ApiRequest, review_id: UUID) -> HttpResponse:
    """Plan a review no longer; the trail keeps that it was planned."""
    with transaction.atomic():
        found = keeping.locked(one(request, review_id))
        require_match(request, review_record(found))
        keeping.drop(request.user, found)
    return nothing()


@router.on("POST", "/reviews/{uuid:review_id}/done", {200: ReviewRecord}, action="govern", once=True)
def do_review(request: ApiRequest, review_id: UUID, body: Finding) -> HttpResponse:
    """Say that a review was done and what was found; one that comes again is planned anew, counted from today."""
    return reply(review_record(keeping.do(request.user, one(request, review_id), body.notes)))


@router.on("GET", "/calendar", {200: CalendarRecord}, action="read")
def get_calendar(request: ApiRequest, query: Query[CalendarQuery]) -> HttpResponse:
    """Get everything that is open and has a day, the earliest first; what is overdue comes with it.

    At most 500 of each sort.
    """
    until = query.until or today() + timedelta(days=365)
    found = collected(request.organisation, Span(None, until, MOST))
    return reply(CalendarRecord(items=[due_record(each) for each in found]))


@router.on("GET", "/notices", {200: Listed[NoticeRecord]}, action="read")
def list_notices(request: ApiRequest, query: Query[NoticeQuery]) -> HttpResponse:
    """List one's own notices of days that near, the newest first."""
    rows = notices_of(request.user, request.organisation)
    if query.seen is not None:
        rows = rows.filter(seen_at__isnull=not query.seen)
    return listed(request, rows, query, notice_record)


@router.on("GET", "/notices/settings", {200: NoticeSettings}, action="read")
def get_notice_settings(request: ApiRequest) -> HttpResponse:
    """Get how one is told, here."""
    return reply(NoticeSettings(mail=is_mailed(request.user, request.organisation)))


@router.on("PATCH", "/notices/settings", {200: NoticeSettings}, action="read", match=True)
def change_notice_settings(request: ApiRequest, body: NoticeSettingsChange) -> HttpResponse:
    """Be mailed of what nears, or no more; the notices themselves stay."""
    with transaction.atomic():
        require_match(request, NoticeSettings(mail=is_mailed(request.user, request.organisation)))
        choose_mail(request.user, request.organisation, body.mail)
    return reply(NoticeSettings(mail=body.mail))


@router.on("POST", "/notices/{uuid:notice_id}/seen", {200: NoticeRecord}, action="read", once=True)
def see_notice(request: ApiRequest, notice_id: UUID) -> HttpResponse:
    """Mark a notice of one's own as seen."""
    found = get_object_or_404(notices_of(request.user, request.organisation), pk=notice_id)
    see(request.user, request.organisation, found.pk)
    found.refresh_from_db()
    return reply(notice_record(found))


def known(said: dict[str, Any]) -> dict[str, Any]:
    """The owner as a person; keeping refuses one who is no member."""
    if said.get("owner") is not None:
        number = said["owner"]
        said["owner"] = User.objects.filter(pk=number).first() if number.isascii() and number.isdecimal() else None
        if said["owner"] is None:
            raise invalid("/body/owner", "There is no member with this id.")
    return said


def one(request: ApiRequest, review_id: UUID) -> Review:
    return get_object_or_404(reviews_of(request.organisation).select_related("system__organisation"), pk=review_id)
