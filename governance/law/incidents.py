"""Serious incidents: their sorts, and by when each must be reported (Articles 3(49), 26(5), 55(1)(c) and 73)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from governance.frameworks.lists import Clock, incident_clocks
from governance.frameworks.load import load
from governance.frameworks.requirements import Requirement, requirement
from models.errors import InputError

FILE = "eu-ai-act-incidents"
# who bears the duty of a clock that starts when they are told, not when somebody becomes aware
AUTHORITY = "market-surveillance-authority"


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of serious incident, and the ids of the clocks that it starts."""

    id: str
    ref: str
    title: str
    clocks: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom a report goes to."""

    id: str
    title: str
    help: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that the report of an incident says."""

    id: str
    ref: str
    title: str


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that an incident started.

    `due` is the outer limit, None where the law sets no number of days. `at_once` says that the report is due
    immediately, before any outer limit, and `whatever_the_link` that this does not wait for a causal link. `tells` are
    the recipients who all have to be told. `binds_from` is the day from which the duty counts for the system; None
    where it is not asked of it.
    """

    clock: Clock
    due: datetime | None
    at_once: bool
    whatever_the_link: bool
    tells: tuple[Recipient, ...]
    binds_from: date | None

    def is_binding(self, day: date) -> bool:
        return self.binds_from is not None and self.binds_from <= day


@cache
def kinds() -> tuple[Kind, ...]:
    return tuple(Kind(**each) for each in load(FILE)["kinds"])


@cache
def recipients() -> tuple[Recipient, ...]:
    return tuple(Recipient(**each) for each in load(FILE)["recipients"])


@cache
def report_fields() -> tuple[Field, ...]:
    return tuple(Field(**each) for each in load(FILE)["report"]["fields"])


def report_note() -> str:
    """How far the list of fields can be trusted."""
    return str(load(FILE)["report"]["note"])


def counting_note() -> str:
    """How days are counted here, and that the law's count may end later."""
    return str(load(FILE)["counting"]["note"])


@cache
def other_duties() -> tuple[Requirement, ...]:
    """What is asked beside the clocks once there is a serious incident."""
    return tuple(requirement(id) for id in load(FILE)["duties"])


def checked_kinds(given: Collection[str]) -> list[str]:
    """In the order of the law. InputError on one that is none, which names those there are."""
    known = [kind.id for kind in kinds()]
    if unknown := sorted(set(given) - set(known)):
        raise InputError(f"There is no kind of incident named {', '.join(unknown)}; there are: {', '.join(known)}.")
    return [kind for kind in known if kind in given]


def checked_recipient(given: str) -> str:
    """InputError on one that is none, which names those there are."""
    known = [each.id for each in recipients()]
    if given not in known:
        raise InputError(f"A report goes to one of {', '.join(known)}, not {given[:40]!r}.")
    return given


def running(
    found: Collection[str],
    aware: datetime,
    link: str,
    roles: Collection[str],
    asked: Mapping[str, date | None],
    unreachable: bool = False,
) -> list[Running]:
    """The clocks of an incident of these kinds, what is due at once first, then by their outer limit.

    `aware` is when they became aware; days are counted as 24 hours from then, and nothing is added for weekends. `link`
    is how sure it is that the system caused it (unknown, suspected, likely, established). `asked` is what is asked of
    the system, by requirement: the day from which it binds. A clock of a role runs although it is not asked, so that
    it can be kept as if it were; without a role said, those of providers and deployers do. `unreachable`: a deployer
    cannot reach the provider, whose clocks then run for the deployer. Who is the provider too does not tell itself.
    """
    if not found:
        return []
    started = {clock for kind in kinds() if kind.id in found for clock in kind.clocks}
    rules = {each["id"]: each for each in load(FILE)["clocks"]}
    named = {each.id: each for each in recipients()}
    tells_provider = not unreachable and "provider" not in roles
    clocks = []
    for clock in incident_clocks():
        duty = duty_of(clock, roles, asked, unreachable)
        if duty is None or clock.id not in rules or (clock.days is not None and clock.id not in started):
            continue
        rule = rules[clock.id]
        due = None if clock.days is None else aware + timedelta(days=clock.days)
        tells = tuple(named[id] for id in rule["tells"] if id != "provider" or tells_provider)
        clocks.append(
            Running(clock, due, link in rule["at_once"], "unknown" in rule["at_once"], tells, asked.get(duty))
        )
    return sorted(clocks, key=lambda each: (each.due is not None, each.due))


def duty_of(clock: Clock, roles: Collection[str], asked: Mapping[str, date | None], unreachable: bool) -> str | None:
    """The requirement by which the clock runs for who has these roles; None where it does not run for them."""
    if clock.requirement in asked or has_role(clock.on, roles):
        return clock.requirement
    if unreachable and clock.id in load(FILE)["by_analogy"] and has_role("deployer", roles):
        return next(each.requirement for each in incident_clocks() if each.on == "deployer")
    return None


def has_role(wanted: str, roles: Collection[str]) -> bool:
    """A deployer of any sort is one."""
    return any(role.startswith(wanted) for role in roles or ("provider", "deployer"))


def answers(told: datetime) -> list[tuple[Clock, datetime]]:
    """The authority's own clocks once it was told, each with the moment by which it has to act."""
    counted = [each for each in incident_clocks() if each.on == AUTHORITY and each.days is not None]
    return [(each, told + timedelta(days=each.days or 0)) for each in counted]


def requirements_with_clocks() -> tuple[str, ...]:
    return tuple(each.requirement for each in incident_clocks() if each.requirement)
