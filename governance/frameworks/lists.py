"""The lists around the frameworks as types: timeline, clocks, retention, penalties, annexes, definitions, rights,
kinds of evidence, guidance and standards, and how sure each statement is.
"""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.errors import InputError

from .load import as_of, load

TIMELINE = "eu-ai-act-timeline"


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
    requirement: str = ""


@dataclass(frozen=True)
class Retention:
    """How long something is kept: an ISO 8601 period, at least (``minimum``) or exactly, from the day in ``start``."""

    id: str
    title: str
    period: str
    ref: str
    minimum: bool = False
    start: str = ""


@dataclass(frozen=True)
class Penalty:
    """A tier of fines: at most ``eur`` or ``pct`` percent of yearly turnover; ``title`` says which counts."""

    id: str
    title: str
    what: str
    ref: str
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
    help: str = ""


@dataclass(frozen=True)
class Right:
    """A right of the EU Charter; ``core`` ones are asked first in a fundamental rights impact assessment."""

    id: str
    ref: str
    title: str
    core: bool
    certainty: str


@dataclass(frozen=True)
class EvidenceType:
    """``kind`` is tech (made or checked by tooling), org (a record) or doc (a document)."""

    id: str
    title: str
    kind: str
    help: str = ""


@dataclass(frozen=True)
class Document:
    """A guideline or code of practice, or a standard, and how far it has come; ``ref`` is where it is found."""

    id: str
    title: str
    ref: str
    status: str
    certainty: str
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
    file = load(TIMELINE)
    found = (
        Milestone(_day(each), each["title"], each["ref"], file["certainty"], each.get("help", ""))
        for each in file["milestones"]
    )
    return tuple(sorted(found, key=lambda each: each.date))


def timeline(day: dt.date | str) -> Timeline:
    """What is reached on a day (that day counts) and what is coming. InputError as `as_of` says."""
    day = as_of(day)
    reached = tuple(each for each in milestones() if each.date <= day)
    return Timeline(reached, milestones()[len(reached) :])


@cache
def transitions() -> tuple[Transition, ...]:
    """The later dates for systems and models that were there before."""
    return tuple(
        Transition(**{**each, "applies_from": _day(each, "applies_from")}) for each in load(TIMELINE)["transitions"]
    )


@cache
def incident_clocks() -> tuple[Clock, ...]:
    """Every clock of incident reporting; those not ``on`` you are somebody else's to keep."""
    return tuple(Clock(**each) for each in load(TIMELINE)["incident_deadlines"])


@cache
def retention() -> tuple[Retention, ...]:
    """How long what is kept."""
    return tuple(Retention(**each) for each in load(TIMELINE)["retention"])


@cache
def penalties() -> tuple[Penalty, ...]:
    """All tiers of fines."""
    return tuple(Penalty(**each) for each in load(TIMELINE)["penalties"])


def penalty(tier: str) -> Penalty:
    """A tier of fines by its id. InputError on one that is not there."""
    return _one(penalties(), tier, "tier of fines")


@cache
def definitions() -> tuple[Definition, ...]:
    """The definitions of the AI Act that decide here."""
    return tuple(Definition(**each) for each in load("eu-ai-act-classification")["definitions"])


def annexes() -> dict[str, str]:
    """The annexes that are checklists: id -> title."""
    return {each["id"]: each["title"] for each in load("eu-ai-act-annexes")["annexes"]}


@cache
def annex(id: str) -> tuple[AnnexItem, ...]:
    """The points of an annex. InputError on one that is not held, which names those that are."""
    for each in load("eu-ai-act-annexes")["annexes"]:
        if each["id"] == id:
            return tuple(AnnexItem(annex=id, **point) for point in each["items"])
    raise InputError(f"There is no annex {id!r}; there are: {', '.join(annexes())}.")


@cache
def rights() -> tuple[Right, ...]:
    """The rights of the EU Charter, for a fundamental rights impact assessment."""
    file = load("eu-charter")
    return tuple(
        Right(each["id"], each["ref"], each["title"], each["core_for_fria"], file["certainty"])
        for each in file["rights"]
    )


@cache
def evidence_types() -> tuple[EvidenceType, ...]:
    """The kinds of evidence that requirements ask for."""
    return tuple(EvidenceType(**each) for each in load("evidence-types")["evidence_types"])


def evidence_type(id: str) -> EvidenceType:
    """A kind of evidence by its id. InputError on one that is not there."""
    return _one(evidence_types(), id, "kind of evidence")


@cache
def guidance() -> tuple[Document, ...]:
    """The Commission's guidelines, codes and templates, and how far each has come."""
    return tuple(
        Document(
            id=each["id"],
            title=each["title"],
            ref=each["reference"],
            status=each["status"],
            certainty=each["certainty"],
            date=_day(each),
            verification=each["verification"],
        )
        for each in load("eu-guidance-and-standards")["guidance"]
    )


@cache
def standards() -> tuple[Document, ...]:
    """The European standards on the way; none cited in the Official Journal gives a presumption of conformity."""
    return tuple(
        Document(each["id"], each["subject"], each["article"], each["stage"], each["certainty"])
        for each in load("eu-guidance-and-standards")["standards"]
    )


@cache
def certainties() -> tuple[Certainty, ...]:
    """How sure a statement can be, surest first."""
    return tuple(Certainty(**each) for each in load("certainty")["levels"])


def certainty(statement: Any) -> Certainty:
    """How sure a statement is, in words for people: of anything that has a ``certainty``, or of its id itself."""
    return _one(certainties(), getattr(statement, "certainty", statement), "certainty")


def _one(held: tuple[Any, ...], id: str, what: str) -> Any:
    for each in held:
        if each.id == id:
            return each
    raise InputError(f"There is no {what} {id!r}; there are: {', '.join(each.id for each in held)}.")


def _day(each: Any, key: str = "date") -> Any:
    """A day that a file gives, None where it gives none."""
    return dt.date.fromisoformat(each[key]) if each[key] else None
