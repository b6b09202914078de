"""The API of this room: audits, what they found, their reports; and what there is to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Query
from pydantic import Field

from audits import pages
from audits import records as r
from audits.compare.compare import compare
from audits.compare.types import Side
from audits.measure.catalogue import METRICS
from audits.measure.check import discover
from audits.measure.policy import Policy, load_policy, parse_policy
from audits.models import Audit, Measurement
from audits.start import KIND, start_audit
from models.jobs.api import StateName, leads_to
from models.registry.models import DatasetVersion, ModelVersion
from models.registry.storage import store
from models.rest.paging import PageQuery, listed
from models.rest.problems import invalid
from models.rest.records import ApiRequest, Listed, reply, started
from models.rest.router import Media, Router

router = Router()
audits, reports, reference = Router(tags=["Audits"]), Router(tags=["Reports"]), Router(tags=["What there is to ask"])
for part in (audits, reports, reference):
    router.add_router("", part)

RELATED = ("model__model", "dataset__dataset", "job", "created_by")
HEAVY = ("model__stored_signature", "dataset__stored_profile", "job__log", "job__params")
PDF, JSON, MARKDOWN = "application/pdf", "application/json", "text/markdown; charset=utf-8"


class AuditQuery(PageQuery):
    dataset: UUID | None = Field(None, description="Of this dataset, or this version of one.")
    model: UUID | None = Field(None, description="Of this model, or this version of one.")
    state: StateName | None = None
    verdict: r.OutcomeName | None = None


class MeasurementQuery(PageQuery):
    metric: str | None = Field(None, max_length=200, examples=["selection_rate"])
    attribute: str | None = Field(None, max_length=2_000, description="Of disparities by it.", examples=["sex"])
    group: str | None = Field(None, max_length=2_000, description="Of the people with column=value: sex=female.")


leads_to(KIND, lambda job: f"/api/v1/audits/{job.params['audit']}")


def audits_of(request: ApiRequest) -> QuerySet[Any]:
    found: QuerySet[Any] = Audit.objects.of(request.organisation)
    return found.select_related(*RELATED).defer(*HEAVY)


def one(request: ApiRequest, audit_id: UUID) -> Audit:
    found: Audit = get_object_or_404(audits_of(request), pk=audit_id)
    return found


def finished(request: ApiRequest, audit_id: UUID) -> Audit:
    found = one(request, audit_id)
    if not found.is_done:
        raise Http404("This audit has no result.")
    return found


@audits.on("GET", "/audits", {200: Listed[r.AuditRecord]}, action="read")
def list_audits(request: ApiRequest, query: Query[AuditQuery]) -> HttpResponse:
    """List audits, the newest first."""
    rows = audits_of(request)
    if query.dataset:
        rows = rows.filter(Q(dataset_id=query.dataset) | Q(dataset__dataset_id=query.dataset))
    if query.model:
        rows = rows.filter(Q(model_id=query.model) | Q(model__model_id=query.model))
    if query.state:
        rows = rows.filter(job__state=query.state)
    if query.verdict:
        rows = rows.filter(verdict=query.verdict)
    return listed(request, rows, query, r.audit_record)


@audits.on("POST", "/audits", {202: r.AuditRecord, 200: r.AuditRecord}, action="run", once=True, waits=True)
def create_audit(request: ApiRequest, body: r.NewAudit) -> HttpResponse:
    """Start an audit.

    The answer is 202 with the Location of its job; with Prefer: wait=N it is 200 once the job is finished. What can be
    refused is refused before there is a job.
    """
    dataset = get_object_or_404(DatasetVersion.objects.of(request.organisation), pk=body.dataset)
    model = get_object_or_404(ModelVersion.objects.of(request.organisation), pk=body.model) if body.model else None
    asked = body.parameters.parameters(model is not None)
    made = start_audit(request.user, dataset, asked, model=model, policy=policy_of(body.policy))
    return started(r.audit_record(made), made.job_id, lambda: reply(r.audit_record(one(request, made.pk))))


def policy_of(data: Mapping[str, Any] | None) -> Policy | None:
    return parse_policy(data, str(data.get("name") or "")[:200]) if data is not None else None


@audits.on("GET", "/audits/{uuid:audit_id}", {200: r.AuditRecord}, action="read")
def get_audit(request: ApiRequest, audit_id: UUID) -> HttpResponse:
    """Get an audit."""
    return reply(r.audit_record(one(request, audit_id)))


@audits.on("GET", "/audits/{uuid:audit_id}/measurements", {200: Listed[r.MeasurementRecord]}, action="export")
def list_measurements(request: ApiRequest, audit_id: UUID, query: Query[MeasurementQuery]) -> HttpResponse:
    """List an audit's figures.

    Each with its interval and the rows that it rests on. Empty until the audit is finished.
    """
    rows: QuerySet[Any] = Measurement.objects.of(request.organisation).filter(audit=one(request, audit_id))
    if query.metric is not None:
        rows = rows.filter(metric=query.metric)
    if query.attribute is not None:
        rows = rows.filter(attribute=query.attribute)
    if query.group is not None:
        column, equals, value = query.group.partition("=")
        if not column or not equals:
            raise invalid("/query/group", "Say it as column=value, such as sex=female.")
        rows = rows.filter(group={column: value})
    return listed(request, rows, query, lambda row: r.MeasurementRecord.model_validate(row.stored), ["pk"])


@audits.on("GET", "/audits/{uuid:audit_id}/verdicts", {200: Listed[r.VerdictRecord]}, action="export")
def list_verdicts(request: ApiRequest, audit_id: UUID) -> HttpResponse:
    """List an audit's verdicts, with the reason of each."""
    found = pages.read(finished(request, audit_id).evidence)["verdicts"]
    return reply(Listed[r.VerdictRecord](items=[r.VerdictRecord.model_validate(each) for each in found], next=None))


@audits.on("GET", "/audits/{uuid:audit_id}/evidence", {200: Media(JSON, "The audit's JSON.")}, action="export")
def get_evidence(request: ApiRequest, audit_id: UUID) -> FileResponse:
    """Get the whole audit as JSON (plumbline.audit/1), byte for byte as the report carries it."""
    return sent(finished(request, audit_id).evidence, JSON)


@audits.on("GET", "/audits/{uuid:audit_id}/report.pdf", {200: Media(PDF, "The report.")}, action="export")
def get_report_pdf(request: ApiRequest, audit_id: UUID) -> FileResponse:
    """Get the report as PDF/A-3 with the evidence attached; `plumbline verify` checks it."""
    return sent(finished(request, audit_id).report, PDF)


@audits.on("GET", "/audits/{uuid:audit_id}/card", {200: Media(MARKDOWN, "The model card.")}, action="export")
def get_card(request: ApiRequest, audit_id: UUID) -> HttpResponse:
    """Get the audit as a Hugging Face model card: a README.md whose YAML holds the figures with their intervals."""
    audit = finished(request, audit_id)
    address = request.build_absolute_uri(reverse("audit", args=[audit.pk]))
    return HttpResponse(pages.card(audit, address), content_type=MARKDOWN)


@audits.on("GET", "/audits/{uuid:audit_id}/figures", {200: r.Figures}, action="export")
def list_figures(request: ApiRequest, audit_id: UUID) -> HttpResponse:
    """List an audit's figures as SVG, each with its rows."""
    return reply(r.Figures(items=list(figures(finished(request, audit_id)))))


@audits.on("GET", "/audits/{uuid:audit_id}/comparison", {200: r.ComparisonRecord}, action="export")
def compare_audits(request: ApiRequest, audit_id: UUID, baseline: UUID) -> HttpResponse:
    """Compare an audit with an earlier one.

    What got better or worse beyond its uncertainty, and which rules are judged otherwise. `baseline` is the earlier
    audit's id.
    """
    now, before = finished(request, audit_id), finished(request, baseline)
    sides = (Side(str(before.pk), str(before)), Side(str(now.pk), str(now)))
    found = compare(pages.read(before.evidence), pages.read(now.evidence), sides=sides)
    return reply(r.ComparisonRecord.model_validate(found.to_json()))


@reports.on("GET", "/reports", {200: Listed[r.ReportRecord]}, action="export")
def list_reports(request: ApiRequest, query: Query[PageQuery]) -> HttpResponse:
    """List the reports of finished audits, the newest first."""
    return listed(request, audits_of(request).exclude(report=""), query, r.report_record)


@reports.on("GET", "/reports/{uuid:report_id}", {200: r.ReportRecord}, action="export")
def get_report(request: ApiRequest, report_id: UUID) -> HttpResponse:
    """Get a report; its id is the audit's."""
    return reply(r.report_record(finished(request, report_id)))


@reference.on("GET", "/metrics", {200: r.Metrics}, action="read")
def list_metrics(request: ApiRequest) -> HttpResponse:
    """List the metrics: what each means, its formula, and who defines it otherwise."""
    names = r.MetricRecord.model_fields
    items = [r.MetricRecord(**{name: getattr(each, name) for name in names}) for each in METRICS.values()]
    return reply(r.Metrics(items=items))


@reference.on("GET", "/checks", {200: r.Checks}, action="read")
def list_checks(request: ApiRequest) -> HttpResponse:
    """List the checks, with the options that each takes."""
    items = []
    for check in discover():
        options = [
            r.OptionRecord(name=o.name, title=o.title, default=o.default, help=o.help, choices=list(o.choices))
            for o in check.options
        ]
        items.append(r.CheckRecord(id=check.id, title=check.title, needs=sorted(check.needs), options=options))
    return reply(r.Checks(items=items))


@reference.on("GET", "/policies/default", {200: r.PolicyRecord}, action="read")
def get_default_policy(request: ApiRequest) -> HttpResponse:
    """Get the policy that judges an audit that names none; change it and send it along with yours."""
    return reply(r.policy_record(load_policy(None)))


def sent(sha256: str, content_type: str) -> FileResponse:
    """A file by its hash; it is its own ETag."""
    response = FileResponse(store().path(sha256).open("rb"), content_type=content_type)
    response.headers["ETag"] = f'"{sha256}"'
    return response


def figures(audit: Audit) -> Iterator[r.FigureRecord]:
    drawings = pages.read((audit.job.result or {})["figures"])
    for block in pages.figures(audit.evidence):
        columns, rows = pages.rows_of(audit.evidence, block)
        yield r.FigureRecord(
            id=block.id,
            title=block.title,
            description=block.description,
            svg=drawings[block.id],
            columns=columns,
            rows=[list(row) for row in rows],
        )
