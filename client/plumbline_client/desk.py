"""What the API tells of systems, the law, obligations, risks, incidents, reviews and assessments, as typed values."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from plumbline_client.records import Person, Record
from plumbline_client.room import Kept


class System(Kept):
    """An AI system. `classification` is the class that was last recorded, None before."""

    name: str
    purpose: str = ""
    owner: Person | None = None
    stage: str
    placed_on: dt.date | None = None
    roles: list[str] = []
    classification: str | None = None
    classified_as_of: dt.date | None = None
    is_archived: bool = False
    edition: int
    page: str = ""

    def __str__(self) -> str:
        return self.name


class PlannedRow(Record):
    """A row of a sheet, and what an import does with it; `problems` say in which column what is wrong."""

    row: int
    name: str
    what: Literal["new", "changed", "same", "wrong"]
    changes: list[str] = []
    problems: list[dict[str, str]] = []


class Imported(Record):
    """What an import did, or (`dry_run`) would do."""

    dry_run: bool
    new: int
    changed: int
    same: int
    wrong: int
    rows: list[PlannedRow]


class SystemPart(Record):
    """A version of a model that works in a system."""

    version: dict[str, Any]
    added_by: Person
    added_at: dt.datetime


class Question(Record):
    """`options` are what an answer names, of the kinds one and several."""

    id: str
    section: str
    kind: Literal["yes-no", "one", "several", "amount", "text"]
    text: str
    help: str = ""
    options: list[dict[str, Any]] = []
    optional: bool = False


class Answers(Record):
    """The newest revision of what is answered of a system; `open` are the questions that hold up the class."""

    revision: int
    answers: dict[str, dict[str, Any]]
    open: list[str]
    contradictions: list[str] = []


class Outcome(Record):
    """What answers come to on a day, as `plumbline classify` writes it; nothing was recorded."""

    system: str
    revision: int
    as_of: dt.date
    result: dict[str, Any]

    @property
    def classification(self) -> str:
        return str(self.result["classification"])


class Classification(Record):
    """A class as a person recorded it; it never changes."""

    id: str
    number: int
    classification: str
    as_of: dt.date
    law_version: str
    revision: int
    assessment: str = ""
    result: dict[str, Any]
    author: Person
    created_at: dt.datetime
    page: str = ""


class Milestone(Record):
    date: dt.date
    title: str
    ref: str
    certainty: str


class Framework(Record):
    """The law, or a standard, as it is held: in one version. `roles` and `levels` (routes) are what narrows it."""

    id: str
    title: str
    kind: str
    version: str
    certainty: str
    caveats: list[str] = []
    roles: list[str] = []
    levels: list[str] = []


class Law(Record):
    """What is held, and the days of the AI Act that are reached on a day and those that come."""

    as_of: dt.date
    held_since: dt.date
    in_force: list[Milestone]
    coming: list[Milestone]
    frameworks: list[Framework]
    lists: list[dict[str, str]]
    certainties: list[dict[str, str]]


class RequirementName(Record):
    """A requirement by its reference; `certainty` is how sure it is, `date` from when it counts where it is coming."""

    id: str
    ref: str
    title: str
    modality: str
    certainty: str
    date: dt.date | None = None

    def __str__(self) -> str:
        return f"{self.ref}: {self.title}"


class FrameworkOnADay(Framework):
    as_of: dt.date
    in_force: list[RequirementName]
    coming: list[RequirementName]


class Requirement(RequirementName):
    """`dates` say by route from when it counts, `evidence` what would show it, `beside` what others ask alike."""

    framework: str
    version: str
    help: str = ""
    roles: list[str] = []
    levels: list[str] = []
    dates: dict[str, dt.date] = {}
    is_in_force: bool
    as_of: dt.date
    evidence: list[str] = []
    beside: list[dict[str, Any]] = []


class LawList(Record):
    """A list of the law: definitions, annexes, fines, deadlines, rights, kinds of evidence and others."""

    id: str
    title: str
    as_of: dt.date
    certainty: str
    parts: list[dict[str, Any]]


class SystemLaw(Record):
    """What the AI Act asks about a system on a day, by its recorded class, and what is coming."""

    as_of: dt.date
    law_version: str
    classification: str
    roles: list[str]
    in_force: list[RequirementName]
    coming: list[RequirementName]
    conditional: list[dict[str, Any]]
    notes: list[str] = []


class Obligation(Kept):
    """One requirement as it is asked of a system. `stale` says why what supports it counts no longer as it did.

    With `where` it is asked only under that condition, and is not missing before somebody says that it `holds`.
    """

    system: str
    framework: str
    requirement: str
    ref: str
    title: str
    certainty: str
    binds: str
    binds_from: dt.date | None = None
    where: str = ""
    holds: bool = False
    state: str
    reason: str = ""
    owner: Person | None = None
    due_on: dt.date | None = None
    overdue: bool = False
    stale: list[str] = []
    accepted_by: Person | None = None
    evidence: list[str] = []

    def __str__(self) -> str:
        return f"{self.ref}: {self.title} ({self.state})"


class Evidence(Record):
    """A document, a signed statement or the result of an audit; it never changes, a newer version replaces it."""

    id: str
    system: str
    source: Literal["audit", "document", "statement"]
    type: str
    title: str
    number: int
    replaces: str | None = None
    audit: str | None = None
    text: str = ""
    sha256: str
    size: int
    file_name: str = ""
    owner: Person
    expires_on: dt.date | None = None
    stale: list[str] = []
    author: Person
    created_at: dt.datetime


class Result(Record):
    """The result of an audit that could be evidence, and the obligations that its checks answer to."""

    audit: str
    title: str
    obligations: list[str]


class Dismissal(Record):
    audit: str
    reason: str


class CoverageLine(Record):
    """A chapter: how many obligations are asked, and how they stand."""

    framework: str
    chapter: str
    title: str
    asked: int
    accepted: int
    evidenced: int
    stale: int
    open: int
    not_applicable: int
    conditional: int = 0


class Gap(Record):
    """An obligation that is not proven, from when it binds, and what is missing."""

    obligation: str
    framework: str
    ref: str
    binds: str
    binds_from: dt.date | None = None
    missing: str


class Coverage(Record):
    chapters: list[CoverageLine]
    gaps: list[Gap]


class Measure(Kept):
    text: str
    owner: Person | None = None
    due_on: dt.date | None = None
    done_on: dt.date | None = None


class Risk(Kept):
    """`level` and `level_after` are what likelihood and severity (1 to 5) come to before and after the measures."""

    system: str
    number: int
    state: str
    hazard: str
    cause: str = ""
    affected: str = ""
    rights: list[str] = []
    likelihood: int | None = None
    severity: int | None = None
    level: str | None = None
    likelihood_after: int | None = None
    severity_after: int | None = None
    level_after: str | None = None
    owner: Person | None = None
    measures: list[Measure] = []
    accepted_by: Person | None = None
    acceptance: str = ""
    closing: str = ""
    page: str = ""


class Proposal(Record):
    """A rule that an audit did not pass, of which nobody decided yet whether it is a risk."""

    finding: str
    audit: str
    rule: str
    outcome: str
    hazard: str
    figures: str = ""
    affected: str = ""
    rights: list[str] = []


class Statement(Record):
    """A version of a statement, its text by the requirement's id; it never changes."""

    id: str
    kind: str
    title: str
    number: int
    content: dict[str, str]
    draws_on: dict[str, str] = {}
    author: Person
    created_at: dt.datetime


class Owed(Record):
    """A kind of statement: whether it is asked, the ids of its points, and how many its newest version answers."""

    kind: str
    ref: str
    title: str
    is_asked: bool
    asked_from: dt.date | None = None
    newest: int | None = None
    points: list[str]
    answered: int


class Clock(Record):
    """By when somebody has to be told; `due` is None where the law says at once."""

    id: str
    ref: str
    rule: str
    due: dt.datetime | None = None
    binds_from: dt.date | None = None
    state: str


class Incident(Kept):
    """Its clocks count from `aware_at`."""

    system: str
    number: int
    title: str
    kinds: list[str] = []
    aware_at: dt.datetime
    happened_at: dt.datetime | None = None
    place: str = ""
    link: str
    known: str = ""
    corrective: str = ""
    closed_at: dt.datetime | None = None
    closing: str = ""
    clocks: list[Clock] = []


class Notification(Record):
    """That somebody was told, with what the incident said then."""

    id: str
    number: int
    sort: str
    authority: str
    sent_at: dt.datetime
    content: dict[str, Any]
    author: Person


class Review(Kept):
    """`every_months` is None for one that is done once; `after` is the one before it."""

    system: str
    what: str
    every_months: int | None = None
    due_on: dt.date
    owner: Person | None = None
    after: str | None = None
    done_at: dt.datetime | None = None
    done_by: Person | None = None
    notes: str = ""


class Due(Record):
    """Something of the calendar; `at` is its moment, where it is no whole day."""

    day: dt.date
    at: dt.datetime | None = None
    kind: str
    title: str
    system: str = ""
    address: str = ""
    key: str
    lapses: bool


class Notice(Record):
    """A reminder to you; `threshold` is for how many days before `day` it was told, -1 that it is overdue."""

    id: str
    kind: str
    text: str
    address: str = ""
    day: dt.date
    threshold: int
    seen_at: dt.datetime | None = None


class Assessment(Kept):
    """A risk assessment. `sha256` is of what was frozen and is signed, empty for a draft; `report` is where its PDF is,
    None while it is being made; `snapshot` is everything that it tells, where it was asked for alone."""

    system: str
    number: int
    state: str
    as_of: dt.date
    summary: str = ""
    not_assessed: str = ""
    sha256: str = ""
    submitted_by: Person | None = None
    approved_by: Person | None = None
    approved_at: dt.datetime | None = None
    decision: str = ""
    trail_sequence: int | None = None
    trail_head: str = ""
    report: str | None = None
    snapshot: dict[str, Any] | None = None


class Comment(Record):
    id: str
    text: str
    author: Person
    created_at: dt.datetime


class AssessmentComparison(Record):
    """What changed since the last approved one (`before`, None where there is none), by topic."""

    before: str | None = None
    after: str
    topics: list[dict[str, Any]]


class Delegation(Record):
    """Who stands in for whom, and in which role."""

    id: str
    giver: Person
    receiver: Person
    role: str
    first_day: dt.date
    last_day: dt.date
    state: Literal["coming", "active", "over", "ended"]
