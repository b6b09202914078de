"""What the API tells, as typed values. A field that a newer server adds is kept, and harms nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from plumbline_client.errors import NotPlumbline

FINISHED = ("succeeded", "failed", "cancelled")


class Record(BaseModel):
    """One answer of the server."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())


R = TypeVar("R", bound=Record)


class Named(Record):
    id: str
    name: str


class Person(Record):
    id: str | int
    name: str


class Me(Record):
    """Who the token speaks for, and what it may."""

    user: dict[str, Any]
    organisation: Named
    role: str
    scopes: list[str]
    version: str


class ModelVersion(Record):
    """One immutable version of a model, named by the SHA-256 of its bytes."""

    id: str
    model: Named
    number: int
    format: str
    sha256: str
    size: int
    file_name: str = ""
    signature: Any = None
    trained_on: Any = None
    derived_from: Any = None
    created_at: datetime | None = None
    page: str = ""

    def __str__(self) -> str:
        return f"{self.model.name}, version {self.number}"


class Model(Record):
    id: str
    name: str
    purpose: str | None = None
    role: str | None = None
    owner: str | None = None
    licence: str | None = None
    description: str | None = None
    latest: ModelVersion | None = None


class DatasetVersion(Record):
    """One immutable version of a dataset."""

    id: str
    dataset: Named
    number: int
    kind: str
    rows: int | None = None
    sha256: str | None = None
    size: int | None = None
    file_name: str = ""
    profile: Any = None
    derived_from: Any = None
    created_at: datetime | None = None
    page: str = ""

    def __str__(self) -> str:
        return f"{self.dataset.name}, version {self.number}"


class Dataset(Record):
    id: str
    name: str
    owner: str | None = None
    licence: str | None = None
    description: str | None = None
    latest: DatasetVersion | None = None


class Progress(Record):
    fraction: float = 0.0
    sentence: str = ""


class Links(Record):
    self: str
    page: str = ""
    result: str | None = None


class Job(Record):
    """One piece of background work."""

    id: str
    kind: str
    title: str = ""
    queue: str = ""
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: Progress = Progress()
    error: str | None = None
    suspicious: bool = False
    result: dict[str, Any] | None = None
    attempt: int = 0
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False
    retry_of: str | None = None
    links: Links

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


class ReportLinks(Record):
    pdf: str
    evidence: str
    page: str = ""


class AuditRecord(Record):
    """An audit as the server tells it; `verdict` is the worst of its rules, None until it is finished."""

    id: str
    title: str = ""
    state: str
    verdict: str | None = None
    outcomes: dict[str, int] | None = None
    rules: Any = None
    dataset: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    policy: dict[str, Any] | None = None
    job: str | None = None
    created_at: datetime | None = None
    report: ReportLinks | None = None
    page: str | None = None


class Part(Record):
    number: int
    size: int
    sha256: str


class Upload(Record):
    """A file that comes in parts."""

    id: str
    file_name: str
    size: int
    part_size: int
    state: Literal["open", "complete", "expired"]
    parts: list[Part] = []
    sha256: str | None = None
    expires_at: datetime | None = None


class Source(Record):
    """A place that data may be referenced in, declared by whoever runs the server."""

    name: str
    kind: str


class Format(Record):
    """One that the server reads; `what` is model or data."""

    id: str
    title: str
    suffixes: list[str]
    what: str


class Metric(Record):
    """What can be measured; `plain` says what it tells, `elsewhere` who defines it otherwise."""

    name: str
    title: str
    plain: str = ""
    formula: str = ""
    good: str = ""
    source: str = ""
    elsewhere: str = ""


class Option(Record):
    name: str
    default: Any
    help: str = ""
    choices: list[str] = []


class Check(Record):
    """One question that an audit puts; `needs` are what it cannot be put without (label, score, model)."""

    id: str
    title: str
    needs: list[str]
    options: list[Option]


class VersionComparison(Record):
    """What is different between two versions of a model or a dataset; further fields are those of its kind."""

    summary: str
    versions: dict[str, Any]
    audits: dict[str, Any]

    def __str__(self) -> str:
        return self.summary


class Settings(Record):
    """The organisation, with what it asks of its members."""

    id: str
    name: str
    require_second_factor: bool


class Member(Record):
    id: str
    user: dict[str, Any]
    role: str
    created_at: datetime


class Invitation(Record):
    """One that is open. `invitation` is the address by which the person joins; known only once, when it is made."""

    id: str
    email: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime
    invitation: str | None = Field(None, repr=False)


class Token(Record):
    """A token of yours. `token` is its secret, known only once, when it is made."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    state: Literal["active", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    token: str | None = Field(None, repr=False)


class Webhook(Record):
    """Who is told of what. `secret` signs what is sent (Standard Webhooks); known only once, when it is made."""

    id: str
    url: str
    events: list[str]
    description: str
    active: bool
    note: str
    failing_since: datetime | None = None
    secret: str | None = Field(None, repr=False)


class Delivery(Record):
    """One message to a webhook, with every attempt to hand it over."""

    id: str
    event: str
    message_id: str
    state: Literal["pending", "delivered", "failed"]
    tries: int
    attempts: list[dict[str, Any]]
    due_at: datetime | None = None
    finished_at: datetime | None = None


class Entry(Record):
    """One of the trail: who did what, to what; `hash` is of the entry, `previous` of the one before."""

    sequence: int
    at: datetime
    actor: Person | None = None
    verb: str
    object: dict[str, Any]
    facts: dict[str, Any]
    previous: str
    hash: str


class Checkpoint(Record):
    """The head of the trail as it was signed, with a key that is not in the database."""

    sequence: int
    hash: str
    signature: str


class TrailCheck(Record):
    """Whether each entry follows from the one before; `bad` is the first that does not, with the reason."""

    whole: bool
    entries: int
    head: str
    signed: int = 0
    bad: int | None = None
    reason: str | None = None


class Figure(Record):
    """A chart as SVG, with the rows that it draws."""

    id: str
    title: str
    description: str = ""
    svg: str
    columns: list[Any] = []
    rows: list[Any] = []


class Side(Record):
    id: str
    title: str


class Comparison(Record):
    """Two audits side by side; `rows` that got worse first. `worse` are ids of rows that a rule rests on."""

    baseline: Side
    current: Side
    comparable: bool
    notes: list[str] = []
    rows: list[dict[str, Any]] = []
    verdicts: list[dict[str, Any]] = []
    worse: list[str] = []
    summary: str = ""

    def __str__(self) -> str:
        return self.summary

    def _repr_html_(self) -> str:
        from plumbline_client.notebook import comparison_html

        return comparison_html(self)


def read_as(kind: type[R], data: Any) -> R:
    """The record that `data` is. Raises NotPlumbline where it is none."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise NotPlumbline(
            f"The server's answer is no {kind.__name__} that this client knows ({where}: {first['msg']}). "
            "Is the client of the server's version?"
        ) from error
