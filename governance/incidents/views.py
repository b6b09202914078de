"""The incident register: the list, one incident with its clocks, and what is done with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audits.spreadsheet import csv_response
from governance.incidents import keeping
from governance.incidents.clocks import Kept, clocks, clocks_of, most_urgent
from governance.incidents.forms import ClosingForm, IncidentForm, NotificationForm, written
from governance.incidents.lists import IncidentFilters, incidents_of
from governance.incidents.models import Incident, Notification
from governance.law.incidents import answers, counting_note, kinds, other_duties, recipients, report_fields, report_note
from governance.systems.models import System
from governance.systems.stale import Stale
from governance.systems.views import one_of as one_system
from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.errors import InputError

ON_A_PAGE = 25
COLUMNS = (
    "system", "number", "what happened", "kinds", "aware at", "happened at", "place", "link", "known", "corrective",
    "state of the report", "at the latest", "closed at", "closing",
)  # fmt: skip


@require_safe
def incidents(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request)
    return listed(request, incidents_of(organisation), None)


@require_safe
def incidents_of_system(request: HttpRequest, pk: UUID) -> HttpResponse:
    organisation = organisation_for(request)
    system = one_system(organisation, pk)
    return listed(request, incidents_of(organisation).filter(system=system), system)


def listed(request: HttpRequest, found: Any, system: System | None) -> HttpResponse:
    filters = IncidentFilters(request)
    page = filters.page(found, ON_A_PAGE)
    kept = clocks_of(page)
    said = {
        "page": page,
        "rows": [(each, most_urgent(kept[each.pk]), kept[each.pk]) for each in page],
        "filters": filters,
        "system": system,
        "there_are": page.paginator.count or found.exists(),
        "may_govern": may(request.user, "govern", organisation_for(request)),
        "may_export": may(request.user, "export", organisation_for(request)),
    }
    return render(request, "incidents/incidents.html", said, status=422 if filters.errors else 200)


@require_safe
def incident(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk)
    titles = {kind.id: kind for kind in kinds()}
    told = list(found.notifications.select_related("author").order_by("-number"))
    first = min((each.sent_at for each in told if each.recipient == "authority"), default=None)
    kept = clocks(found)
    binds = any(each.may_bind(each.now.date()) for each in kept)
    said = {
        "incident": found,
        "binds": binds,
        "binds_from": None if binds else min(filter(None, (each.running.binds_from for each in kept)), default=None),
        "kinds": [titles[kind] for kind in found.kinds if kind in titles],
        "clocks": kept,
        "counting": counting_note(),
        "duties": other_duties(),
        "notifications": [(each, titled(each)) for each in told],
        "answers": answers(first) if first else [],
        "may_govern": may(request.user, "govern", found),
    }
    return render(request, "incidents/incident.html", said)


def titled(told: Notification) -> str:
    return next((each.title for each in recipients() if each.id == told.recipient), told.recipient)


@require_safe
def incident_report(request: HttpRequest, pk: UUID, number: int | None = None) -> HttpResponse:
    """The report's fields, to be printed: as they stand now, or as they were told with the notification of a number."""
    found = one_of(request, pk)
    if number is None:
        told, content = None, keeping.plain(found) | {"system": str(found.system)}
    else:
        told = get_object_or_404(found.notifications.select_related("author"), number=number)
        content = told.content
    fields = keeping.reported(content, f"{told.authority}\n{titled(told)}" if told else "")
    said = {"incident": found, "told": told, "fields": fields, "note": report_note()}
    return render(request, "incidents/fields.html", said)


@require_safe
def incidents_csv(request: HttpRequest) -> HttpResponse:
    """All incidents of the organisation, with the earliest of their clocks that still runs."""
    organisation = organisation_for(request, "export")
    rows = list(incidents_of(organisation).order_by("system__name", "number"))
    kept = clocks_of(rows)
    return csv_response("incidents.csv", COLUMNS, [row_of(each, kept[each.pk]) for each in rows])


def row_of(incident: Incident, kept: list[Kept]) -> list[Any]:
    said = keeping.plain(incident)
    running = most_urgent(kept)
    limits = [each.running.due for each in kept if each.is_open and each.running.due]
    return [
        incident.system, incident.number, said["title"], " ".join(said["kinds"]), said["aware_at"], said["happened_at"],
        said["place"], incident.get_link_display(), said["known"], said["corrective"],
        running.state if running else None, keeping.in_utc(min(limits)) if limits else None,
        keeping.in_utc(incident.closed_at) if incident.closed_at else None, incident.closing,
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def new_incident(request: HttpRequest, pk: UUID) -> HttpResponse:
    system = one_system(organisation_for(request, "govern"), pk)
    form = IncidentForm(request.POST if request.method == "POST" else None, initial={"aware_at": timezone.now()})
    if request.method == "POST" and form.is_valid():
        try:
            made = keeping.begin(request.user, system, form.said())
        except InputError as error:
            form.add_error(field_of(error), str(error))
        else:
            messages.success(request, "Registered. Below stands by when it has to be reported.")
            return redirect("incident", made.pk)
    said = {"system": system, "form": form}
    return render(request, "incidents/new.html", said, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change_incident(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form; 409 where the incident was changed since the form was opened, with what was typed still in it."""
    found = one_of(request, pk, "govern")
    if request.method != "POST":
        return render(
            request, "incidents/change.html", {"incident": found, "form": IncidentForm(initial=written(found))}
        )
    form = IncidentForm(request.POST)
    if form.is_valid():
        try:
            keeping.change(request.user, found, form.said(), form.cleaned_data["edition"] or 0)
        except Stale as error:
            mine = IncidentForm(initial=form.said() | {"edition": error.current.edition})
            said = {"incident": error.current, "form": mine, "meanwhile": error.current}
            return render(request, "incidents/change.html", said, status=409)
        except InputError as error:
            form.add_error(field_of(error), str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("incident", found.pk)
    return render(request, "incidents/change.html", {"incident": found, "form": form}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def report_incident(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write down that somebody was told."""
    found = one_of(request, pk, "govern")
    first = not found.notifications.exists()
    start = {"sent_at": timezone.now(), "sort": Notification.Sort.INITIAL if first else Notification.Sort.FOLLOW_UP}
    form = NotificationForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.tell(request.user, found, **form.cleaned_data)
        except InputError as error:
            form.add_error("sent_at" if "sent" in str(error) else None, str(error))
        else:
            messages.success(request, "Written down, with what is known now, word for word.")
            return redirect("incident", found.pk)
    said = {"incident": found, "form": form, "fields": report_fields(), "note": report_note()}
    return render(request, "incidents/report.html", said, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def close_incident(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "govern")
    form = ClosingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.close(request.user, found, form.cleaned_data["closing"])
        except InputError as error:
            form.add_error("closing", str(error))
        else:
            messages.success(request, "Closed.")
            return redirect("incident", found.pk)
    said = {"incident": found, "form": form, "open": [each for each in clocks(found) if each.is_open]}
    return render(request, "incidents/close.html", said, status=422 if form.errors else 200)


@require_POST
def reopen_incident(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "govern")
    keeping.reopen(request.user, found)
    messages.success(request, "Open again.")
    return redirect("incident", found.pk)


def one_of(request: HttpRequest, pk: UUID, action: str = "read") -> Incident:
    found = incidents_of(organisation_for(request, action)).select_related("system__organisation", "created_by")
    return get_object_or_404(found, pk=pk)


def field_of(error: InputError) -> str | None:
    """The field that a refusal speaks of."""
    return "aware_at" if "aware" in str(error) else None
