"""The law as it is held, to be read as of a day: the same for every organisation."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from governance.frameworks.catalogue import Catalogue, Entry, catalogue, catalogues
from governance.frameworks.lists import (
    Clock,
    Transition,
    certainties,
    certainty,
    evidence_type,
    incident_clocks,
    penalty,
    timeline,
    transitions,
)
from governance.frameworks.load import held_since, load
from governance.frameworks.requirements import Requirement, crosswalk, framework, frameworks, requirement
from governance.lawbook import words
from governance.lawbook.asked import asked_of, by_day, by_section
from governance.lawbook.forms import AsOf, Narrowed
from models.accounts.access import organisation_for
from models.errors import InputError

PRACTICES = "eu-ai-act-classification"


@require_safe
def law(request: HttpRequest) -> HttpResponse:
    """Which days are reached and which are coming, and everything that is held."""
    organisation_for(request)
    form = AsOf(request)
    said: dict[str, Any] = {"form": form, "day": form.day, "held_since": held_since(), "certainties": certainties()}
    if form.day:
        said["timeline"] = timeline(form.day)
        said["frameworks"] = [(framework(name), asked_of(name, form.day)) for name in frameworks()]
        said["lists"] = [catalogue(name) for name in catalogues()]
    return render(request, "lawbook/law.html", said)


@require_safe
def law_framework(request: HttpRequest, name: str) -> HttpResponse:
    """What a framework asks on a day, and what is coming."""
    organisation_for(request)
    if name not in frameworks():
        raise Http404
    held = framework(name)
    form = Narrowed(request, held)
    said: dict[str, Any] = {"framework": held, "form": form, "day": form.day, "certainty": certainty(held)}
    if form.day:
        found = asked_of(name, form.day, form.chosen("role"), form.chosen("level"))
        said["found"] = found
        said["in_force"] = by_section(name, found.in_force)
        said["coming"] = by_day(name, found)
    return render(request, "lawbook/framework.html", said)


@require_safe
def law_requirement(request: HttpRequest, id: str) -> HttpResponse:
    """One requirement with all that is held about it."""
    organisation_for(request)
    try:
        asks = requirement(id)
    except InputError as error:
        raise Http404 from error
    form = AsOf(request)
    section = next(each for each in framework(asks.framework).sections if each.id == asks.section)
    said = {
        "asks": asks,
        "framework": framework(asks.framework),
        "section": section,
        "form": form,
        "day": form.day,
        "days": words.days_of(asks),
        "since": min(asks.dates.values(), default=framework(asks.framework).applies_from),
        "modality": words.MODALITIES[asks.modality],
        "roles": [words.role(each) for each in asks.applies_to],
        "levels": [words.level(each) for each in asks.risk_levels],
        "sure": certainty(asks),
        "day_sure": certainty(asks.date_certainty),
        "note_sure": certainty(asks.note_certainty) if asks.note_certainty else None,
        "section_note_sure": certainty(section.note_certainty) if section.note_certainty else None,
        "evidence": [evidence_type(each) for each in asks.evidence],
        "penalty": penalty(asks.penalty_tier) if asks.penalty_tier else None,
        "later": later(asks),
        "clocks": clocks(asks),
        "crosswalk": crosswalk(id),
        "beside": [(each, framework(each.framework).title) for each in crosswalk(id).matches],
    }
    return render(request, "lawbook/requirement.html", said)


def later(asks: Requirement) -> list[Transition]:
    """The later days for what was there before."""
    return [
        each
        for each in transitions()
        if asks.id in each.requirements
        or asks.section in each.sections
        or (each.application and asks.application == each.application)
    ]


def clocks(asks: Requirement) -> list[Clock]:
    return [each for each in incident_clocks() if each.requirement == asks.id]


@require_safe
def law_list(request: HttpRequest, name: str) -> HttpResponse:
    """One of the lists around the frameworks."""
    organisation_for(request)
    if name not in catalogues():
        raise Http404
    held, form = catalogue(name), AsOf(request)
    said = {
        "held": held,
        "form": form,
        "day": form.day,
        "dated": any(each.day for part in held.parts for each in part.entries),
        "parts": parts(held, form.day) if form.day else [],
        "mapping": load("certainty")["crosswalk"],
    }
    return render(request, "lawbook/list.html", said)


def parts(held: Catalogue, day: date) -> list[dict[str, Any]]:
    """Each part with what holds on the day and what is coming."""
    return [
        {
            "part": part,
            "groups": [
                (title, [shown(entry) for entry in entries])
                for title, entries in (("", part.in_force(day)), ("Coming", part.coming(day)))
                if entries
            ],
            "is_mapped": any(entry.beside for entry in part.entries),
        }
        for part in held.parts
    ]


def shown(entry: Entry) -> dict[str, Any]:
    beside = [bears_on(id) for id in entry.beside]
    return {"entry": entry, "says": list(words.said(entry)), "beside": beside}


def bears_on(id: str) -> tuple[str, str]:
    """Address and words of a requirement, or of a prohibited practice, that an entry names."""
    for part in catalogue(PRACTICES).parts:
        for each in part.entries:
            if each.id == id:
                return f"{reverse('law-list', args=[PRACTICES])}#{part.id}-{id}", f"{each.ref}: {each.title}"
    asks = requirement(id)
    return reverse("law-requirement", args=[id]), f"{asks.ref}: {asks.title}"
