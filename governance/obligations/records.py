"""What goes in and out of the API about obligations and evidence."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from governance.obligations.coverage import Line
from governance.obligations.models import Dismissal, Evidence
from governance.obligations.proposals import Proposal
from governance.obligations.rows import Row
from governance.obligations.staleness import Now, stale
from models.rest.records import Asked, Day, Moment, Person, Record, person

StateName = Literal["not started", "in progress", "evidenced", "accepted", "not applicable"]
Settable = Literal["not started", "in progress", "evidenced", "not applicable"]
BindsName = Literal["now", "coming", "where", "undated", "no longer"]
SourceName = Literal["audit", "document", "statement"]


class ObligationRecord(Record):
    """One requirement as it is asked of a system."""

    id: UUID
    system: UUID
    framework: str = Field(examples=["eu-ai-act"])
    requirement: str = Field(examples=["art-10-2-f"])
    ref: str = Field(examples=["Article 10(2)(f)"])
    title: str
    certainty: str = Field(description="How sure it is that this is asked.", examples=["in-force"])
    binds: BindsName = Field(
        description="where: only under the condition in `where`, which nobody said to hold. undated: without a day."
    )
    binds_from: Day | None
    where: str = Field(description="The condition under which it is asked at all; empty for most.")
    holds: bool = Field(description="Whether somebody said that the condition holds: until then it is not missing.")
    state: StateName
    reason: str
    owner: Person | None
    due_on: Day | None
    overdue: bool
    stale: list[str] = Field(description="Why what supports it does not count as it did; empty where it does.")
    accepted_by: Person | None
    accepted_at: Moment | None
    law_version: str = Field(description="The text by which it was said to be proven; empty where it was not.")
    evidence: list[UUID] = Field(description="What supports it.")


class ObligationChange(Asked):
    """Only what is given is changed; null empties owner and due_on."""

    state: Settable | None = None
    reason: str | None = Field(None, max_length=10_000)
    owner: str | None = Field(None, max_length=20, description="A member's user id.", examples=[None])
    due_on: Day | None = None
    holds: StrictBool | None = Field(None, description="That the condition in `where` holds.")

    def said(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None or name in ("owner", "due_on")}


class Attached(Asked):
    evidence: UUID


class Wanted(Asked):
    version: UUID = Field(description="A model version that works in the system.")


class StartedRecord(Record):
    audit: UUID
    attaches: bool = Field(description="Whether its result is attached by itself.")


class ResultRecord(Record):
    """The result of an audit of the system's models that nobody attached or dismissed yet."""

    audit: UUID
    title: str
    created_at: Moment
    obligations: list[UUID] = Field(description="What its checks answer to.")


class Taken(Asked):
    audit: UUID


class Dismissed(Asked):
    audit: UUID
    reason: str = Field(min_length=1, max_length=10_000, description="Why it is no evidence.")


class DismissalRecord(Record):
    audit: UUID
    reason: str
    by: Person
    at: Moment


class EvidenceRecord(Record):
    id: UUID
    system: UUID
    source: SourceName
    type: str = Field(examples=["fairness-audit"])
    title: str
    number: int = Field(description="Which version it is.")
    replaces: UUID | None
    audit: UUID | None
    text: str = Field(description="Of a statement, word for word.")
    sha256: str = Field(examples=["0" * 64])
    size: int
    file_name: str
    owner: Person
    expires_on: Day | None
    stale: list[str] = Field(description="Why it does not count as it did; empty where it does.")
    created_at: Moment
    author: Person


class NewEvidence(Asked):
    """Exactly one of text, audit and upload."""

    system: UUID
    title: str = Field(min_length=1, max_length=200, examples=["Risk management plan"])
    type: str = Field(max_length=60, description="Id of a kind of evidence.", examples=["risk-management-plan"])
    owner: str | None = Field(None, max_length=20, description="A member's user id; null: you.", examples=[None])
    expires_on: Day | None = None
    replaces: UUID | None = Field(None, description="The piece of which this is a newer version.", examples=[None])
    text: str | None = Field(None, min_length=1, max_length=20_000, description="What you state.")
    audit: UUID | None = Field(None, examples=[None])
    upload: UUID | None = Field(None, description="An upload that is complete.", examples=[None])

    @model_validator(mode="after")
    def one_source(self) -> NewEvidence:
        if sum(each is not None for each in (self.text, self.audit, self.upload)) != 1:
            raise ValueError("Give exactly one of text, audit and upload.")
        return self


class CoverageLine(Record):
    framework: str = Field(examples=["eu-ai-act"])
    chapter: str = Field(examples=["Chapter III, Section 2"])
    title: str
    asked: int
    accepted: int
    evidenced: int
    stale: int
    open: int
    not_applicable: int
    conditional: int = Field(description="Asked only if something happens, which nobody said to hold.")


class GapRecord(Record):
    obligation: UUID
    framework: str = Field(examples=["eu-ai-act"])
    ref: str = Field(examples=["Article 9(1)"])
    binds: BindsName
    binds_from: Day | None
    missing: str = Field(examples=["nothing supports it"])


class CoverageRecord(Record):
    """Each obligation that is asked counts once, in the first that fits: not applicable, conditional, stale, accepted,
    evidenced, open. Gaps: what binds now comes first."""

    chapters: list[CoverageLine]
    gaps: list[GapRecord]


def obligation_record(row: Row) -> ObligationRecord:
    duty = row.duty
    names = ("id", "framework", "requirement", "binds_from", "where", "holds", "state", "reason", "due_on",
             "accepted_at", "law_version")  # fmt: skip
    return ObligationRecord(
        **{name: getattr(duty, name) for name in names},
        system=duty.system_id,
        ref=row.asks.ref,
        title=row.asks.title,
        certainty=row.asks.certainty,
        binds=row.when,  # type: ignore[arg-type]
        owner=person(duty.owner),
        overdue=row.is_overdue,
        stale=list(row.stale),
        accepted_by=person(duty.accepted_by),
        evidence=[piece.evidence.pk for piece in row.pieces],
    )


def evidence_record(piece: Evidence, held: Now) -> EvidenceRecord:
    names = ("id", "source", "type", "title", "number", "text", "sha256", "size", "file_name", "expires_on",
             "created_at")  # fmt: skip
    return EvidenceRecord(
        **{name: getattr(piece, name) for name in names},
        system=piece.system_id,
        replaces=piece.replaces_id,
        audit=piece.audit_id,
        owner=person(piece.owner),
        author=person(piece.author),
        stale=list(stale(piece, held)),
    )


def coverage_record(lines: list[Line], gaps: list[Row]) -> CoverageRecord:
    names = ("framework", "chapter", "title", "asked", "accepted", "evidenced", "stale", "open", "not_applicable",
             "conditional")  # fmt: skip
    return CoverageRecord(
        chapters=[CoverageLine(**{name: getattr(line, name) for name in names}) for line in lines],
        gaps=[
            GapRecord(
                obligation=row.duty.pk,
                framework=row.duty.framework,
                ref=row.asks.ref,
                binds=row.when,  # type: ignore[arg-type]
                binds_from=row.duty.binds_from,
                missing=row.gap,
            )
            for row in gaps
        ],
    )


def dismissal_record(dismissal: Dismissal) -> DismissalRecord:
    return DismissalRecord(audit=dismissal.audit_id, reason=dismissal.reason, by=person(dismissal.by), at=dismissal.at)


def result_record(proposal: Proposal) -> ResultRecord:
    audit = proposal.audit
    duties = [duty.pk for duty in proposal.duties]
    return ResultRecord(audit=audit.pk, title=str(audit), created_at=audit.created_at, obligations=duties)
