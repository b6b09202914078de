"""Obligations as they are read: each with its requirement, its evidence, and what is stale or late about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from governance.frameworks.requirements import Requirement, frameworks, requirements
from governance.obligations.gone import alike, framework_title, is_gone
from governance.obligations.models import Duty, Evidence, State, Support
from governance.obligations.staleness import PROVEN, Now, now, outdated, stale, uncovered
from governance.systems.models import System
from models.accounts.models import Membership, Organisation

OPEN = (State.NOT_STARTED, State.IN_PROGRESS)
# asked without a condition, or under one that was said to hold
APPLIES = Q(where="") | Q(holds=True)
# what no list shows, and what may be large
HEAVY = ("audit__parameters", "audit__policy", "audit__rules", "audit__dataset__stored_profile",
         "audit__model__stored_signature", "text")  # fmt: skip
NOW, COMING, WHERE, UNDATED, NO_LONGER = "now", "coming", "where", "undated", "no longer"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence, with why it does not count as it did. Where the version that replaced it is attached too,
    that one counts in its place."""

    support: Support
    stale: tuple[str, ...]
    is_followed: bool = False

    @property
    def evidence(self) -> Evidence:
        return self.support.evidence


@dataclass(frozen=True, slots=True)
class Row:
    """An obligation with its requirement and its evidence, on a day; `changed` says what became of the model or the law
    since."""

    duty: Duty
    asks: Requirement
    pieces: tuple[Piece, ...]
    changed: tuple[str, ...]
    day: date

    @property
    def framework_title(self) -> str:
        return framework_title(self.duty.framework)

    @property
    def is_asked(self) -> bool:
        """Brought by the class, and still in the text that is held."""
        return self.duty.is_asked and not is_gone(self.asks)

    @property
    def when(self) -> str:
        """Whether it binds now, is coming, is asked only if something happens that nobody said to hold, has no day, or
        is asked no longer."""
        if not self.is_asked:
            return NO_LONGER
        if self.duty.where and not self.duty.holds:
            return WHERE
        if self.duty.binds_from is None:
            return UNDATED
        return NOW if self.duty.binds_from <= self.day else COMING

    @property
    def is_counted(self) -> bool:
        """Whether it is to be proven: asked, not under a condition that nobody said to hold, and applicable."""
        return self.when not in (NO_LONGER, WHERE) and self.duty.state != State.NOT_APPLICABLE

    @property
    def stale(self) -> tuple[str, ...]:
        """Every reason why what supports it does not count as it did."""
        if self.duty.state == State.NOT_APPLICABLE:
            return ()
        counting = (piece for piece in self.pieces if not piece.is_followed)
        found = [f"{piece.evidence.title}: {reason}" for piece in counting for reason in piece.stale]
        return (*found, *self.changed)

    @property
    def is_overdue(self) -> bool:
        return self.duty.due_on is not None and self.duty.due_on < self.day and self.duty.state in OPEN

    @property
    def is_proven(self) -> bool:
        """Evidenced or accepted, and nothing of it stale."""
        return self.duty.state in PROVEN and not self.stale

    @property
    def gap(self) -> str:
        """What is missing, empty where nothing is. What is asked under a condition is not missing before that holds."""
        if not self.is_counted:
            return ""
        found = ["nothing supports it"] if not self.pieces else []
        if self.pieces and self.duty.state in OPEN:
            found.append("what is attached was not said to suffice")
        if self.is_overdue:
            found.append("overdue")
        return "; ".join([*found, *self.stale])


def duties_of(organisation: Organisation) -> QuerySet[Duty]:
    """With all that a row reads, in two queries."""
    supports = Support.unscoped.select_related("evidence__audit__dataset", "evidence__audit__model").defer(
        *(f"evidence__{each}" for each in HEAVY)
    )
    found = Duty.objects.of(organisation).select_related("owner", "accepted_by", "system")
    return found.prefetch_related(Prefetch("supports", queryset=supports))


def row_of(duty: Duty, held: Now) -> Row:
    supports = list(duty.supports.all())
    followed = {each.evidence.replaces_id for each in supports}
    pieces = tuple(Piece(each, stale(each.evidence, held), each.evidence_id in followed) for each in supports)
    changed = (*uncovered([each.evidence for each in supports], held), *outdated(duty))
    return Row(duty, duty.asks, pieces, changed, held.day)


def rows_of(system: System, day: date | None = None) -> list[Row]:
    """All of a system's, in the frameworks' order. Five queries."""
    found = duties_of(system.organisation).filter(system=system)
    held = now(system, day or today())
    return sorted((row_of(duty, held) for duty in found), key=lambda row: place(row.duty.requirement))


def today() -> date:
    return timezone.now().date()


_PLACES: dict[str, int] = {}


def place(id: str) -> int:
    """Where a requirement stands among all of them."""
    if not _PLACES:
        ids = (each.id for name in frameworks() for each in requirements(name))
        _PLACES.update({each: number for number, each in enumerate(ids)})
    return _PLACES.get(id, len(_PLACES))


@dataclass(frozen=True, slots=True)
class Group:
    """The obligations of one section (an article, a function) of a framework."""

    framework: str
    title: str
    rows: tuple[Row, ...]

    @property
    def proven(self) -> int:
        return sum(row.is_proven for row in self.rows)

    @property
    def stale(self) -> int:
        return sum(bool(row.stale) for row in self.rows)

    @property
    def overdue(self) -> int:
        return sum(row.is_overdue for row in self.rows)


def grouped(rows: Iterable[Row], titles: dict[tuple[str, str], str]) -> Iterator[Group]:
    """By framework and section, in order; `titles` by both."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.duty.framework, row.asks.section), []).append(row)
    for (name, section), mine in found.items():
        yield Group(name, titles[name, section], tuple(mine))


@dataclass(frozen=True, slots=True)
class Beside:
    """What another framework asks that the same evidence may serve; `duty` where the system is held to it."""

    asks: Requirement
    duty: Duty | None

    @property
    def framework_title(self) -> str:
        return framework_title(self.asks.framework)


def beside(row: Row, duties: dict[str, Duty]) -> list[Beside]:
    """By the crosswalk; `duties` of the system by requirement."""
    return [Beside(each, duties.get(each.id)) for each in alike(row.duty.requirement)]


def here(organisation: Organisation) -> frozenset[Any]:
    """Ids of the members: an owner who left stays named, and is told to be gone."""
    return frozenset(Membership.objects.of(organisation).values_list("user_id", flat=True))


def asked_of(system: System) -> dict[str, Duty]:
    """What is asked of a system now, by requirement."""
    found: Any = Duty.unscoped.filter(system=system, is_asked=True).select_related("organisation")
    return {duty.requirement: duty for duty in found}
