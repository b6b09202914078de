"""What runs, what ran, and stopping it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.jobs.kinds import kind_named
from models.jobs.models import FINISHED, Job, State
from models.jobs.submit import cancel

ON_A_PAGE = 50


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """Every job of the organisation, the newest first."""
    found = Job.objects.of(organisation_for(request)).select_related("created_by").defer("log", "params", "result")
    going = found.exclude(state__in=FINISHED).count()
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "jobs/jobs.html", {"page": page, "going": going})


@require_safe
def job(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = visible(request, pk)
    said = {"job": found, "may_cancel": may_cancel(request, found), "result_page": kind_named(found.kind).page(found)}
    return render(request, "jobs/job.html", said)


@require_safe
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The moving part of a job's page. Nothing new: 204, so that nothing is read out twice; another state: all anew."""
    found = visible(request, pk)
    if request.GET.get("state") != found.state:
        return HttpResponseClientRefresh()
    if request.GET.get("seen") == seen(found):
        return HttpResponse(status=204)
    return render(request, "jobs/progress.html", {"job": found, "seen": seen(found)})


@require_POST
def cancel_job(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = cancel(visible(request, pk), request.user)
    if found.is_finished and found.state != State.CANCELLED:
        messages.info(request, "It was finished already, so there was nothing to cancel.")
    return redirect("job", found.pk)


def visible(request: HttpRequest, pk: UUID) -> Job:
    return get_object_or_404(Job.objects.of(organisation_for(request)).select_related("created_by"), pk=pk)


def may_cancel(request: HttpRequest, found: Job) -> bool:
    return not found.is_finished and found.cancel_requested_at is None and may(request.user, "cancel", found)


def seen(found: Job) -> str:
    return f"{found.progress:.3f} {found.sentence}"
