"""The API of this room: incidents, their clocks, and what was told to whom."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StrictBool

from governance.incidents import keeping
from governance.incidents.clocks import Kept, clocks_of
from governance.incidents.clocks import clocks as clocks_now
from governance.incidents.lists import CLOSED, OPEN, incidents_of
from governance.incidents.models import Incident, Notification
from governance.systems.models import System
from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.records import ApiRequest, Asked, AskedMoment, Day, Listed, Moment, Person, Record, person, reply
from models.rest.router import Router

router = Router(tags=["Incidents"])
NEWEST = ["-aware_at", "-pk"]
BY_NUMBER = ["number"]
Link = Literal["unknown", "suspected", "likely", "established", "excluded"]
RecipientName = Literal["authority", "provider", "distributor", "ai-office", "other"]
ToWhom = Field(description="It decides which clocks are met; `other` meets none.", examples=["authority"])
Unreachable = "Of a deployer: the provider cannot be reached, so the provider's clocks run for the deployer."
Kinds = Field(description="Ids of the kinds of serious incident; empty where none holds.", examples=[["death"]])


class ClockRecord(Record):
    """By when somebody has to be told."""

    id: str = Field(examples=["general"])
    ref: str = Field(examples=["Article 73(2)"])
    rule: str
    due: Moment | None = Field(description="The outer limit; null where the law sets no number of days.")
    at_once_since: Moment | None = Field(description="From when on the report is due immediately; null: not yet.")
    not_told: list[RecipientName] = Field(description="Who has to be told still.", examples=[["authority"]])
    binds_from: Day | None = Field(description="From which day the duty counts; null where the class owes none.")
    state: Literal["told", "late", "overdue", "due", "at once", "closed"]


class IncidentRecord(Record):
    id: UUID
    system: UUID
    number: int
    title: str = Field(examples=["Everybody over 70 was refused"])
    kinds: list[str] = Kinds
    aware_at: Moment = Field(description="Every clock counts from then.")
    happened_at: Moment | None
    place: str = Field(examples=["Portugal"])
    link: Link = Field(description="Whether the system caused it.")
    provider_unreachable: bool = Field(description=Unreachable)
    known: str
    corrective: str
    closed_at: Moment | None
    closing: str
    created_at: Moment
    created_by: Person | None
    clocks: list[ClockRecord]


class NewIncident(Asked):
    system: UUID
    title: str = Field(min_length=1, max_length=200, examples=["Everybody over 70 was refused"])
    aware_at: AskedMoment
    kinds: list[str] = Field(
        [], max_length=20, description="Ids of the kinds of serious incident.", examples=[["death"]]
    )
    happened_at: AskedMoment | None = None
    place: str = Field("", max_length=200, examples=["Portugal"])
    link: Link = "unknown"
    provider_unreachable: StrictBool = Field(False, description=Unreachable)
    known: str = Field("", max_length=20_000)
    corrective: str = Field("", max_length=20_000)


class IncidentChange(Asked):
    """Only what is given is changed; null empties happened_at, and an empty text empties a text."""

    title: str | None = Field(None, min_length=1, max_length=200)
    aware_at: AskedMoment | None = None
    kinds: list[str] | None = Field(None, max_length=20, examples=[["death"]])
    happened_at: AskedMoment | None = None
    place: str | None = Field(None, max_length=200)
    link: Link | None = None
    provider_unreachable: StrictBool | None = None
    known: str | None = Field(None, max_length=20_000)
    corrective: str | None = Field(None, max_length=20_000)

    def said(self) -> dict[str, Any]:
        """What was given; null says nothing where there is nothing to empty."""
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None or name == "happened_at"}


class Closing(Asked):
    closing: str = Field(min_length=1, max_length=20_000, description="What was found, and what was done.")


class NotificationRecord(Record):
    id: UUID
    number: int
    sort: Literal["initial", "follow-up", "final"]
    recipient: RecipientName = ToWhom
    authority: str = Field(description="Its name.", examples=["CNPD"])
    sent_at: Moment
    content: dict[str, Any] = Field(description="What the incident said then, word for word.", examples=[{}])
    created_at: Moment
    author: Person


class NewNotification(Asked):
    sort: Literal["initial", "follow-up", "final"]
    recipient: RecipientName = ToWhom
    authority: str = Field(min_length=1, max_length=200, examples=["CNPD"])
    sent_at: AskedMoment


class IncidentQuery(PageQuery):
    system: UUID | None = None
    state: Literal["open", "closed"] | None = None


def clock_record(kept: Kept) -> ClockRecord:
    clock = kept.running.clock
    return ClockRecord(
        id=clock.id,
        ref=clock.ref,
        rule=clock.rule,
        due=kept.running.due,
        at_once_since=kept.since,
        not_told=[each.id for each in kept.missing],  # type: ignore[misc]
        binds_from=kept.running.binds_from,
        state=kept.state,  # type: ignore[arg-type]
    )


def incident_record(incident: Incident, clocks: list[Kept] | None = None) -> IncidentRecord:
    names = ("id", "number", *keeping.FIELDS, "closed_at", "closing", "created_at")
    said = {name: getattr(incident, name) for name in names}
    return IncidentRecord(
        **said,
        system=incident.system_id,
        created_by=person(incident.created_by),
        clocks=[clock_record(kept) for kept in (clocks_now(incident) if clocks is None else clocks)],
    )


def notification_record(told: Notification) -> NotificationRecord:
    names = ("id", "number", "sort", "recipient", "authority", "sent_at", "content", "created_at")
    return NotificationRecord(**{name: getattr(told, name) for name in names}, author=person(told.author))


@router.on("GET", "/incidents", {200: Listed[IncidentRecord]}, action="read")
def list_incidents(request: ApiRequest, query: Query[IncidentQuery]) -> HttpResponse:
    """List incidents, the newest first."""
    rows = found_in(request)
    if query.system:
        rows = rows.filter(system=query.system)
    if query.state in (OPEN, CLOSED):
        rows = rows.filter(closed_at__isnull=query.state == OPEN)
    clocks: dict[Any, list[Kept]] = {}
    return listed(
        request, rows, query, lambda each: incident_record(each, clocks[each.pk]), NEWEST,
        before=lambda page: clocks.update(clocks_of(page)),
    )  # fmt: skip


@router.on("POST", "/incidents", {201: IncidentRecord}, action="govern", once=True)
def create_incident(request: ApiRequest, body: NewIncident) -> HttpResponse:
    """Register an incident; its clocks count from aware_at."""
    said = body.model_dump(exclude={"system"})
    system = get_object_or_404(System.objects.of(request.organisation).select_related("organisation"), pk=body.system)
    made = one(request, keeping.begin(request.user, system, said).pk)
    return reply(incident_record(made), 201, location=f"/api/v1/incidents/{made.pk}")


@router.on("GET", "/incidents/{uuid:incident_id}", {200: IncidentRecord}, action="read")
def get_incident(request: ApiRequest, incident_id: UUID) -> HttpResponse:
    """Get an incident."""
    return reply(incident_record(one(request, incident_id)))


@router.on("PATCH", "/incidents/{uuid:incident_id}", {200: IncidentRecord}, action="govern", match=True)
def change_incident(request: ApiRequest, incident_id: UUID, body: IncidentChange) -> HttpResponse:
    """Change an incident; only what is given. What was told of it stays as it was."""
    with transaction.atomic():
        found = keeping.locked(one(request, incident_id))
        require_match(request, incident_record(found))
        changed = keeping.change(request.user, found, body.said(), None)
    return reply(incident_record(changed))


@router.on("POST", "/incidents/{uuid:incident_id}/close", {200: IncidentRecord}, action="govern", once=True)
def close_incident(request: ApiRequest, incident_id: UUID, body: Closing) -> HttpResponse:
    """Close an incident, saying how it ended."""
    return reply(incident_record(keeping.close(request.user, one(request, incident_id), body.closing)))


@router.on("POST", "/incidents/{uuid:incident_id}/reopen", {200: IncidentRecord}, action="govern", once=True)
def reopen_incident(request: ApiRequest, incident_id: UUID) -> HttpResponse:
    """Open a closed incident again."""
    return reply(incident_record(keeping.reopen(request.user, one(request, incident_id))))


@router.on("GET", "/incidents/{uuid:incident_id}/notifications", {200: Listed[NotificationRecord]}, action="read")
def list_notifications(request: ApiRequest, incident_id: UUID, query: Query[PageQuery]) -> HttpResponse:
    """List what was told of an incident to whom, the oldest first."""
    rows = Notification.objects.of(request.organisation).filter(incident=one(request, incident_id))
    return listed(request, rows.select_related("author"), query, notification_record, BY_NUMBER)


@router.on("POST", "/incidents/{uuid:incident_id}/notifications", {201: NotificationRecord}, action="govern", once=True)
def create_notification(request: ApiRequest, incident_id: UUID, body: NewNotification) -> HttpResponse:
    """Write down that somebody was told, with what the incident says now."""
    told = keeping.tell(request.user, one(request, incident_id), **body.model_dump())
    return reply(notification_record(told), 201)


def found_in(request: ApiRequest) -> Any:
    return incidents_of(request.organisation).select_related("system__organisation", "created_by")


def one(request: ApiRequest, incident_id: UUID) -> Incident:
    return get_object_or_404(found_in(request), pk=incident_id)
