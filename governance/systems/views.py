"""The list of systems, the page of one, and the forms that register and change it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.systems.forms import PartForm, SystemForm, written
from governance.systems.lists import SystemFilters, systems_of
from governance.systems.models import Stage, System, SystemPart
from governance.systems.register import (
    FIELDS,
    NameTaken,
    add_part,
    archive,
    begin,
    bring_back,
    change,
    plain,
    remove_part,
)
from governance.systems.sections import next_of, shown
from governance.systems.stale import Stale
from governance.systems.words import role_name
from models.accounts.access import organisation_for
from models.accounts.models import Organisation
from models.accounts.permission import may
from models.errors import InputError

ON_A_PAGE = 50
TITLES = {"placed_on": "On the market or in service since", "roles": "Roles"}


@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request)
    filters = SystemFilters(request, organisation)
    page = filters.page(systems_of(organisation), ON_A_PAGE)
    query = request.GET.copy()
    for name in ("page", "format"):
        query.pop(name, None)
    said = {
        "page": page,
        "filters": filters,
        "kept": f"&{query.urlencode()}" if query else "",
        "there_are": page.paginator.count or System.objects.of(organisation).exists(),
        "may_govern": may(request.user, "govern", organisation),
    }
    return render(request, "systems/systems.html", said, status=422 if filters.errors else 200)


@require_safe
def system(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The one place: what the system is, and a section of every room that knows of it."""
    organisation = organisation_for(request)
    found = one_of(organisation, pk)
    sections = shown(found, request)
    said = {
        "system": found,
        "owner": found.present_owner,
        "roles": [role_name(role) for role in found.roles],
        "sections": sections,
        "next": None if found.is_archived else next_of(sections),
        "may_govern": may(request.user, "govern", organisation),
    }
    return render(request, "systems/system.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def new_system(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request, "govern")
    sent = request.POST if request.method == "POST" else None
    form = SystemForm(sent, organisation=organisation, initial={"owner": request.user.pk})
    if request.method == "POST" and form.is_valid():
        try:
            made = begin(request.user, organisation, form.said())
        except InputError as error:
            blame(form, error)
        else:
            messages.success(request, "Registered. Next come the questions, from which its class in law follows.")
            return redirect("system", made.pk)
    return render(request, "systems/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change_system(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form; 409 with both texts where the system was changed since the form was opened."""
    organisation = organisation_for(request, "govern")
    found = one_of(organisation, pk)
    if request.method != "POST":
        form = SystemForm(initial=written(found), organisation=organisation)
        return render(request, "systems/change.html", {"system": found, "form": form})
    form = SystemForm(request.POST, initial=written(found), organisation=organisation)
    if form.is_valid():
        try:
            change(request.user, found, form.said(), form.cleaned_data["edition"] or 0)
        except Stale as error:
            said = {"system": error.current, **conflict(form, error.current, organisation)}
            return render(request, "systems/change.html", said, status=409)
        except InputError as error:
            blame(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("system", found.pk)
    return render(request, "systems/change.html", {"system": found, "form": form}, status=422)


@require_POST
def archive_system(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Off the lists, or back onto them."""
    found = one_of(organisation_for(request, "govern"), pk)
    if request.POST.get("back"):
        bring_back(request.user, found)
        messages.success(request, "It stands on the list again.")
    else:
        archive(request.user, found)
        messages.success(request, "Archived. Nothing of it is lost; the list shows it under Archived.")
    return redirect("system", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def add_system_part(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(organisation_for(request, "govern"), pk)
    form = PartForm(request.POST if request.method == "POST" else None, system=found)
    if request.method == "POST" and form.is_valid():
        part = add_part(request.user, found, form.cleaned_data["version"])
        messages.success(request, f"{part.version} is a part of this system now.")
        return redirect("system", found.pk)
    there_are = form.fields["version"].versions.exists()  # type: ignore[attr-defined]
    said = {"system": found, "form": form, "there_are": there_are}
    return render(request, "systems/add_part.html", said, status=422 if form.errors else 200)


@require_POST
def remove_system_part(request: HttpRequest, pk: UUID, part: UUID) -> HttpResponse:
    """`part` is the version."""
    found = one_of(organisation_for(request, "govern"), pk)
    gone = get_object_or_404(SystemPart.objects.of(found.organisation), system=found, version_id=part)
    remove_part(request.user, gone)
    messages.success(request, f"{gone.version} is no part of this system any more. Its audits stay.")
    return redirect("system", found.pk)


def one_of(organisation: Organisation, pk: UUID) -> System:
    return get_object_or_404(System.objects.of(organisation).select_related("organisation", "owner"), pk=pk)


def blame(form: SystemForm, error: InputError) -> None:
    form.add_error("name" if isinstance(error, NameTaken) else None, str(error))


def conflict(form: SystemForm, current: System, organisation: Organisation) -> dict[str, Any]:
    """The form with what was typed, to be sent again, beside what was written meanwhile."""
    told = form.said()
    mine = SystemForm(initial=told | {"edition": current.edition}, organisation=organisation)
    typed = plain(System(organisation=organisation, **told), FIELDS)
    now = plain(current, FIELDS)
    differing = [name for name in FIELDS if typed[name] != now[name]]
    theirs = [(TITLES.get(name, name.capitalize()), readable(name, now[name])) for name in differing]
    return {"form": mine, "meanwhile": theirs, "nothing_differs": not differing}


def readable(name: str, value: Any) -> str:
    if name == "owner":
        return value["name"] if value else ""
    if name == "roles":
        return ", ".join(role_name(role) for role in value)
    return Stage(value).label if name == "stage" else value or ""
