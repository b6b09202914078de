"""What the API tells of AI systems, and is told."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from governance.law import questionnaire
from governance.law.questionnaire import Question
from governance.systems.answering import values
from governance.systems.days import today
from governance.systems.exchange import Plan
from governance.systems.models import Answers, Standing, SystemPart
from models.registry.records import ModelVersionName
from models.rest.records import Asked, Day, Moment, Person, Record, person

StageName = Literal["development", "in service", "withdrawn"]


class SystemRecord(Record):
    id: UUID
    name: str = Field(examples=["Credit scoring"])
    purpose: str = Field(examples=["Scores applications for consumer loans; a clerk decides."])
    owner: Person | None = Field(description="Who answers for it; null asks for somebody.")
    stage: StageName = Field(examples=["in service"])
    placed_on: Day | None = Field(description="On the market or in service since.", examples=["2025-01-31"])
    roles: list[str] = Field(description="What the organisation is to it.", examples=[["deployer"]])
    classification: str | None = Field(
        description="The class that was last recorded; null before.", examples=["HIGH_RISK_ANNEX_III"]
    )
    classified_as_of: Day | None = Field(examples=["2026-11-21"])
    is_archived: bool = Field(examples=[False])
    edition: int = Field(description="Grows with each change.", examples=[1])
    created_at: Moment
    page: str = Field(examples=["/systems/6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10/"])


class SystemChange(Asked):
    """Only what is given is changed; null empties owner and placed_on."""

    name: str | None = Field(None, max_length=200, examples=["Credit scoring"])
    purpose: str | None = Field(None, max_length=10_000)
    owner: str | None = Field(None, max_length=20, description="A member's user id.", examples=[None])
    stage: StageName | None = Field(None, examples=["in service"])
    placed_on: Day | None = Field(None, examples=["2025-01-31"])
    roles: list[str] | None = Field(None, max_length=20, examples=[["deployer"]])
    is_archived: StrictBool | None = Field(None, description="Off the lists, or back onto them.", examples=[False])

    def said(self) -> dict[str, Any]:
        """What was given; null says nothing where there is nothing to empty."""
        given = self.model_dump(exclude_unset=True, exclude={"is_archived"})
        empties = ("owner", "placed_on")
        return {name: value for name, value in given.items() if value is not None or name in empties}


class NewSystem(SystemChange):
    name: str = Field(min_length=1, max_length=200, examples=["Credit scoring"])
    is_archived: None = Field(None, exclude=True, description="A new one is not archived.", examples=[None])


class SystemPartRecord(Record):
    version: ModelVersionName
    added_by: Person
    added_at: Moment


class NewPart(Asked):
    version: UUID = Field(description="A version of a model.")


class Trouble(Record):
    column: str = Field(examples=["owner"])
    detail: str = Field(examples=["ada@example.org is no member of this organisation."])


class PlannedRecord(Record):
    row: int = Field(description="As people count, the headings being row 1.", examples=[2])
    name: str
    what: Literal["new", "changed", "same", "wrong"] = Field(examples=["new"])
    changes: list[str] = Field(description="The columns that differ from what is there.", examples=[[]])
    problems: list[Trouble]


class ImportRecord(Record):
    dry_run: bool = Field(description="Whether this is only what it would do.", examples=[True])
    new: int
    changed: int
    same: int
    wrong: int
    rows: list[PlannedRecord]


def system_record(system: Any) -> SystemRecord:
    """Of a row of lists.systems_of()."""
    return SystemRecord(
        id=system.pk,
        name=system.name,
        purpose=system.purpose,
        owner=person(system.owner),
        stage=system.stage,
        placed_on=system.placed_on,
        roles=list(system.roles),
        classification=system.outcome,
        classified_as_of=system.as_of,
        is_archived=system.is_archived,
        edition=system.edition,
        created_at=system.created_at,
        page=f"/systems/{system.pk}/",
    )


def part_record(part: SystemPart) -> SystemPartRecord:
    version = part.version
    name = ModelVersionName(id=version.pk, name=version.model.name, number=version.number, model=version.model_id)
    return SystemPartRecord(version=name, added_by=person(part.added_by), added_at=part.added_at)


def import_record(plan: Plan, dry_run: bool) -> ImportRecord:
    rows = [
        PlannedRecord(
            row=row.number,
            name=row.name,
            what=row.what,  # type: ignore[arg-type]
            changes=list(row.changes),
            problems=[Trouble(column=column, detail=detail) for column, detail in row.problems],
        )
        for row in plan.rows
    ]
    counts = {what: plan.count(what) for what in ("new", "changed", "same", "wrong")}
    return ImportRecord(dry_run=dry_run, rows=rows, **counts)


class ChoiceRecord(Record):
    id: str = Field(examples=["learned"])
    text: str
    help: str


class QuestionRecord(Record):
    id: str = Field(examples=["how"])
    section: str = Field(examples=["object"])
    kind: Literal["yes-no", "one", "several", "amount", "text"] = Field(examples=["one"])
    text: str = Field(examples=["How does it get from what goes in to what comes out?"])
    help: str
    examples: list[str]
    ref: str = Field(examples=["Article 3(1)"])
    optional: bool
    options: list[ChoiceRecord]


class Questions(Record):
    items: list[QuestionRecord]


Value = str | float | list[str] | None


class AnswerRecord(Record):
    value: Value = Field(examples=["learned"])
    why: str
    by: str = Field(description="A user's id.", examples=["7"])
    at: Moment


class AnswersRecord(Record):
    """The newest revision of the answers, and what they still lack."""

    revision: int = Field(description="0 before the first answer.", examples=[3])
    answers: dict[str, AnswerRecord] = Field(description="By the question's id; what is open is left out.")
    open: list[str] = Field(description="Questions that hold up the class.", examples=[["machine"]])
    contradictions: list[str] = Field(examples=[[]])


class Given(Asked):
    value: Value = Field(
        None, description="yes or no, an option's id, a list of them, a number, a text; null leaves it open."
    )
    why: str = Field("", max_length=4_000)


class NewAnswers(Asked):
    answers: dict[str, Given] = Field(
        min_length=1, max_length=200, description="By the question's id.", examples=[{"machine": {"value": "yes"}}]
    )
    revision: int | None = Field(
        None, ge=0, description="The revision that was seen; another one is a conflict.", examples=[None]
    )


class OutcomeQuery(Asked):
    as_of: Day | None = Field(None, description="The day for which the law is read; today.", examples=["2026-11-21"])


class OutcomeRecord(Record):
    """What the answers come to; nothing is recorded by asking."""

    system: UUID
    revision: int = Field(description="Of the answers.", examples=[3])
    as_of: Day
    result: dict[str, Any] = Field(
        description="As `plumbline classify` writes it.", examples=[{"classification": "MINIMAL", "overlays": []}]
    )


class NewClassification(Asked):
    as_of: Day | None = Field(None, description="The day for which the law is read; today.", examples=["2026-11-21"])
    assessment: str = Field(
        "", max_length=20_000, description="Needed where a system of Annex III is held not to be high-risk."
    )
    revision: int | None = Field(
        None, ge=0, description="The revision that was seen; another one is a conflict.", examples=[None]
    )


class ClassificationRecord(Record):
    id: UUID
    number: int = Field(examples=[1])
    classification: str = Field(examples=["HIGH_RISK_ANNEX_III"])
    as_of: Day = Field(examples=["2026-11-21"])
    law_version: str = Field(examples=["consolidated 2026-07-27"])
    revision: int = Field(description="Of the answers that it rests on.", examples=[3])
    assessment: str
    result: dict[str, Any] = Field(
        description="As `plumbline classify` writes it, with the facts.", examples=[{"overlays": []}]
    )
    author: Person
    created_at: Moment
    page: str = Field(examples=["/systems/6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10/classifications/1/"])


def question_record(question: Question) -> QuestionRecord:
    options = [ChoiceRecord(id=each.id, text=each.text, help=each.help) for each in question.options]
    return QuestionRecord(
        id=question.id,
        section=question.section,
        kind=question.kind,  # type: ignore[arg-type]
        text=question.text,
        help=question.help,
        examples=list(question.examples),
        ref=question.ref,
        optional=question.optional,
        options=options,
    )


def answers_record(answers: Answers | None) -> AnswersRecord:
    given = values(answers)
    said = {
        name: AnswerRecord(value=each["value"], why=each["why"], by=str(each["by"]), at=each["at"])
        for name, each in (answers.answers if answers else {}).items()
    }
    return AnswersRecord(
        revision=answers.number if answers else 0,
        answers=said,
        open=[question.id for question in questionnaire.still_open(given, today())],
        contradictions=[each.says for each in questionnaire.contradictions(given, today())],
    )


def classification_record(standing: Standing) -> ClassificationRecord:
    return ClassificationRecord(
        id=standing.pk,
        number=standing.number,
        classification=standing.outcome,
        as_of=standing.as_of,
        law_version=standing.law_version,
        revision=standing.answers.number,
        assessment=standing.assessment,
        result=standing.result,
        author=person(standing.author),
        created_at=standing.created_at,
        page=f"/systems/{standing.system_id}/classifications/{standing.number}/",
    )
