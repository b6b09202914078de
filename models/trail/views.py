"""Reading the trail, taking it along, and asking whether it is whole."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from models.accounts.access import organisation_for
from models.trail import keys
from models.trail.checked import check, is_long, last_check, length
from models.trail.checkpoints import last
from models.trail.export import exported
from models.trail.forms import TrailFilter
from models.trail.models import Entry
from models.trail.signals import check_asked

READ = "read trail"
ON_A_PAGE = 50


@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request, READ)
    form = TrailFilter(request.GET, organisation=organisation)
    everything = Entry.objects.of(organisation).order_by("-sequence")
    entries = form.of(everything) if form.is_valid() else everything.none()
    pages, filtered = Paginator(entries, ON_A_PAGE), is_filtered(form)
    if not filtered:
        pages.count = length(organisation)  # known, so that nothing has to be counted
    said: dict[str, Any] = {
        "form": form,
        "page": pages.get_page(request.GET.get("page")),
        "filtered": filtered,
        "length": length(organisation),
        "checked": last_check(organisation),
        "signed": last(organisation),
        "reports_key": keys.newest(),
        "query": request.GET.urlencode(),
    }
    return render(request, "trail/trail.html", said, status=422 if form.errors else 200)


def is_filtered(form: TrailFilter) -> bool:
    return bool(form.errors) or any(form.cleaned_data.values())


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """What the page shows, all of it, as one JSON document."""
    organisation = organisation_for(request, READ)
    form = TrailFilter(request.GET, organisation=organisation)
    if not form.is_valid():
        return redirect("trail")
    entries = form.of(Entry.objects.of(organisation))
    document = exported(organisation, entries, is_filtered(form))
    response = StreamingHttpResponse(document, content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="trail.json"'
    return response


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Recompute every hash, and write down that it was done and what was found; a long trail is left to a job."""
    organisation = organisation_for(request, READ)
    if is_long(organisation):
        answers = check_asked.send(Entry, organisation=organisation, user=request.user)
        return redirect(next((address for _, address in answers if address), "trail"))
    found = check(organisation, request.user)
    if found.whole:
        messages.success(request, f"The trail is whole: {found.entries} entries, each follows from the one before it.")
    else:
        messages.error(
            request, f"The trail is not whole. Entry {found.bad}: {found.reason}. Tell the operator at once."
        )
    return redirect("trail")
