"""Serious incidents: their sorts, and by when each must be reported (Articles 3(49), 26(5), 55(1)(c) and 73)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from governance.frameworks.lists import Clock, incident_clocks
from governance.frameworks.load import load
from governance.frameworks.requirements import requirement
from models.errors import InputError

FILE = "eu-ai-act-incidents"
# the outcomes of a classification whose risk level is another word in the duties
LEVELS = {
    "HIGH_RISK_ANNEX_III": "high-risk-annex-iii",
    "HIGH_RISK_ANNEX_I_A": "high-risk-annex-i-a",
    "GPAI_SYSTEMIC": "gpai-systemic",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of serious incident, and the ids of the clocks that it starts."""

    id: str
    ref: str
    title: str
    clocks: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that the report of an incident says."""

    id: str
    ref: str
    title: str


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that an incident started. `due` is None where the law says immediately or without undue delay.

    `binds_from` is the day from which the duty counts for the system's class; None where its class owes none.
    """

    clock: Clock
    due: datetime | None
    binds_from: date | None

    def is_binding(self, day: date) -> bool:
        return self.binds_from is not None and self.binds_from <= day


@cache
def kinds() -> tuple[Kind, ...]:
    return tuple(Kind(**each) for each in load(FILE)["kinds"])


@cache
def report_fields() -> tuple[Field, ...]:
    return tuple(Field(**each) for each in load(FILE)["report"]["fields"])


def report_note() -> str:
    """How far the list of fields can be trusted."""
    return str(load(FILE)["report"]["note"])


def checked_kinds(given: Collection[str]) -> list[str]:
    """In the order of the law. InputError on one that is none, which names those there are."""
    known = [kind.id for kind in kinds()]
    if unknown := sorted(set(given) - set(known)):
        raise InputError(f"There is no kind of incident named {', '.join(unknown)}; there are: {', '.join(known)}.")
    return [kind for kind in known if kind in given]


def running(
    found: Collection[str], aware: datetime, roles: Collection[str], outcomes: Collection[str]
) -> list[Running]:
    """The clocks that bind who has these roles, the earliest first.

    `aware` is when they became aware. Days are counted as 24 hours from then, which is never later than the law's count
    of whole days; nothing is added for weekends. Without a role said, those of providers and deployers count alike.
    """
    started = {clock for kind in kinds() if kind.id in found for clock in kind.clocks} | {"deployer", "gpai-systemic"}
    levels = [LEVELS[outcome] for outcome in outcomes if outcome in LEVELS]
    bound = [each for each in incident_clocks() if each.id in started and binds(each, roles)] if found else []
    clocks = [Running(each, due(each, aware), binds_from(each, levels)) for each in bound]
    return sorted(clocks, key=lambda each: (each.due is not None, each.due))


def binds(clock: Clock, roles: Collection[str]) -> bool:
    """A deployer of any sort is one."""
    return any(role.startswith(clock.on) for role in roles or ("provider", "deployer"))


def due(clock: Clock, aware: datetime) -> datetime | None:
    return None if clock.days is None else aware + timedelta(days=clock.days)


def binds_from(clock: Clock, levels: Collection[str]) -> date | None:
    """The earliest day on which the duty counts for one of these risk levels."""
    dates = requirement(clock.requirement).dates if clock.requirement else {}
    return min((day for level, day in dates.items() if level in (*levels, "all")), default=None)
