"""The lists around the frameworks as types: timeline, clocks, retention, penalties, annexes, definitions, rights,
kinds of evidence, guidance and standards, and how sure each statement is.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from governance.frameworks.load import as_of, load
from models.errors import InputError

TIMELINE, ANNEXES = "eu-ai-act-timeline", "eu-ai-act-annexes"
DAYS = {"date", "applies_from"}

Statement = TypeVar("Statement")


@dataclass(frozen=True)
class Milestone:
    """A day on which something of the AI Act starts to apply or falls due."""

    date: dt.date
    title: str
    ref: str
    certainty: str
    help: str = ""


@dataclass(frozen=True)
class Timeline:
    """The milestones reached on a day and those after it, both in order."""

    in_force: tuple[Milestone, ...]
    coming: tuple[Milestone, ...]


@dataclass(frozen=True)
class Transition:
    """Later dates for what was on the market before (Article 111).

    It holds for ``requirements`` and ``sections`` (ids), or for all of an ``application`` key. ``placed_before`` is a
    day, or an application key: the day of the system's own route. ``applies_from`` is None where only the event in
    ``only_after`` brings the duty; ``only_for`` narrows who it is for.
    """

    id: str
    title: str
    ref: str
    placed_before: str
    applies_from: dt.date | None
    certainty: str
    requirements: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    application: str = ""
    only_for: str = ""
    only_after: str = ""
    note: str = ""


@dataclass(frozen=True)
class Clock:
    """A deadline of incident reporting, counted in calendar days from awareness; ``days`` is None: without undue delay.

    ``on`` is whom it binds, ``requirement`` the duty's id.
    """

    id: str
    title: str
    on: str
    days: int | None
    ref: str
    rule: str
    certainty: str
    requirement: str = ""


@dataclass(frozen=True)
class Retention:
    """How long something is kept: an ISO 8601 period, at least (``minimum``) or exactly, from the day in ``start``."""

    id: str
    title: str
    period: str
    ref: str
    certainty: str
    minimum: bool = False
    start: str = ""


@dataclass(frozen=True)
class Penalty:
    """A tier of fines: at most ``eur`` or ``pct`` percent of yearly turnover; ``title`` says which counts."""

    id: str
    title: str
    what: str
    ref: str
    certainty: str
    rule: str = ""
    eur: int | None = None
    pct: int | None = None
    eur_other: int | None = None
    pct_daily: int | None = None


@dataclass(frozen=True)
class Definition:
    id: str
    ref: str
    title: str
    certainty: str
    help: str = ""
    guideline: str = ""
    amended_by: str = ""
    guideline_non_ai_families: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnnexItem:
    """A point of an annex that is a checklist."""

    id: str
    annex: str
    ref: str
    title: str
    certainty: str
    help: str = ""


@dataclass(frozen=True)
class Right:
    """A right of the EU Charter; those ``core_for_fria`` are asked first in a fundamental rights impact assessment."""

    id: str
    ref: str
    title: str
    core_for_fria: bool
    certainty: str


@dataclass(frozen=True)
class EvidenceType:
    """``kind`` is tech (made or checked by tooling), org (a record) or doc (a document)."""

    id: str
    title: str
    kind: str
    certainty: str
    help: str = ""


@dataclass(frozen=True)
class Document:
    """A guideline or code of practice, or a standard, and how far it has come; ``ref`` is where it is found, or what
    it is for."""

    id: str
    title: str
    status: str
    certainty: str
    ref: str = ""
    date: dt.date | None = None
    verification: str = ""


@dataclass(frozen=True)
class Certainty:
    id: str
    title: str
    help: str


@cache
def milestones() -> tuple[Milestone, ...]:
    """All milestones of the AI Act, in order of date."""
    return tuple(sorted(_held(Milestone, TIMELINE, "milestones"), key=lambda each: each.date))


def timeline(day: dt.date | str) -> Timeline:
    """What is reached on a day (that day counts) and what is coming. InputError as `as_of` says."""
    day = as_of(day)
    reached = tuple(each for each in milestones() if each.date <= day)
    return Timeline(reached, milestones()[len(reached) :])


def transitions() -> tuple[Transition, ...]:
    """The later dates for systems and models that were there before."""
    return _held(Transition, TIMELINE, "transitions")


def incident_clocks() -> tuple[Clock, ...]:
    """Every clock of incident reporting; those not ``on`` you are somebody else's to keep."""
    return _held(Clock, TIMELINE, "incident_deadlines")


def retention() -> tuple[Retention, ...]:
    """How long what is kept."""
    return _held(Retention, TIMELINE, "retention")


def penalties() -> tuple[Penalty, ...]:
    """All tiers of fines."""
    return _held(Penalty, TIMELINE, "penalties")


def penalty(tier: str) -> Penalty:
    """A tier of fines by its id. InputError on one that is not there."""
    return _one(penalties(), tier, "tier of fines")


def definitions() -> tuple[Definition, ...]:
    """The definitions of the AI Act that decide here."""
    return _held(Definition, "eu-ai-act-classification", "definitions")


def annexes() -> dict[str, str]:
    """The annexes that are checklists: id -> title."""
    return {each["id"]: each["title"] for each in load(ANNEXES)["annexes"]}


@cache
def annex(id: str) -> tuple[AnnexItem, ...]:
    """The points of an annex. InputError on one that is not held, which names those that are."""
    for each in load(ANNEXES)["annexes"]:
        if each["id"] == id:
            return tuple(_entry(AnnexItem, load(ANNEXES), {"annex": id, **point}) for point in each["items"])
    raise InputError(f"There is no annex {id!r}; there are: {', '.join(annexes())}.")


def rights() -> tuple[Right, ...]:
    """The rights of the EU Charter, for a fundamental rights impact assessment."""
    return _held(Right, "eu-charter", "rights")


def evidence_types() -> tuple[EvidenceType, ...]:
    """The kinds of evidence that requirements ask for."""
    return _held(EvidenceType, "evidence-types", "evidence_types")


def evidence_type(id: str) -> EvidenceType:
    """A kind of evidence by its id. InputError on one that is not there."""
    return _one(evidence_types(), id, "kind of evidence")


def guidance() -> tuple[Document, ...]:
    """The Commission's guidelines, codes and templates, and how far each has come."""
    return _held(Document, "eu-guidance-and-standards", "guidance")


def standards() -> tuple[Document, ...]:
    """The European standards on the way; none cited in the Official Journal gives a presumption of conformity."""
    return _held(Document, "eu-guidance-and-standards", "standards")


@cache
def certainties() -> tuple[Certainty, ...]:
    """How sure a statement can be, surest first."""
    return tuple(Certainty(**each) for each in load("certainty")["levels"])


def certainty(statement: Any) -> Certainty:
    """How sure a statement is, in words for people: of anything that has a ``certainty``, or of its id itself."""
    return _one(certainties(), getattr(statement, "certainty", statement), "certainty")


@cache
def _held(kind: type[Statement], file: str, key: str) -> tuple[Statement, ...]:
    """A list of a file as types."""
    return tuple(_entry(kind, load(file), each) for each in load(file)[key])


def _entry(kind: type[Statement], file: Mapping[str, Any], each: Mapping[str, Any]) -> Statement:
    """An entry as its type. As sure as its file says, unless it says so itself; a day not known is None."""
    said = {"certainty": file["certainty"], **each}
    for key in DAYS & set(said):
        said[key] = dt.date.fromisoformat(said[key]) if said[key] else None
    return kind(**said)


def _one(held: tuple[Any, ...], id: str, what: str) -> Any:
    for each in held:
        if each.id == id:
            return each
    raise InputError(f"There is no {what} {id!r}; there are: {', '.join(each.id for each in held)}.")
