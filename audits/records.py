"""What the API tells of audits, and what it takes to start one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt

from audits.measure.policy import Policy
from audits.models import Audit
from audits.report.evidence import canonical_bytes
from audits.run.parameters import Parameters
from models.errors import InputError
from models.jobs.api import StateName
from models.registry.records import DatasetVersionName, ModelVersionName, dataset_name, model_name
from models.rest.records import Asked, Moment, Person, Record, person

OutcomeName = Literal["pass", "fail", "inconclusive", "waived", "not_applicable"]
Column = Annotated[str, Field(min_length=1, max_length=10_000)]
Scalar = int | float | str | bool
# an option as the command line has it, such as --drop-missing or --prediction COL
TYPED = re.compile(r"--([a-z-]+)(?: (?:COL|FILE|VALUE)\b)?")


def as_text(value: Any) -> Any:
    """1 and true may stand without quotes."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value) if isinstance(value, int | float) else value


Value = Annotated[str, BeforeValidator(as_text), Field(max_length=1_000)]


class AskedParameters(Asked):
    """The question put to the data. The predictions are those of the model, or stand in a column (one of the two)."""

    sensitive: list[Column] = Field(min_length=1, max_length=100, examples=[["sex"]])
    label: Column | None = Field(None, description="Column that says what truly happened.", examples=["default"])
    prediction: Column | None = Field(None, description="Column of decisions.", examples=[None])
    score: Column | None = Field(None, description="Column of scores.", examples=[None])
    positive: Value = Field("1", description="The value that rates speak of.")
    favourable: Value | None = Field(
        None,
        description="The value that benefits the person. Without it the positive one is taken, which is wrong where "
        "that is a harm, such as default.",
        examples=["0"],
    )
    reference: dict[Column, Value] = Field({}, description="Group that others are compared with, by column.")
    threshold: StrictFloat | None = Field(None, description="A score at or above it predicts the positive value.")
    weight: Column | None = Field(None, description="Column of sampling weights.", examples=[None])
    frequency: Column | None = Field(None, description="Column of how many rows a row stands for.", examples=[None])
    intersections: StrictBool = Field(False, description="Compare combinations of the columns too.")
    drop_missing: StrictBool = Field(False, description="Leave out rows without label or prediction.")
    suppress: StrictInt | None = Field(None, ge=1, le=2**31, description="Smallest count that is shown; usually 10.")
    seed: StrictInt = Field(0, ge=0, le=2**31)
    options: dict[str, dict[str, Scalar]] = Field({}, description="Of the checks, by their ids: see /checks.")

    def parameters(self, model: bool) -> Parameters:
        """Raises InputError for what does not go together, in the words of the fields."""
        said = self.model_dump()
        try:
            return Parameters(**{**said, "sensitive": tuple(said["sensitive"]), "model": model})
        except InputError as error:
            raise InputError(TYPED.sub(lambda found: found[1].replace("-", "_"), str(error))) from error


class NewAudit(Asked):
    dataset: UUID = Field(description="A version of a dataset.")
    model: UUID | None = Field(None, description="A version of a model; none where a column has the predictions.")
    parameters: AskedParameters
    policy: dict[str, Any] | None = Field(
        None, description="Rules in place of the default ones, see /policies/default.", examples=[None]
    )


class RuleOutcome(Record):
    rule: str = Field(examples=["equal_opportunity[sex]"])
    title: str
    outcome: OutcomeName


class PolicyName(Record):
    name: str = Field(examples=["default"])
    sha256: str = Field(description="Of its canonical JSON: the same rules, the same hash.", examples=["0" * 64])


class ReportLinks(Record):
    pdf: str
    evidence: str
    page: str


class AuditRecord(Record):
    id: UUID
    title: str = Field(examples=["Audit of Credit scoring version 3"])
    state: StateName = Field(description="Its job's.")
    verdict: OutcomeName | None = Field(description="The worst outcome of its rules; null until there is one.")
    outcomes: dict[str, int] = Field(description="How many rules came out how.", examples=[{"pass": 12, "fail": 1}])
    rules: list[RuleOutcome] | None
    dataset: DatasetVersionName
    model: ModelVersionName | None
    parameters: dict[str, Any] = Field(description="As they were asked, with what was filled in.")
    policy: PolicyName
    job: UUID
    created_at: Moment
    created_by: Person
    report: ReportLinks | None


class ReportRecord(Record):
    id: UUID = Field(description="The audit's.")
    title: str
    created_at: Moment
    sha256: str = Field(description="Of the PDF.", examples=["0" * 64])
    pdf: str
    evidence: str


class Interval(Record):
    low: float | None
    high: float | None
    level: float
    method: str


class MeasurementRecord(Record):
    """One figure, as the evidence has it; what is not there does not apply."""

    model_config = {"extra": "allow"}

    id: str = Field(examples=["M-0123456789"])
    check: str = Field(examples=["fairness"])
    metric: str = Field(examples=["selection_rate"])
    group: dict[str, str] = Field(examples=[{"sex": "female"}])
    value: float | None
    interval: Interval | None
    n: int | None = Field(description="Rows it rests on; null where the count is suppressed.")


class VerdictRecord(Record):
    """What a rule says, as the evidence has it."""

    model_config = {"extra": "allow"}

    rule: str = Field(examples=["equal_opportunity[sex]"])
    outcome: OutcomeName
    reason: str
    measurements: list[str] = Field(examples=[["M-0123456789"]])
    attribute: str | None
    limit: float | None
    direction: Literal["at_least", "at_most"] | None


class FigureRecord(Record):
    id: str
    title: str = Field(description="States the finding.")
    description: str = Field(description="For who does not see it.")
    svg: str
    columns: list[str]
    rows: list[list[Any]] = Field(examples=[[]])


class Figures(Record):
    items: list[FigureRecord]


class Side(Record):
    id: str
    title: str


class Span(Record):
    value: float | None
    low: float | None
    high: float | None


class Figure(Span):
    n: int | None


class Difference(Span):
    level: float


class ComparedRow(Record):
    id: str
    check: str
    metric: str
    attribute: str | None
    group: dict[str, str]
    feature: str | None
    title: str
    baseline: Figure
    current: Figure
    difference: Difference
    direction: Literal["better", "worse", "unclear", "same"]
    changed: bool
    rule: str | None
    adjusted: bool


class ChangedVerdict(Record):
    model_config = {"populate_by_name": True}

    rule: str
    title: str
    was: str = Field(alias="from")
    to: str


class NotCompared(Record):
    title: str
    reason: str


class ComparisonRecord(Record):
    baseline: Side
    current: Side
    comparable: bool
    notes: list[str]
    rows: list[ComparedRow]
    verdicts: list[ChangedVerdict]
    worse: list[str] = Field(description="Ids of rows that a rule rests on, worse beyond their uncertainty.")
    not_compared: list[NotCompared]
    summary: str


class MetricRecord(Record):
    name: str = Field(examples=["selection_rate"])
    title: str
    plain: str = Field(description="What it tells, in a sentence.")
    formula: str
    range: str
    good: Literal["high", "low", "near 1", "depends"]
    source: str
    elsewhere: str


class Metrics(Record):
    items: list[MetricRecord]


class OptionRecord(Record):
    name: str
    title: str
    default: Scalar
    help: str
    choices: list[str]


class CheckRecord(Record):
    id: str = Field(examples=["fairness"])
    title: str
    needs: list[str] = Field(description="What there must be for it.", examples=[["model"]])
    options: list[OptionRecord]


class Checks(Record):
    items: list[CheckRecord]


class PolicyRecord(Record):
    schema_: str = Field(alias="schema", examples=["plumbline.policy/1"])
    name: str
    rules: list[dict[str, Any]] = Field(examples=[[]])


def policy_name(policy: Mapping[str, Any]) -> PolicyName:
    return PolicyName(name=str(policy.get("name", "")), sha256=hashlib.sha256(canonical_bytes(policy)).hexdigest())


def titles(policy: Mapping[str, Any]) -> dict[str, str]:
    return {rule["id"]: rule.get("title") or rule["id"] for rule in policy.get("rules") or []}


def rules_of(audit: Audit) -> list[RuleOutcome] | None:
    if audit.rules is None:
        return None
    known = titles(audit.policy)
    return [
        RuleOutcome(rule=rule, title=known.get(rule.partition("[")[0], rule), outcome=outcome)
        for rule, outcome in audit.rules.items()
    ]


def links(audit: Audit) -> ReportLinks:
    here = f"/api/v1/audits/{audit.pk}"
    return ReportLinks(pdf=f"{here}/report.pdf", evidence=f"{here}/evidence", page=f"/audits/{audit.pk}/")


def audit_record(audit: Audit) -> AuditRecord:
    said = {
        "id": audit.pk,
        "title": str(audit),
        "state": audit.job.state,
        "verdict": audit.verdict or None,
        "outcomes": audit.outcomes,
        "rules": rules_of(audit),
        "dataset": dataset_name(audit.dataset),
        "model": model_name(audit.model),
        "parameters": audit.parameters,
        "policy": policy_name(audit.policy),
        "job": audit.job_id,
        "created_at": audit.created_at,
        "created_by": person(audit.created_by),
        "report": links(audit) if audit.is_done else None,
    }
    return AuditRecord.model_validate(said)


def report_record(audit: Audit) -> ReportRecord:
    said = links(audit)
    return ReportRecord(
        id=audit.pk,
        title=str(audit),
        created_at=audit.job.finished_at or audit.created_at,
        sha256=audit.report,
        pdf=said.pdf,
        evidence=said.evidence,
    )


def policy_record(policy: Policy) -> PolicyRecord:
    return PolicyRecord.model_validate(policy.to_json())
