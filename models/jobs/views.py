"""What runs, what ran, stopping it and trying it again."""

from __future__ import annotations

import zlib
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.errors import InputError
from models.jobs.advice import can_be_tried_again, known_kind, nobody_takes, what_to_do
from models.jobs.filters import JobFilters
from models.jobs.models import FINISHED, Job, State
from models.jobs.submit import cancel, retry

ON_A_PAGE = 50
TAIL_LINES, TAIL_LETTERS = 20, 4_000
LARGE = ("log", "params", "result")


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """The organisation's jobs, the newest first."""
    organisation = organisation_for(request)
    filters = JobFilters(request, organisation)
    owned = Job.objects.of(organisation).order_by("-created_at")
    found = filters.narrowed(owned.select_related("created_by").defer(*LARGE))
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    said = {
        "page": page,
        "filters": filters,
        "going": owned.exclude(state__in=FINISHED).count(),
        "there_are": page.paginator.count or owned.exists(),
    }
    return render(request, "jobs/jobs.html", said, status=422 if filters.errors else 200)


@require_safe
def job(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = visible(request, pk)
    kind = known_kind(found)
    said = {
        "job": found,
        "may_cancel": may_cancel(request, found),
        "may_retry": can_be_tried_again(found) and may(request.user, "run", found),
        "retries": found.retries.defer(*LARGE)[:20],
        "result_page": kind.page(found) if kind else "",
        "kind_title": (kind.title if kind else "") or found.kind,
        "what_to_do": what_to_do(found),
        "nobody_takes": nobody_takes(found),
        "tail": tail(found.log),
        "seen": seen(found, with_log=True),
    }
    return render(request, "jobs/job.html", said)


@require_safe
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The moving part of a job's page. Nothing new: 204, so that nothing is read out twice; another state: all anew."""
    found = visible(request, pk)
    if request.GET.get("state") != found.state:
        return HttpResponseClientRefresh()
    with_log = request.GET.get("log") == "1"
    now = seen(found, with_log)
    if request.GET.get("seen") == now:
        return HttpResponse(status=204)
    said = {"job": found, "seen": now, "with_log": with_log, "tail": tail(found.log)}
    return render(request, "jobs/progress.html", said)


@require_POST
def cancel_job(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = cancel(visible(request, pk), request.user)
    if found.is_finished and found.state != State.CANCELLED:
        messages.info(request, "It was finished already, so there was nothing to cancel.")
    return redirect("job", found.pk)


@require_POST
def retry_job(request: HttpRequest, pk: UUID) -> HttpResponse:
    """To the new job; back to the old one, with the reason, where it cannot be tried again."""
    try:
        made = retry(visible(request, pk), request.user)
    except InputError as error:
        messages.warning(request, str(error))
        return redirect("job", pk)
    messages.success(request, "It is tried again. This is the new job.")
    return redirect("job", made.pk)


def visible(request: HttpRequest, pk: UUID) -> Job:
    found = Job.objects.of(organisation_for(request)).select_related("created_by", "retry_of")
    return get_object_or_404(found.defer("retry_of__log", "retry_of__params", "retry_of__result"), pk=pk)


def may_cancel(request: HttpRequest, found: Job) -> bool:
    return not found.is_finished and found.cancel_requested_at is None and may(request.user, "cancel", found)


def tail(log: str) -> str:
    """The last lines of a log."""
    return "\n".join(log[-TAIL_LETTERS:].splitlines()[-TAIL_LINES:])


def seen(found: Job, with_log: bool) -> str:
    """Which state of the moving part is shown."""
    asked = "cancel " if found.cancel_requested_at else ""
    log = f"{zlib.crc32(found.log.encode()):08x} " if with_log else ""
    return f"{asked}{log}{found.progress:.3f} {found.sentence}"
