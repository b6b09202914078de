"""Audits: starting one, watching it, and what it found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from audits import pages
from audits.forms import AuditForm, ChooseForm
from audits.measure.policy import load_policy
from audits.models import Audit
from audits.start import start_audit
from models.accounts.access import organisation_for
from models.accounts.models import Organisation
from models.accounts.permission import may
from models.errors import InputError
from models.jobs.views import may_cancel
from models.registry.models import DatasetVersion, ModelVersion
from models.registry.storage import store

ON_A_PAGE = 50
STYLE = settings.BASE_DIR / "templates" / "audits" / "report" / "report.css"


@require_safe
def audits(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request)
    page = Paginator(of(organisation), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "audits/audits.html", {"page": page, "may_run": may(request.user, "run", organisation)})


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """First what to audit, which stands in the address; then how, as that model and these data suggest."""
    organisation = organisation_for(request, "run")
    dataset, model = chosen(request, organisation, DatasetVersion), chosen(request, organisation, ModelVersion)
    if dataset is None:
        choose = ChooseForm(organisation=organisation, initial={"model": model})
        return render(request, "audits/choose.html", {"form": choose})
    form = AuditForm(request.POST or None, request.FILES or None, dataset=dataset, model=model)
    if request.method == "POST" and (begun := begin(request, form)):
        return redirect("audit", begun.pk)
    said = {"form": form, "dataset": dataset, "model": model, "policy": load_policy(None)}
    return render(request, "audits/start.html", said, status=422 if form.errors else 200)


@require_safe
def audit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The result; until there is one, how far it is."""
    found = visible(request, pk)
    if not found.is_done:
        said = {"audit": found, "job": found.job, "may_cancel": may_cancel(request, found.job)}
        return render(request, "audits/audit.html", said)
    heading, lede = pages.heading(found)
    said = {"audit": found, "heading": heading, "lede": lede, "body": pages.result_body(found)}
    said |= {"contents": pages.contents(found)}
    return render(request, "audits/result.html", said)


@require_safe
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = finished(request, pk)
    return render(request, "audits/report.html", {"audit": found, "body": pages.report_body(found)})


@require_safe
def report_pdf(request: HttpRequest, pk: UUID) -> FileResponse:
    found = finished(request, pk)
    return download(found, found.report, "pdf", "application/pdf")


@require_safe
def evidence(request: HttpRequest, pk: UUID) -> FileResponse:
    found = finished(request, pk)
    return download(found, found.evidence, "json", "application/json")


@require_safe
def report_style(request: HttpRequest) -> HttpResponse:
    """The report's style stands with its templates, since the PDF is made without a server."""
    return HttpResponse(STYLE.read_bytes(), content_type="text/css", headers={"Cache-Control": "private, max-age=60"})


def of(organisation: Organisation) -> Any:
    related = ("model__model", "dataset__dataset", "job", "created_by")
    heavy = ("model__stored_signature", "dataset__stored_profile", "job__log")
    return Audit.objects.of(organisation).select_related(*related).defer(*heavy)


def visible(request: HttpRequest, pk: UUID) -> Audit:
    return get_object_or_404(of(organisation_for(request)), pk=pk)


def finished(request: HttpRequest, pk: UUID) -> Audit:
    found = get_object_or_404(of(organisation_for(request, "export")), pk=pk)
    if not found.is_done:
        raise Http404("This audit has no result.")
    return found


def chosen(request: HttpRequest, organisation: Organisation, kind: Any) -> Any:
    """The version that the address names; None where it names none."""
    asked = request.GET.get("dataset" if kind is DatasetVersion else "model", "")
    if not asked:
        return None
    try:
        return get_object_or_404(kind.objects.of(organisation), pk=UUID(asked))
    except ValueError:
        raise Http404("There is no such version.") from None


def begin(request: HttpRequest, form: AuditForm) -> Audit | None:
    """The audit that was started, or None with the form told what is wrong."""
    if not form.is_valid():
        return None
    try:
        return start_audit(request.user, form.dataset, form.parameters, model=form.model, policy=form.policy)
    except InputError as error:
        form.add_error(None, str(error))
        return None


def download(found: Audit, sha256: str, suffix: str, content_type: str) -> FileResponse:
    name = f"audit-{slugify(str(found.model or found.dataset))[:80]}-{found.created_at:%Y-%m-%d}.{suffix}"
    file = store().path(sha256).open("rb")
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
