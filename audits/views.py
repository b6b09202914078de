"""Audits: starting one, watching it, and what it found."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from audits import comparing, pages
from audits.explained import explained
from audits.forms import AuditForm, ChooseForm, as_before
from audits.lists import AuditFilters, audits_of, rows_of
from audits.measure.policy import load_policy
from audits.models import Audit
from audits.spreadsheet import csv_response
from audits.start import start_audit
from models.accounts.access import organisation_for
from models.accounts.models import Organisation
from models.accounts.permission import may
from models.errors import InputError
from models.jobs.advice import nobody_takes, what_to_do
from models.jobs.views import may_cancel
from models.registry.choosing import is_id
from models.registry.models import DatasetVersion, ModelVersion
from models.registry.storage import store

ON_A_PAGE = 50
STYLE = settings.BASE_DIR / "templates" / "audits" / "report" / "report.css"


@require_safe
def audits(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request)
    filters = AuditFilters(request)
    page = filters.page(rows_of(organisation), ON_A_PAGE)
    said = {"page": page, "filters": filters, "may_run": may(request.user, "run", organisation)}
    return render(request, "audits/audits.html", said, status=422 if filters.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """First what to audit, which stands in the address; then how, as that model and these data suggest."""
    organisation = organisation_for(request, "run")
    asked = {name: request.GET.get(name, "") for name in ("dataset", "model")}
    if not is_id(asked["dataset"]) or not (asked["model"] == "" or is_id(asked["model"])):
        return choose(request, organisation)
    dataset = get_object_or_404(DatasetVersion.objects.of(organisation), pk=asked["dataset"])
    model = chosen_model(request, organisation)
    before = last_of(organisation, dataset, model)
    initial = as_before(before.asked, dataset, model) if before else {}
    filled = initial | {"number": chosen_number(request) or uuid4()}
    form = AuditForm(request.POST or None, request.FILES or None, dataset=dataset, model=model, initial=filled)
    if request.method == "POST" and (begun := begin(request, form)):
        return redirect("audit", begun.pk)
    policy = load_policy(None)
    said = {"form": form, "dataset": dataset, "model": model, "policy": policy, "rules": list(explained(policy))}
    said["before"] = before if initial else None
    return render(request, "audits/start.html", said, status=422 if form.errors else 200)


def choose(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The form, or the address of what it names: where there are many, versions are named in words."""
    if "dataset" not in request.GET:
        chosen = {"model": chosen_model(request, organisation), "number": chosen_number(request)}
        form = ChooseForm(organisation=organisation, initial=chosen)
        return render(request, "audits/choose.html", {"form": form})
    form = ChooseForm(request.GET, organisation=organisation)
    if not form.is_valid():
        return render(request, "audits/choose.html", {"form": form}, status=422)
    named = {name: getattr(found, "pk", found) for name, found in form.cleaned_data.items() if found}
    return redirect(f"{reverse('start-audit')}?{urlencode(named)}")


def last_of(organisation: Organisation, dataset: DatasetVersion, model: ModelVersion | None) -> Audit | None:
    """The newest audit of the same model, in whatever version, or of the same data."""
    found = audits_of(organisation)
    if model is not None:
        return found.filter(model__model_id=model.model_id).first()
    return found.filter(model=None, dataset__dataset_id=dataset.dataset_id).first()


@require_safe
def audit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The result; until there is one, how far it is."""
    found = visible(request, pk)
    if not found.is_done:
        said = {"audit": found, "job": found.job, "may_cancel": may_cancel(request, found.job)}
        said |= {"what_to_do": what_to_do(found.job), "nobody_takes": nobody_takes(found.job)}
        return render(request, "audits/audit.html", said)
    heading, lede = pages.heading(found)
    said = {"audit": found, "heading": heading, "lede": lede, "body": pages.result_body(found)}
    said |= {"contents": pages.contents(found), "may_run": may(request.user, "run", found.organisation)}
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
def model_card(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The audit as a Hugging Face model card, to put beside the model."""
    found = finished(request, pk)
    card = pages.card(found, request.build_absolute_uri(reverse("audit", args=[found.pk])))
    attached = {"Content-Disposition": 'attachment; filename="README.md"'}
    return HttpResponse(card, content_type="text/markdown; charset=utf-8", headers=attached)


@require_safe
def figure_csv(request: HttpRequest, pk: UUID, figure: str) -> HttpResponse:
    """The rows that a figure draws, as a table to take away."""
    found = finished(request, pk)
    rows = pages.figure_rows(found, figure)
    if rows is None:
        raise Http404("This audit has no such figure.")
    return csv_response(f"{slugify(figure)[:80]}.csv", *rows)


@require_safe
def comparison(request: HttpRequest, pk: UUID) -> HttpResponse:
    """This audit beside an earlier one: the newest of the same model or data, or the one that the address names."""
    found = finished(request, pk)
    earlier = comparing.earlier_than(found, audits_of(found.organisation))
    baseline = chosen_baseline(request, earlier)
    if baseline is None:
        return render(request, "audits/nothing_earlier.html", {"audit": found})
    said: dict[str, Any] = {"audit": found, "baseline": baseline}
    said["form"] = comparing.EarlierForm(found, earlier, baseline)
    try:
        compared = comparing.compared(baseline, found)
    except InputError as error:
        return render(request, "audits/comparison.html", said | {"refused": error}, status=422)
    said |= {"found": compared, "heading": comparing.heading(compared), "parts": comparing.parts(compared)}
    return render(request, "audits/comparison.html", said)


@require_safe
def comparison_csv(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every figure of the comparison, unrounded."""
    found = finished(request, pk)
    baseline = chosen_baseline(request, comparing.earlier_than(found, audits_of(found.organisation)))
    if baseline is None:
        raise Http404("There is no earlier audit to compare with.")
    try:
        compared = comparing.compared(baseline, found)
    except InputError:  # the page says why
        return redirect(f"{reverse('compare-audit', args=[pk])}?baseline={baseline.pk}")
    name = f"comparison-{slugify(str(found.model or found.dataset))[:80]}-{found.created_at:%Y-%m-%d}.csv"
    return csv_response(name, comparing.COLUMNS, comparing.table(compared))


def chosen_baseline(request: HttpRequest, earlier: Any) -> Audit | None:
    """The audit that the address names, which has to be an earlier one; else the first choice, None without any."""
    asked = request.GET.get("baseline", "")
    if not asked:
        return earlier.first()
    return get_object_or_404(earlier, pk=comparing.number(asked))


@require_safe
def report_style(request: HttpRequest) -> HttpResponse:
    """The report's style stands with its templates, since the PDF is made without a server."""
    return HttpResponse(STYLE.read_bytes(), content_type="text/css", headers={"Cache-Control": "private, max-age=60"})


def visible(request: HttpRequest, pk: UUID) -> Audit:
    return get_object_or_404(audits_of(organisation_for(request)), pk=pk)


def finished(request: HttpRequest, pk: UUID) -> Audit:
    found = get_object_or_404(audits_of(organisation_for(request, "export")), pk=pk)
    if not found.is_done:
        raise Http404("This audit has no result.")
    return found


def chosen_model(request: HttpRequest, organisation: Organisation) -> ModelVersion | None:
    """The version that the address names by its id; None where it names none."""
    asked = request.GET.get("model", "")
    return get_object_or_404(ModelVersion.objects.of(organisation), pk=asked) if is_id(asked) else None


def chosen_number(request: HttpRequest) -> UUID | None:
    """The number that the audit is to have, where somebody waits for what it finds; None where the address has none."""
    asked = request.GET.get("number", "")
    return UUID(asked) if is_id(asked) else None


def begin(request: HttpRequest, form: AuditForm) -> Audit | None:
    """The audit that was started, or None with the form told what is wrong."""
    if not form.is_valid():
        return None
    try:
        return start_audit(
            request.user,
            form.dataset,
            form.parameters,
            model=form.model,
            policy=form.policy,
            number=form.cleaned_data["number"],
        )
    except InputError as error:
        form.add_error(None, str(error))
        return None


def download(found: Audit, sha256: str, suffix: str, content_type: str) -> FileResponse:
    name = f"audit-{slugify(str(found.model or found.dataset))[:80]}-{found.created_at:%Y-%m-%d}.{suffix}"
    file = store().path(sha256).open("rb")
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
