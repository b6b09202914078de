"""What rooms above this one show on a system's page; each brings a `system_sections.py` with SECTIONS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from governance.systems.models import System


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page, under a heading of its own.

    `id` is its anchor. `template` is drawn with what `context` gives and with `system`; None of it for a section that
    has nothing to say yet (context gives None). `address` names the page that has all of it, by the system's key.
    Where something is to be done there, what `context` gives has it as a Next under `next`; the page shows the first of
    them. `order`: class 10, parts 20, law 30, obligations 40, risks 50, incidents 60, sign-off and reports 70,
    history 90.
    """

    id: str
    title: str
    template: str
    context: Callable[[System, HttpRequest], dict[str, Any] | None]
    order: int = 50
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What its reader does next about a system: what, why, and where; `begins` by sending a form without fields."""

    what: str
    why: str
    address: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A section with what it shows."""

    section: Section
    said: dict[str, Any] = field(default_factory=dict)


@cache
def sections() -> tuple[Section, ...]:
    """Of every room, in their order."""
    rooms = [room for room in settings.ROOMS if find_spec(f"{room}.system_sections")]
    found = [section for room in rooms for section in import_module(f"{room}.system_sections").SECTIONS]
    return tuple(sorted(found, key=lambda section: section.order))


def shown(system: System, request: HttpRequest) -> list[Shown]:
    """Those that have something to say about the system."""
    found = ((section, section.context(system, request)) for section in sections())
    return [Shown(section, {**said, "section": section}) for section, said in found if said is not None]


def next_of(shown: list[Shown]) -> Next | None:
    """The first thing to be done, in the sections' order; None where nothing is left to be said."""
    return next((each.said["next"] for each in shown if each.said.get("next")), None)
