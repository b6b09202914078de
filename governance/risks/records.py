"""What goes in and out of the API about risks and statements."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field, StrictInt

from governance.law.risks import Level
from governance.law.statements import form
from governance.risks.keeping import FIELDS, initial, remaining
from governance.risks.models import Measure, Risk, Statement
from governance.risks.statements import Owed
from models.rest.records import Asked, Day, Moment, Person, Record, person

StateName = Literal["open", "accepted", "closed", "dismissed"]
KindName = Literal["fria", "oversight", "instructions", "quality", "monitoring"]
Degree = Field(None, ge=1, le=5, description="1 to 5; null: not judged yet.", examples=[3])
Rights = Field(description="Ids of rights of the Charter.", examples=[["charter-21"]])


class MeasureRecord(Record):
    id: UUID
    text: str = Field(examples=["A second person looks at each refusal."])
    owner: Person | None
    due_on: Day | None
    done_on: Day | None


class RiskRecord(Record):
    id: UUID
    system: UUID
    number: int
    state: StateName
    hazard: str = Field(examples=["People over 70 are refused more often without reason"])
    cause: str
    affected: str
    rights: list[str] = Rights
    likelihood: int | None = Degree
    severity: int | None = Degree
    level: str | None = Field(description="What the two come to before measures.", examples=["high"])
    likelihood_after: int | None = Degree
    severity_after: int | None = Degree
    level_after: str | None = Field(description="What the two come to after measures.", examples=["medium"])
    owner: Person | None
    measures: list[MeasureRecord]
    accepted_by: Person | None
    accepted_at: Moment | None
    acceptance: str = Field(description="Why what remains can be borne.")
    closing: str = Field(description="Why it was closed or dismissed.")
    audit: UUID | None = Field(description="The audit whose finding proposed it.")
    rule: str = Field(examples=["four-fifths[sex]"])
    created_by: Person | None
    created_at: Moment
    page: str = Field(examples=["/risks/6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10/"])


class RiskChange(Asked):
    """Only what is given is changed; null empties degrees and owner. An acceptance is withdrawn."""

    hazard: str | None = Field(None, min_length=1, max_length=300, examples=["People over 70 are refused more often"])
    cause: str | None = Field(None, max_length=10_000)
    affected: str | None = Field(None, max_length=10_000)
    rights: list[str] | None = Field(
        None, max_length=50, description="Ids of rights of the Charter.", examples=[["charter-21"]]
    )
    likelihood: StrictInt | None = Degree
    severity: StrictInt | None = Degree
    likelihood_after: StrictInt | None = Degree
    severity_after: StrictInt | None = Degree
    owner: str | None = Field(None, max_length=20, description="A member's user id.", examples=[None])

    def said(self) -> dict[str, Any]:
        """What was given; null says nothing where there is nothing to empty."""
        given = {name: value for name, value in self.model_dump(exclude_unset=True).items() if name in FIELDS}
        empties = ("likelihood", "severity", "likelihood_after", "severity_after", "owner")
        return {name: value for name, value in given.items() if value is not None or name in empties}


class NewRisk(RiskChange):
    system: UUID
    hazard: str = Field(min_length=1, max_length=300, examples=["People over 70 are refused more often"])


class MeasureChange(Asked):
    """Only what is given is changed; null empties owner and days."""

    text: str | None = Field(None, min_length=1, max_length=10_000, examples=["A second person looks at each refusal."])
    owner: str | None = Field(None, max_length=20, description="A member's user id.", examples=[None])
    due_on: Day | None = None
    done_on: Day | None = None

    def said(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None or name != "text"}


class NewMeasure(MeasureChange):
    text: str = Field(min_length=1, max_length=10_000, examples=["A second person looks at each refusal."])


class RiskAcceptance(Asked):
    acceptance: str = Field(min_length=1, max_length=10_000, description="Why what remains can be borne.")


class RiskClosing(Asked):
    closing: str = Field(min_length=1, max_length=10_000, description="What took the risk away.")


class ProposalRecord(Record):
    """A rule that an audit of the system's models did not pass, of which nobody decided yet whether it is a risk."""

    finding: str = Field(description="What it is taken or dismissed by.")
    audit: UUID
    rule: str = Field(examples=["four-fifths[sex]"])
    outcome: Literal["fail", "waived", "inconclusive"]
    hazard: str
    figures: str
    affected: str
    rights: list[str] = Field(
        description="A guess by the check; ids of rights of the Charter.", examples=[["charter-21"]]
    )


class Decision(Asked):
    finding: str = Field(min_length=1, max_length=64)
    dismissal: str | None = Field(
        None, max_length=10_000, description="Why it is no risk; null takes it as one.", examples=[None]
    )


class StatementRecord(Record):
    """A version of a statement; it never changes."""

    id: UUID
    kind: KindName
    title: str = Field(examples=["Human oversight"])
    number: int
    content: dict[str, str] = Field(description="By the requirement's id.", examples=[{"art-14-4-a": "A clerk reads."}])
    draws_on: dict[str, UUID] = Field(description="Point -> the evidence that its text draws on.", examples=[{}])
    author: Person
    created_at: Moment


class OwedRecord(Record):
    """A kind of statement, whether it is asked of the system, and how far it is."""

    kind: KindName
    ref: str = Field(examples=["Article 27(1)"])
    title: str
    is_asked: bool
    asked_from: Day | None
    newest: int | None = Field(description="The number of its newest version; null before the first.")
    points: list[str] = Field(description="Ids of its points.", examples=[["art-27-1-a"]])
    answered: int


class Owing(Record):
    items: list[OwedRecord]


class NewStatementVersion(Asked):
    content: dict[str, str] = Field(
        max_length=40,
        description="By the requirement's id; what is not given stays.",
        examples=[{"art-14-4-a": "Read."}],
    )
    draws_on: dict[str, UUID] = Field({}, max_length=40, description="Point -> evidence of type dpia.", examples=[{}])
    seen: int | None = Field(
        None, ge=0, description="The number of the version that was seen; another one is a conflict."
    )


def level_id(level: Level | None) -> str | None:
    return level.id if level else None


def measure_record(measure: Measure) -> MeasureRecord:
    names = ("id", "text", "due_on", "done_on")
    return MeasureRecord(**{name: getattr(measure, name) for name in names}, owner=person(measure.owner))


def risk_record(risk: Risk) -> RiskRecord:
    """Of a row with its measures, people and system."""
    names = ("id", "number", "state", "acceptance", "closing", "rule", "accepted_at", "created_at", *FIELDS)
    said = {name: getattr(risk, name) for name in names if name != "owner"}
    return RiskRecord(
        **said,
        system=risk.system_id,
        level=level_id(initial(risk)),
        level_after=level_id(remaining(risk)),
        owner=person(risk.owner),
        measures=[measure_record(each) for each in risk.measures.all()],
        accepted_by=person(risk.accepted_by),
        created_by=person(risk.created_by),
        audit=risk.audit_id,
        page=f"/risks/{risk.pk}/",
    )


def statement_record(statement: Statement) -> StatementRecord:
    return StatementRecord(
        id=statement.pk,
        kind=statement.kind,  # type: ignore[arg-type]
        title=form(statement.kind).title,
        number=statement.number,
        content=statement.content,
        draws_on={id: source["evidence"] for id, source in statement.taken.items()},
        author=person(statement.author),
        created_at=statement.created_at,
    )


def owed_record(owed: Owed) -> OwedRecord:
    return OwedRecord(
        kind=owed.form.id,  # type: ignore[arg-type]
        ref=owed.form.ref,
        title=owed.form.title,
        is_asked=owed.is_owed,
        asked_from=owed.binds_from,
        newest=owed.newest.number if owed.newest else None,
        points=[each.id for each in owed.points],
        answered=owed.said,
    )
