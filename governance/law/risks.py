"""How likely, how severe, and what the two come to (risk-scale.yaml); the rights that a risk touches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from governance.frameworks.lists import rights
from governance.frameworks.load import load
from models.errors import InputError

FILE = "risk-scale"


@dataclass(frozen=True, slots=True)
class Degree:
    """A step of a scale, 1 to 5."""

    id: int
    title: str
    help: str


@dataclass(frozen=True, slots=True)
class Level:
    """What likelihood times severity comes to; `starts` is the lowest product that has it."""

    id: str
    title: str
    starts: int
    help: str


@dataclass(frozen=True, slots=True)
class Guess:
    """What a finding of a check may be a risk of: a guess until somebody judges it."""

    id: str
    title: str
    help: str
    rights: tuple[str, ...]


@cache
def degrees(scale: str) -> tuple[Degree, ...]:
    """`likelihood` or `severity`, the least first."""
    return tuple(Degree(int(each["id"]), each["title"], each["help"]) for each in load(FILE)[scale])


@cache
def levels() -> tuple[Level, ...]:
    """The lowest first."""
    return tuple(Level(each["id"], each["title"], each["from"], each["help"]) for each in load(FILE)["levels"])


def level(likelihood: int | None, severity: int | None) -> Level | None:
    """None as long as one of the two was not judged. InputError for a degree outside the scale."""
    product = checked_degree("likelihood", likelihood), checked_degree("severity", severity)
    if None in product:
        return None
    reached = likelihood * severity  # type: ignore[operator]
    return [each for each in levels() if each.starts <= reached][-1]


def checked_degree(scale: str, value: int | None) -> int | None:
    known = [each.id for each in degrees(scale)]
    if value is not None and (isinstance(value, bool) or value not in known):
        raise InputError(f"The {scale} is a number from {known[0]} to {known[-1]}.")
    return value


def checked_rights(given: Collection[str]) -> list[str]:
    """In the Charter's order. InputError on one that is none."""
    known = [each.id for each in rights()]
    if unknown := sorted({str(each) for each in given} - set(known)):
        raise InputError(f"The Charter's list has no {', '.join(unknown)[:200]}; its ids are charter-1 to charter-50.")
    return [each for each in known if each in given]


@cache
def guess(check: str) -> Guess:
    """By the check whose rule failed; nothing but its name where none is held for it."""
    for each in load(FILE)["proposals"]:
        if each["id"] == check:
            return Guess(each["id"], each["title"], each["help"], tuple(each["rights"]))
    return Guess(check, "", "", ())
