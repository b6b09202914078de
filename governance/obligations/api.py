"""The API of this room: obligations, what supports them, evidence, and how much is proven."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from audits.lists import audits_of
from audits.models import Audit
from governance.obligations import board, evidence, pieces, proposals, starting
from governance.obligations import coverage as covering
from governance.obligations import records as r
from governance.obligations.models import Duty, Evidence, Support
from governance.obligations.rows import (
    APPLIES,
    COMING,
    NOW,
    OPEN,
    UNDATED,
    WHERE,
    asked_of,
    duties_of,
    row_of,
    rows_of,
    today,
)
from governance.obligations.staleness import Now, now
from governance.systems.models import System
from models.accounts.models import Organisation, User
from models.accounts.permission import Forbidden, NotFound, authorize_request
from models.errors import InputError
from models.registry import api_uploads
from models.registry.models import ModelVersion
from models.registry.uploading import content, use_up
from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.problems import invalid
from models.rest.records import ApiRequest, Listed, nothing, reply
from models.rest.router import Media, Router

router = Router()
obligations = Router(tags=["Obligations"])
proofs = Router(tags=["Evidence"])
for each in (obligations, proofs):
    router.add_router("", each)
OLDEST = ("created_at", "pk")
FILE = {200: Media("application/octet-stream", "The document's bytes, as they were brought.")}


class ObligationQuery(PageQuery):
    system: UUID | None = None
    framework: str | None = Field(None, max_length=60, description="Id of a framework.")
    state: r.StateName | None = None
    owner: str | None = Field(None, max_length=20, description="A member's user id.")
    overdue: bool = Field(False, description="Only those that are overdue.")
    asked: bool = Field(True, description="Those that are asked; false: those that are asked no longer.")
    binds: Literal["now", "coming", "where", "undated"] | None = Field(
        None, description="Those that bind now, that are coming, that are asked only if something happens, or undated."
    )


class EvidenceQuery(PageQuery):
    system: UUID | None = None
    source: r.SourceName | None = None


@obligations.on("GET", "/obligations", {200: Listed[r.ObligationRecord]}, action="read")
def list_obligations(request: ApiRequest, query: Query[ObligationQuery]) -> HttpResponse:
    """List obligations, with what is stale about them."""
    rows = duties_of(request.organisation).filter(is_asked=query.asked)
    wanted = {"system": query.system, "framework": query.framework, "state": query.state}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    if query.owner is not None:
        rows = rows.filter(owner__in=people(request.organisation, query.owner))
    if query.binds is not None:
        rows = rows.filter(binding(query.binds))
    if query.overdue:
        rows = rows.filter(due_on__lt=today(), state__in=OPEN)
    return listed(request, rows, query, shower(), OLDEST)


def binding(when: str) -> Q:
    """What `Row.when` says, for the database."""
    return {
        NOW: APPLIES & Q(binds_from__lte=today()),
        COMING: APPLIES & Q(binds_from__gt=today()),
        UNDATED: APPLIES & Q(binds_from=None),
        WHERE: ~APPLIES,
    }[when]


def shower() -> Callable[[Duty], r.ObligationRecord]:
    """Shows one after the other; what a system's evidence is held against is read once for each system."""
    known: dict[Any, Now] = {}

    def show(duty: Duty) -> r.ObligationRecord:
        if duty.system_id not in known:
            known[duty.system_id] = now(duty.system, today())
        return r.obligation_record(row_of(duty, known[duty.system_id]))

    return show


@obligations.on("GET", "/obligations/{uuid:obligation_id}", {200: r.ObligationRecord}, action="read")
def get_obligation(request: ApiRequest, obligation_id: UUID) -> HttpResponse:
    """Get an obligation."""
    return reply(shown(request, obligation_id))


@obligations.on(
    "PATCH", "/obligations/{uuid:obligation_id}", {200: r.ObligationRecord},
    action="govern", match=True, problems=("refused",),
)  # fmt: skip
def change_obligation(request: ApiRequest, obligation_id: UUID, body: r.ObligationChange) -> HttpResponse:
    """Change an obligation's state, reason, owner or day.

    Only what is given. Accepting is an act of its own; whose evidence changes is no longer accepted.
    """
    with transaction.atomic():
        duty = board.locked(one_duty(request, obligation_id), None)
        require_match(request, shown(request, obligation_id))
        said = body.said()
        if "owner" in said:
            said["owner"] = member(request.organisation, said["owner"])
        board.move(request.user, duty, said)
        return reply(shown(request, obligation_id))


@obligations.on(
    "POST", "/obligations/{uuid:obligation_id}/accept", {200: r.ObligationRecord},
    action="approve", once=True, match=True, problems=("refused",),
)  # fmt: skip
def accept_obligation(request: ApiRequest, obligation_id: UUID) -> HttpResponse:
    """Accept an obligation's evidence.

    By a person who is signed in, who neither owns the obligation nor had a hand in its evidence.
    """
    with transaction.atomic():
        duty = board.locked(one_duty(request, obligation_id), None)
        require_match(request, shown(request, obligation_id))
        board.accept(request.user, duty)
        return reply(shown(request, obligation_id))


@obligations.on(
    "POST", "/obligations/{uuid:obligation_id}/audits", {202: r.StartedRecord},
    action="run", once=True, problems=("refused",),
)  # fmt: skip
def start_obligation_audit(request: ApiRequest, obligation_id: UUID, body: r.Wanted) -> HttpResponse:
    """Start an audit that answers to an obligation, asked as the last one of that model that did.

    What it finds is attached by itself once it is there, where who starts it may govern (a token: with that scope too);
    else it is among the results to attach. Refused where no audit of the model answers to the obligation yet: say how
    to audit it with POST /audits.
    """
    duty = one_duty(request, obligation_id)
    mine = ModelVersion.objects.of(request.organisation).filter(systems__system=duty.system_id)
    version = get_object_or_404(mine.select_related("model", "organisation"), pk=body.version)
    before = starting.pattern(duty, version)
    if before is None:
        raise InputError("No audit of this model answers to the obligation yet. Say how to audit it: POST /audits.")
    attaches = may_by_request(request, "govern", duty)
    begun = starting.start_as_before(request.user, duty, version, before, attaches)
    return reply(r.StartedRecord(audit=begun.pk, attaches=attaches), 202, location=f"/api/v1/audits/{begun.pk}")


@obligations.on(
    "GET", "/obligations/{uuid:obligation_id}/evidence", {200: Listed[r.EvidenceRecord]}, action="read"
)  # fmt: skip
def list_obligation_evidence(request: ApiRequest, obligation_id: UUID, query: Query[PageQuery]) -> HttpResponse:
    """List the evidence that supports an obligation."""
    duty = one_duty(request, obligation_id)
    return listed(request, pieces_in(request).filter(supports__duty=duty), query, evidence_shower())


@obligations.on(
    "POST", "/obligations/{uuid:obligation_id}/evidence", {201: r.EvidenceRecord},
    action="govern", once=True, problems=("refused",),
)  # fmt: skip
def attach_evidence(request: ApiRequest, obligation_id: UUID, body: r.Attached) -> HttpResponse:
    """Attach evidence of the same system to an obligation. Said again, it changes nothing."""
    duty = one_duty(request, obligation_id)
    piece = get_object_or_404(pieces_in(request), pk=body.evidence)
    board.attach(request.user, duty, piece)
    return reply(evidence_shower()(piece), 201, location=f"/api/v1/evidence/{piece.pk}")


@obligations.on(
    "DELETE", "/obligations/{uuid:obligation_id}/evidence/{uuid:evidence_id}", {204: None}, action="govern"
)  # fmt: skip
def detach_evidence(request: ApiRequest, obligation_id: UUID, evidence_id: UUID) -> HttpResponse:
    """Detach evidence from an obligation. The evidence itself stays."""
    duty = one_duty(request, obligation_id)
    mine = Support.objects.of(request.organisation).filter(duty=duty).select_related("evidence")
    board.detach(request.user, duty, get_object_or_404(mine, evidence_id=evidence_id).evidence)
    return nothing()


@proofs.on("GET", "/evidence", {200: Listed[r.EvidenceRecord]}, action="read")
def list_evidence(request: ApiRequest, query: Query[EvidenceQuery]) -> HttpResponse:
    """List evidence, the newest first."""
    rows = pieces_in(request)
    wanted = {"system": query.system, "source": query.source}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    return listed(request, rows, query, evidence_shower())


@proofs.on(
    "POST", "/evidence", {201: r.EvidenceRecord}, action="govern", once=True, problems=("refused", "too-large")
)  # fmt: skip
def create_evidence(request: ApiRequest, body: r.NewEvidence) -> HttpResponse:
    """Bring evidence: a signed statement, the result of an audit, or a document.

    Exactly one of text, audit and upload. A document comes as an upload that is complete; it is used up by this.
    """
    system = one_system(request, body.system)
    replaces = get_object_or_404(pieces_in(request), pk=body.replaces) if body.replaces else None
    owner = member(request.organisation, body.owner)
    about = evidence.About(body.title, body.type, owner, body.expires_on, replaces)
    made = brought(request, system, body, about)
    piece = get_object_or_404(pieces_in(request), pk=made.pk)
    return reply(evidence_shower()(piece), 201, location=f"/api/v1/evidence/{made.pk}")


def brought(request: ApiRequest, system: System, body: r.NewEvidence, about: evidence.About) -> Evidence:
    if body.text is not None:
        return evidence.bring_statement(request.user, system, body.text, about)
    if body.audit is not None:
        audit = get_object_or_404(audits_of(request.organisation), pk=body.audit)
        return evidence.bring_audit(request.user, system, audit, about)
    assert body.upload is not None
    upload = api_uploads.mine(request, body.upload)
    with content(upload) as file:
        made = evidence.bring_document(request.user, system, file, upload.size, upload.file_name, about)
    use_up(upload)
    return made


@proofs.on("GET", "/evidence/{uuid:evidence_id}", {200: r.EvidenceRecord}, action="read")
def get_evidence_piece(request: ApiRequest, evidence_id: UUID) -> HttpResponse:
    """Get a piece of evidence."""
    return reply(evidence_shower()(get_object_or_404(pieces_in(request), pk=evidence_id)))


@proofs.on("GET", "/evidence/{uuid:evidence_id}/file", FILE, action="read")
def get_evidence_file(request: ApiRequest, evidence_id: UUID) -> FileResponse:
    """Get a document's bytes, as they were brought: they were never opened or checked."""
    documents = pieces_in(request).filter(source=Evidence.Source.DOCUMENT)
    return pieces.handed_out(get_object_or_404(documents, pk=evidence_id))


@proofs.on("GET", "/systems/{uuid:system_id}/results", {200: Listed[r.ResultRecord]}, action="read")
def list_results(request: ApiRequest, system_id: UUID) -> HttpResponse:
    """List the results of audits that could be evidence of an AI system, all on one page.

    Each stays until somebody attaches or dismisses it, or there is a newer one.
    """
    system = one_system(request, system_id)
    found = [r.result_record(each) for each in proposals.proposed(system, asked_of(system))]
    return reply(Listed[r.ResultRecord](items=found, next=None))


@proofs.on(
    "POST", "/systems/{uuid:system_id}/results", {201: r.EvidenceRecord},
    action="govern", once=True, problems=("refused",),
)  # fmt: skip
def attach_result(request: ApiRequest, system_id: UUID, body: r.Taken) -> HttpResponse:
    """Attach an audit's result to every obligation that its checks answer to."""
    system = one_system(request, system_id)
    made, _ = proposals.attach_result(request.user, system, one_result(request, body.audit))
    piece = get_object_or_404(pieces_in(request), pk=made.pk)
    return reply(evidence_shower()(piece), 201, location=f"/api/v1/evidence/{made.pk}")


@proofs.on(
    "POST", "/systems/{uuid:system_id}/results/dismissals", {201: r.DismissalRecord},
    action="govern", once=True, problems=("refused",),
)  # fmt: skip
def dismiss_result(request: ApiRequest, system_id: UUID, body: r.Dismissed) -> HttpResponse:
    """Dismiss an audit's result: it is no evidence, for a reason, and is not proposed again."""
    system = one_system(request, system_id)
    made = proposals.dismiss(request.user, system, one_result(request, body.audit), body.reason)
    return reply(r.dismissal_record(made), 201)


@obligations.on("GET", "/systems/{uuid:system_id}/coverage", {200: r.CoverageRecord}, action="read")
def get_coverage(request: ApiRequest, system_id: UUID) -> HttpResponse:
    """Get how much of each chapter of each framework is proven, and what is missing."""
    rows = rows_of(one_system(request, system_id))
    return reply(r.coverage_record(covering.coverage(rows), covering.gaps(rows)))


def may_by_request(request: ApiRequest, action: str, thing: Any) -> bool:
    """Whether who asks may do this too, a token by its scopes."""
    try:
        authorize_request(request, action, thing)
    except (Forbidden, NotFound):
        return False
    return True


def one_system(request: ApiRequest, system_id: UUID) -> System:
    return get_object_or_404(System.objects.of(request.organisation).select_related("organisation"), pk=system_id)


def one_result(request: ApiRequest, audit_id: UUID) -> Audit:
    return get_object_or_404(proposals.results(request.organisation), pk=audit_id)


def one_duty(request: ApiRequest, obligation_id: UUID) -> Duty:
    return get_object_or_404(duties_of(request.organisation).select_related("organisation"), pk=obligation_id)


def shown(request: ApiRequest, obligation_id: UUID) -> r.ObligationRecord:
    return shower()(get_object_or_404(duties_of(request.organisation), pk=obligation_id))


def pieces_in(request: ApiRequest) -> Any:
    found = Evidence.objects.of(request.organisation)
    return found.select_related("organisation", "system", "owner", "author", "audit__dataset").defer(
        "audit__parameters", "audit__policy", "audit__dataset__stored_profile"
    )


def evidence_shower() -> Callable[[Evidence], r.EvidenceRecord]:
    known: dict[Any, Now] = {}

    def show(piece: Evidence) -> r.EvidenceRecord:
        if piece.system_id not in known:
            known[piece.system_id] = now(piece.system, today())
        return r.evidence_record(piece, known[piece.system_id])

    return show


def member(organisation: Organisation, ident: str | None) -> Any:
    """The person; None for none. Raises Problem for one who is no member."""
    if ident is None:
        return None
    found = people(organisation, ident).filter(is_active=True).first()
    if found is None:
        raise invalid("/body/owner", "There is no such member. GET /api/v1/members lists those that there are.")
    return found


def people(organisation: Organisation, ident: str) -> Any:
    """The member of this id, or nobody."""
    members = User.objects.filter(memberships__organisation=organisation)
    return members.filter(pk=ident) if ident.isascii() and ident.isdigit() else members.none()
