"""The law and the other frameworks as data, over the API: what they ask, since when, and the ids that bodies name."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from governance.frameworks import lists
from governance.frameworks.load import as_of as checked_day
from governance.frameworks.load import held_since
from governance.frameworks.requirements import Framework, Requirement, crosswalk, framework, frameworks
from governance.law.incidents import kinds
from governance.systems.classifying import found_on, refuse_unready, today
from governance.systems.models import System
from models.errors import InputError
from models.rest.problems import invalid
from models.rest.records import ApiRequest, Asked, Day, Record, reply
from models.rest.router import Router

router = Router(tags=["Law"])
AsOf = Field(None, description="The day that is asked about; today where none is given.", examples=["2026-11-21"])
Certain = Field(description="How sure it is; /certainties says what the words mean.", examples=["in-force"])


class FrameworkRecord(Record):
    id: str = Field(examples=["eu-ai-act"])
    title: str = Field(examples=["EU AI Act"])
    about: str
    version: str = Field(description="The one version that is held.")
    kind: Literal["law", "standard", "voluntary"]
    certainty: str = Certain
    source: str = Field(description="Where it was read.")
    caveats: list[str] = Field(description="How far it can be trusted.")
    requirements: int = Field(description="How many it has.", examples=[237])


class RequirementRecord(Record):
    id: str = Field(examples=["art-10-2-f"])
    ref: str = Field(examples=["Article 10(2)(f)"])
    title: str
    help: str
    chapter: str = Field(examples=["Chapter III, Section 2"])
    modality: str = Field(description="Whether it binds, permits, may be chosen or explains.", examples=["obligation"])
    applies_to: list[str] = Field(description="Whom it binds; empty: everybody.", examples=[["provider"]])
    risk_levels: list[str] = Field(examples=[["high-risk-annex-iii"]])
    evidence: list[str] = Field(description="Kinds of evidence that would do.", examples=[["fairness-audit"]])
    applies_from: dict[str, Day] = Field(
        description="By risk level: since when it counts. Empty: its framework sets no days.",
        examples=[{"high-risk-annex-iii": "2027-12-02"}],
    )
    certainty: str = Certain
    date_certainty: str
    note: str
    crosswalk: list[str] = Field(
        description="Requirements of other frameworks that the same evidence may serve, by our own mapping.",
        examples=[["measure-2-11"]],
    )


class MilestoneRecord(Record):
    date: Day
    title: str
    ref: str = Field(examples=["Article 113"])
    certainty: str = Certain


class NamedRecord(Record):
    id: str = Field(examples=["charter-21"])
    title: str
    ref: str = Field(description="Empty where no article names it.", examples=["Article 21"])
    help: str


class Frameworks(Record):
    items: list[FrameworkRecord]


class Requirements(Record):
    framework: str = Field(examples=["eu-ai-act"])
    version: str
    items: list[RequirementRecord]


class TimelineRecord(Record):
    """The days of the AI Act that were reached, and those that come."""

    as_of: Day
    held_since: Day = Field(description="The day of the text that is held; before it nothing is said.")
    in_force: list[MilestoneRecord]
    coming: list[MilestoneRecord]


class Words(Record):
    items: list[NamedRecord]


class OutcomeRecord(Record):
    """What the answers come to; nothing is recorded by asking."""

    system: UUID
    revision: int = Field(description="Of the answers.", examples=[3])
    as_of: Day
    result: dict[str, Any] = Field(description="As `plumbline classify` writes it.", examples=[{"overlays": []}])


class AsOfQuery(Asked):
    as_of: Day | None = AsOf


class RequirementQuery(Asked):
    framework: str = Field("eu-ai-act", max_length=60, description="Id of a framework.")
    version: str | None = Field(None, max_length=200, description="Refused where another version is held.")


@router.on("GET", "/frameworks", {200: Frameworks}, action="read")
def list_frameworks(request: ApiRequest) -> HttpResponse:
    """List the law and the other frameworks that are held, each in one version."""
    return reply(Frameworks(items=[framework_record(framework(name)) for name in frameworks()]))


@router.on("GET", "/requirements", {200: Requirements}, action="read")
def list_requirements(request: ApiRequest, query: Query[RequirementQuery]) -> HttpResponse:
    """List what a framework asks, in its order, in our own words with its references, all on one page.

    A framework or a version that is not held is refused, naming those that are.
    """
    try:
        held = framework(query.framework, query.version)
    except InputError as error:
        raise invalid(
            "/query/version" if query.framework in frameworks() else "/query/framework", str(error)
        ) from error
    items = [requirement_record(each) for each in held.requirements]
    return reply(Requirements(framework=held.id, version=held.version, items=items))


@router.on("GET", "/timeline", {200: TimelineRecord}, action="read")
def get_timeline(request: ApiRequest, query: Query[AsOfQuery]) -> HttpResponse:
    """Get the days of the AI Act that were reached on a day, and those that come."""
    day = understood(query)
    found = lists.timeline(day)
    sides = {name: [milestone(each) for each in getattr(found, name)] for name in ("in_force", "coming")}
    return reply(TimelineRecord(as_of=day, held_since=held_since(), **sides))


@router.on("GET", "/evidence-types", {200: Words}, action="read")
def list_evidence_types(request: ApiRequest) -> HttpResponse:
    """List the kinds of evidence, as `type` of a piece names them."""
    return words(lists.evidence_types())


@router.on("GET", "/rights", {200: Words}, action="read")
def list_rights(request: ApiRequest) -> HttpResponse:
    """List the rights of the EU Charter, as `rights` of a risk names them."""
    return words(lists.rights())


@router.on("GET", "/incident-kinds", {200: Words}, action="read")
def list_incident_kinds(request: ApiRequest) -> HttpResponse:
    """List the kinds of serious incident, as `kinds` of an incident names them."""
    return words(kinds())


@router.on("GET", "/certainties", {200: Words}, action="read")
def list_certainties(request: ApiRequest) -> HttpResponse:
    """List the words for how sure a statement of the law is, with what they mean."""
    return words(lists.certainties())


@router.on("GET", "/systems/{uuid:system_id}/outcome", {200: OutcomeRecord}, action="read", problems=("refused",))
def get_outcome(request: ApiRequest, system_id: UUID, query: Query[AsOfQuery]) -> HttpResponse:
    """Get what the newest answers about an AI system come to on a day: class, reasons, and obligations now and coming.

    Nothing is recorded. It is refused while questions are open or answers contradict each other.
    """
    day = understood(query)
    system = get_object_or_404(System.objects.of(request.organisation), pk=system_id)
    answers = system.answered
    if answers is None:
        raise InputError("No question is answered yet.")
    refuse_unready(answers)
    found = found_on(system, answers, day)
    assert found is not None
    return reply(OutcomeRecord(system=system.pk, revision=answers.number, as_of=day, result=found.as_json()))


def understood(query: AsOfQuery) -> Any:
    """The day that is asked about. Raises Problem for one before the text that is held."""
    try:
        return checked_day(query.as_of or today())
    except InputError as error:
        raise invalid("/query/as_of", str(error)) from error


def framework_record(held: Framework) -> FrameworkRecord:
    names = ("id", "title", "about", "version", "kind", "certainty")
    return FrameworkRecord(
        **{name: getattr(held, name) for name in names},
        source=" ".join(filter(None, (held.source.name, held.source.url, held.source.caveat))),
        caveats=list(held.caveats),
        requirements=len(held.requirements),
    )


def requirement_record(each: Requirement) -> RequirementRecord:
    names = (
        "id", "ref", "title", "help", "chapter", "modality", "applies_to", "risk_levels", "evidence", "certainty",
        "date_certainty", "note",
    )  # fmt: skip
    return RequirementRecord(
        **{name: getattr(each, name) for name in names},
        applies_from=dict(each.dates),
        crosswalk=[other.id for other in crosswalk(each.id).matches],
    )


def milestone(each: lists.Milestone) -> MilestoneRecord:
    return MilestoneRecord(date=each.date, title=each.title, ref=each.ref, certainty=each.certainty)


def words(some: Any) -> HttpResponse:
    named = [
        NamedRecord(id=each.id, title=each.title, ref=getattr(each, "ref", ""), help=getattr(each, "help", ""))
        for each in some
    ]
    return reply(Words(items=named))
