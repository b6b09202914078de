"""The API of this room: risks, their measures, what findings propose, and statements."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from governance.obligations.api import member
from governance.obligations.models import Evidence
from governance.risks import findings, keeping, statements
from governance.risks import records as r
from governance.risks.lists import risks_of
from governance.risks.models import Measure, Risk
from governance.systems.models import System
from governance.systems.stale import Stale
from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.problems import Problem
from models.rest.records import ApiRequest, Listed, reply
from models.rest.router import Router

router = Router()
risks = Router(tags=["Risks"])
written = Router(tags=["Statements"])
for each in (risks, written):
    router.add_router("", each)
OLDEST = ["created_at", "pk"]


class RiskQuery(PageQuery):
    system: UUID | None = None
    state: r.StateName | None = None


class StatementQuery(PageQuery):
    kind: r.KindName | None = Field(None, description="Only versions of this kind.")


@risks.on("GET", "/risks", {200: Listed[r.RiskRecord]}, action="read")
def list_risks(request: ApiRequest, query: Query[RiskQuery]) -> HttpResponse:
    """List risks, the oldest first."""
    wanted = {"system": query.system, "state": query.state}
    rows = found_in(request).filter(**{name: value for name, value in wanted.items() if value is not None})
    return listed(request, rows, query, r.risk_record, OLDEST)


@risks.on("POST", "/risks", {201: r.RiskRecord}, action="govern", once=True, problems=("refused",))
def create_risk(request: ApiRequest, body: r.NewRisk) -> HttpResponse:
    """Register a risk of an AI system."""
    made = keeping.begin(request.user, system_of(request, body.system), with_owner(request, body.said()))
    return reply(r.risk_record(one(request, made.pk)), 201, location=f"/api/v1/risks/{made.pk}")


@risks.on("GET", "/risks/{uuid:risk_id}", {200: r.RiskRecord}, action="read")
def get_risk(request: ApiRequest, risk_id: UUID) -> HttpResponse:
    """Get a risk, with its measures."""
    return reply(r.risk_record(one(request, risk_id)))


@risks.on(
    "PATCH", "/risks/{uuid:risk_id}", {200: r.RiskRecord}, action="govern", match=True, problems=("refused",)
)  # fmt: skip
def change_risk(request: ApiRequest, risk_id: UUID, body: r.RiskChange) -> HttpResponse:
    """Change a risk; only what is given.

    If what remains of it was accepted, that is withdrawn: it was of something else.
    """
    with transaction.atomic():
        found = present(request, risk_id)
        keeping.change(request.user, found, with_owner(request, body.said()), None)
        return reply(r.risk_record(one(request, risk_id)))


@risks.on(
    "POST", "/risks/{uuid:risk_id}/accept", {200: r.RiskRecord},
    action="approve", once=True, match=True, problems=("refused",),
)  # fmt: skip
def accept_risk(request: ApiRequest, risk_id: UUID, body: r.RiskAcceptance) -> HttpResponse:
    """Accept what remains of a risk after its measures.

    By a person who is signed in, who neither owns the risk or one of its measures nor wrote at it.
    """
    with transaction.atomic():
        found = present(request, risk_id)
        keeping.accept(request.user, found, body.acceptance)
        return reply(r.risk_record(one(request, risk_id)))


@risks.on(
    "POST", "/risks/{uuid:risk_id}/close", {200: r.RiskRecord}, action="govern", once=True, problems=("refused",)
)  # fmt: skip
def close_risk(request: ApiRequest, risk_id: UUID, body: r.RiskClosing) -> HttpResponse:
    """Close a risk, saying what took it away."""
    keeping.close(request.user, one(request, risk_id), body.closing)
    return reply(r.risk_record(one(request, risk_id)))


@risks.on("POST", "/risks/{uuid:risk_id}/reopen", {200: r.RiskRecord}, action="govern", once=True)
def reopen_risk(request: ApiRequest, risk_id: UUID) -> HttpResponse:
    """Open a risk again that was closed or dismissed."""
    keeping.reopen(request.user, one(request, risk_id))
    return reply(r.risk_record(one(request, risk_id)))


@risks.on(
    "POST", "/risks/{uuid:risk_id}/measures", {201: r.MeasureRecord},
    action="govern", once=True, problems=("refused",),
)  # fmt: skip
def add_measure(request: ApiRequest, risk_id: UUID, body: r.NewMeasure) -> HttpResponse:
    """Add a measure against a risk."""
    made = keeping.add_measure(request.user, one(request, risk_id), with_owner(request, body.said()))
    return reply(r.measure_record(made), 201, location=f"/api/v1/risks/{risk_id}/measures/{made.pk}")


@risks.on("GET", "/risks/{uuid:risk_id}/measures/{uuid:measure_id}", {200: r.MeasureRecord}, action="read")
def get_measure(request: ApiRequest, risk_id: UUID, measure_id: UUID) -> HttpResponse:
    """Get a measure."""
    return reply(r.measure_record(one_measure(request, risk_id, measure_id)))


@risks.on(
    "PATCH", "/risks/{uuid:risk_id}/measures/{uuid:measure_id}", {200: r.MeasureRecord},
    action="govern", match=True, problems=("refused",),
)  # fmt: skip
def change_measure(request: ApiRequest, risk_id: UUID, measure_id: UUID, body: r.MeasureChange) -> HttpResponse:
    """Change a measure, or say that it was done; only what is given."""
    with transaction.atomic():
        keeping.locked(one(request, risk_id))
        found = one_measure(request, risk_id, measure_id)
        require_match(request, r.measure_record(found))
        changed = keeping.change_measure(request.user, found, with_owner(request, body.said()))
        return reply(r.measure_record(changed))


@risks.on("GET", "/systems/{uuid:system_id}/risk-proposals", {200: Listed[r.ProposalRecord]}, action="read")
def list_risk_proposals(request: ApiRequest, system_id: UUID) -> HttpResponse:
    """List the findings of audits that may be risks of an AI system, all on one page.

    Each stays until somebody takes or dismisses it, or a newer audit passes the rule.
    """
    found = [proposal_record(each) for each in findings.proposed(system_of(request, system_id))]
    return reply(Listed[r.ProposalRecord](items=found, next=None))


@risks.on(
    "POST", "/systems/{uuid:system_id}/risk-proposals", {201: r.RiskRecord},
    action="govern", once=True, problems=("refused",),
)  # fmt: skip
def decide_risk_proposal(request: ApiRequest, system_id: UUID, body: r.Decision) -> HttpResponse:
    """Take what a finding proposes as a risk, or dismiss it; either is kept, and it is not proposed again."""
    made = findings.decide(request.user, system_of(request, system_id), body.finding, body.dismissal)
    return reply(r.risk_record(one(request, made.pk)), 201, location=f"/api/v1/risks/{made.pk}")


@written.on("GET", "/systems/{uuid:system_id}/statements", {200: Listed[r.StatementRecord]}, action="read")
def list_statements(request: ApiRequest, system_id: UUID, query: Query[StatementQuery]) -> HttpResponse:
    """List the versions of an AI system's statements, the newest first."""
    rows = statements.versions_of(system_of(request, system_id), query.kind)
    return listed(request, rows, query, r.statement_record, ["-created_at", "-pk"])


@written.on("GET", "/systems/{uuid:system_id}/statements/asked", {200: r.Owing}, action="read")
def list_statements_asked(request: ApiRequest, system_id: UUID) -> HttpResponse:
    """List every kind of statement: whether it is asked of the AI system, its points, and how far it is."""
    return reply(r.Owing(items=[r.owed_record(each) for each in statements.owed(system_of(request, system_id))]))


@written.on(
    "POST", "/systems/{uuid:system_id}/statements/{slug:kind}", {201: r.StatementRecord},
    action="govern", once=True, problems=("conflict", "refused"),
)  # fmt: skip
def write_statement(request: ApiRequest, system_id: UUID, kind: str, body: r.NewStatementVersion) -> HttpResponse:
    """Write the next version of a statement; points that are not given stay as they were."""
    system = system_of(request, system_id)
    pieces = Evidence.objects.of(request.organisation).filter(system=system)
    draws_on = {point: get_object_or_404(pieces, pk=evidence) for point, evidence in body.draws_on.items()}
    try:
        made = statements.write(request.user, system, kind, body.content, body.seen, draws_on)
    except Stale as error:
        raise Problem("conflict", str(error)) from error
    return reply(r.statement_record(made), 201)


def proposal_record(proposal: findings.Proposal) -> r.ProposalRecord:
    said = proposal.found
    return r.ProposalRecord(
        finding=proposal.finding,
        audit=proposal.audit.pk,
        rule=proposal.rule,
        outcome=proposal.outcome,  # type: ignore[arg-type]
        hazard=said.hazard,
        figures=said.figures,
        affected=said.affected,
        rights=list(said.guess.rights),
    )


def with_owner(request: ApiRequest, said: dict[str, Any]) -> dict[str, Any]:
    return said | {"owner": member(request.organisation, said["owner"])} if "owner" in said else said


def system_of(request: ApiRequest, ident: UUID) -> System:
    return get_object_or_404(System.objects.of(request.organisation).select_related("organisation"), pk=ident)


def found_in(request: ApiRequest) -> Any:
    rows = risks_of(request.organisation).select_related("accepted_by", "created_by")
    return rows.prefetch_related("measures__owner")


def one(request: ApiRequest, risk_id: UUID) -> Risk:
    found: Risk = get_object_or_404(found_in(request), pk=risk_id)
    return found


def present(request: ApiRequest, risk_id: UUID) -> Risk:
    """The risk, whom nobody else changes until the transaction ends, as the caller saw it."""
    keeping.locked(one(request, risk_id))
    found = one(request, risk_id)
    require_match(request, r.risk_record(found))
    return found


def one_measure(request: ApiRequest, risk_id: UUID, measure_id: UUID) -> Measure:
    rows = Measure.objects.of(request.organisation).filter(risk=one(request, risk_id))
    return get_object_or_404(rows.select_related("organisation", "owner", "risk__system__organisation",
                                                 "risk__organisation"), pk=measure_id)  # fmt: skip
