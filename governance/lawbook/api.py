"""The API of this room: the law as it is held, as of a day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query

from governance.frameworks.catalogue import catalogue, catalogues
from governance.frameworks.lists import timeline
from governance.frameworks.load import as_of, load
from governance.frameworks.requirements import framework, frameworks, requirement
from governance.lawbook import records as r
from governance.lawbook.asked import asked_of
from governance.systems.classifying import standing_on
from governance.systems.days import today
from governance.systems.models import System
from models.errors import InputError
from models.rest.problems import Problem
from models.rest.records import ApiRequest, reply
from models.rest.router import Router

router = Router(tags=["Law"])


def day_of(query: r.LawQuery) -> date:
    """The day asked for, today where none is named. InputError on one before the text that is held."""
    return as_of(query.as_of or today())


@router.on("GET", "/law", {200: r.LawRecord}, action="read", problems=("refused",))
def get_law(request: ApiRequest, query: Query[r.LawQuery]) -> HttpResponse:
    """Get what is held of the law: its days, reached and coming, its frameworks and its lists.

    A paraphrase with references; no legal advice, and not the text itself.
    """
    day = day_of(query)
    held = [framework(name) for name in frameworks()]
    return reply(r.law_record(day, timeline(day), held, [catalogue(name) for name in catalogues()]))


@router.on(
    "GET", "/law/frameworks/{name}", {200: r.FrameworkOnADay}, action="read", problems=("refused", "not-found")
)  # fmt: skip
def get_framework(request: ApiRequest, name: str, query: Query[r.FrameworkQuery]) -> HttpResponse:
    """Get what a framework asks on a day, and what is coming, each with its day.

    What it dates nowhere counts as in force. A role brings those along that the law counts with it always.
    """
    if name not in frameworks():
        raise Problem("not-found", f"There is no such framework; there are: {', '.join(frameworks())}.")
    day = day_of(query)
    roles, levels = ([each] if each else [] for each in (query.role, query.level))
    found = asked_of(name, day, roles, levels, query.version)
    return reply(r.framework_record(framework(name), day, found))


@router.on(
    "GET", "/law/requirements/{id}", {200: r.RequirementRecord}, action="read", problems=("refused", "not-found")
)  # fmt: skip
def get_requirement(request: ApiRequest, id: str, query: Query[r.LawQuery]) -> HttpResponse:
    """Get a requirement with its days, whom it binds, its fine, and what other frameworks ask alike."""
    day = day_of(query)
    try:
        asks = requirement(id)
    except InputError as error:
        raise Problem("not-found", str(error)) from error
    return reply(r.requirement_record(asks, day))


@router.on("GET", "/law/lists/{name}", {200: r.ListRecord}, action="read", problems=("refused", "not-found"))
def get_law_list(request: ApiRequest, name: str, query: Query[r.LawQuery]) -> HttpResponse:
    """Get a list of the law: definitions, annexes, fines, deadlines, retention, guidance, rights and others."""
    if name not in catalogues():
        raise Problem("not-found", f"There is no such list; there are: {', '.join(catalogues())}.")
    return reply(r.list_record(catalogue(name), day_of(query), load("certainty")["crosswalk"]))


@router.on(
    "GET", "/systems/{uuid:system_id}/law", {200: r.SystemLaw}, action="read", problems=("refused", "conflict")
)  # fmt: skip
def get_system_law(request: ApiRequest, system_id: UUID, query: Query[r.LawQuery]) -> HttpResponse:
    """Get what the EU AI Act asks about an AI system on a day, and what is coming.

    By the answers of its recorded class, and the organisation's roles.
    """
    system = get_object_or_404(System.objects.of(request.organisation), pk=system_id)
    standing = system.standing
    if standing is None:
        raise Problem("conflict", "This system has no recorded class yet; what the law asks follows from it.")
    day = day_of(query)
    classification, found = standing_on(standing, day)
    return reply(r.system_law(day, standing.law_version, classification, found))
