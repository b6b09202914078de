"""The class of a system or model on a day: the walk, what follows from it, and what would lead elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from governance.frameworks.load import as_of as checked_day
from governance.frameworks.load import load
from governance.law.changes import Change, changes
from governance.law.facts import Facts
from governance.law.follows import Consequence, follows
from governance.law.reading import practice, practice_from, title_of
from governance.law.walk import Step, Walk, prohibited_on, walk


@dataclass(frozen=True)
class Ban:
    """A practice that is not prohibited yet, with the day from which it is."""

    point: str
    ref: str
    title: str
    date: dt.date

    def as_json(self) -> dict[str, str]:
        return {"id": f"art-{self.point}", "ref": self.ref, "title": self.title, "date": self.date.isoformat()}


@dataclass(frozen=True)
class Classification:
    """What the facts come to on a day. `until_then` is the class that holds until a pending prohibition does."""

    facts: Facts
    as_of: dt.date
    law_version: str
    walked: Walk
    until_then: Walk | None
    pending: tuple[Ban, ...]

    @property
    def primary(self) -> str:
        return self.walked.primary

    @property
    def title(self) -> str:
        return title_of(self.primary)

    @property
    def overlays(self) -> tuple[str, ...]:
        return self.walked.overlays

    @property
    def roles(self) -> tuple[str, ...]:
        return self.facts.roles

    @property
    def annex_iii_points(self) -> tuple[str, ...]:
        return self.facts.annex_iii_points

    @property
    def reasoning(self) -> tuple[Step, ...]:
        return self.walked.steps

    @property
    def legal_basis(self) -> tuple[str, ...]:
        """The references that the class rests on, each once, in the order of the walk."""
        return tuple(dict.fromkeys(ref for step in self.reasoning for ref in step.basis))

    @property
    def effective(self) -> Walk:
        """The walk whose duties hold on the day: while a prohibition is pending, the one without it."""
        return self.until_then or self.walked

    @property
    def guidance(self) -> tuple[str, ...]:
        """Beside the text, what the answers lean on, with its state."""
        return tuple(dict.fromkeys(step.guidance for step in self.reasoning if step.guidance))

    @cached_property
    def follows(self) -> tuple[Consequence, ...]:
        return follows(self.facts, self.walked, self.as_of)

    @cached_property
    def to_change(self) -> tuple[Change, ...]:
        return changes(self.facts, self.as_of)

    def as_json(self) -> dict[str, Any]:
        """The output of `plumbline classify`; the first eight keys are its contract."""
        from governance.law.applies import applying

        found = applying(self, self.roles, self.as_of)
        return {
            "classification": self.primary,
            "overlays": list(self.overlays),
            "roles": list(self.roles),
            "annex_iii_points": list(self.annex_iii_points),
            "legal_basis": list(self.legal_basis),
            "reasoning": [step.as_json() for step in self.reasoning],
            "obligations": [each.id for each in found.in_force],
            "obligations_coming": [{"id": each.id, "date": day.isoformat()} for each, day in found.coming],
            "obligations_conditional": [each.as_json() for each in found.conditional],
            "permissions": [each.id for each in found.permissions],
            "notes": [note.says for note in found.notes],
            "until_then": self.until_then.primary if self.until_then else None,
            "prohibitions_coming": [ban.as_json() for ban in self.pending],
            "follows": [each.as_json() for each in self.follows],
            "to_change": [each.as_json() for each in self.to_change],
            "title": self.title,
            "object": self.facts.object,
            "as_of": self.as_of.isoformat(),
            "law_version": self.law_version,
            "guidance": list(self.guidance),
        }


def classify(facts: Facts, as_of: dt.date) -> Classification:
    """The class on a day. InputError on a day before the text that is held."""
    day = checked_day(as_of)
    walked = walk(facts, day)
    in_force = prohibited_on(facts, day)
    pending = tuple(
        Ban(point, practice(point)["ref"], practice(point)["title"], practice_from(point))
        for point in facts.prohibited
        if point not in in_force
    )
    return Classification(
        facts=facts,
        as_of=day,
        law_version=str(load("eu-ai-act")["version"]),
        walked=walked,
        until_then=walk(replace(facts, prohibited=()), day) if walked.primary == "PROHIBITED_PENDING" else None,
        pending=pending if walked.primary in ("PROHIBITED", "PROHIBITED_PENDING") else (),
    )
