"""How the classification reads the law's data: reading.yaml, and a few ways into governance/frameworks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from governance.frameworks.load import load, read
from governance.frameworks.requirements import Requirement, requirements


@cache
def reading() -> Mapping[str, Any]:
    """reading.yaml, read-only."""
    return read((Path(__file__).parent / "reading.yaml").read_bytes())


def node(name: str) -> Mapping[str, Any]:
    """A question of the decision tree."""
    return next(each for each in load("decision-tree")["nodes"] if each["id"] == name)


def class_name(outcome: str) -> str:
    """A class or an overlay as people call it."""
    return str(reading()["classes"][outcome])


def title_of(outcome: str) -> str:
    """What the decision tree says of a class."""
    return str(next(each["title"] for each in load("decision-tree")["outcomes"] if each["id"] == outcome))


def practice(point: str) -> Mapping[str, Any]:
    """A prohibited practice by its point, 5-1-a."""
    listed = load("eu-ai-act-classification")["prohibited_practices"]
    return next(each for each in listed if each["id"] == f"art-{point}")


def practice_from(point: str) -> dt.date:
    """The day from which the practice is prohibited."""
    return dt.date.fromisoformat(practice(point)["application"])


def use(point: str) -> Mapping[str, Any]:
    """A use of Annex III by its point, 4-a."""
    return next(each for each in load("eu-ai-act-classification")["annex_iii"] if each["id"] == f"annex-iii-{point}")


def guidance(name: str) -> Mapping[str, Any]:
    """A guideline, with its state."""
    return next(each for each in load("eu-guidance-and-standards")["guidance"] if each["id"] == name)


@cache
def requirement(id: str) -> Requirement:
    """A requirement of the Act by its id."""
    return next(each for each in requirements() if each.id == id)
