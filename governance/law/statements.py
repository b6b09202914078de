"""The statements that the Act asks for point by point: forms only as long as its lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from governance.frameworks.load import load
from governance.frameworks.requirements import Requirement, requirement
from models.errors import InputError

FILE = "eu-ai-act-statements"


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of statement. `whole` is what a statement supports beside its points once each of them is answered,
    `where_asked` are points only of systems of which they are asked; `evidence` is the type that it is as evidence, and
    `draws_on` the type of evidence that its texts may come from."""

    id: str
    ref: str
    title: str
    help: str
    evidence: str
    points: tuple[Requirement, ...]
    where_asked: tuple[Requirement, ...]
    whole: tuple[Requirement, ...]
    draws_on: str

    def points_for(self, asked: Collection[str], said: Collection[str] = ()) -> tuple[Requirement, ...]:
        """Those that are asked of a system, all `points` where none is; and what was `said` already."""
        wanted = [each for each in self.every_point() if each.id in asked] or self.points
        return tuple(each for each in self.every_point() if each in wanted or each.id in said)

    def points_of(self, said: Collection[str]) -> tuple[Requirement, ...]:
        """What a statement goes through that says something of these points: all `points`, if it speaks of any."""
        speaks = any(each.id in said for each in self.points)
        return tuple(each for each in self.every_point() if each.id in said or (speaks and each in self.points))

    def every_point(self) -> tuple[Requirement, ...]:
        return (*self.points, *self.where_asked)

    def is_owed(self, asked: Collection[str]) -> bool:
        """Whether any of its points is asked of a system, by role, class and use."""
        return any(each.id in asked for each in self.every_point())

    def supports(self, content: Mapping[str, str]) -> tuple[Requirement, ...]:
        """What this content is evidence for: each point that has words, and the whole where none is missing."""
        said = tuple(each for each in self.every_point() if content.get(each.id))
        complete = all(content.get(each.id) for each in self.points)
        return (*said, *self.whole) if complete else said


@cache
def forms() -> tuple[Form, ...]:
    return tuple(
        Form(
            id=each["id"],
            ref=each["ref"],
            title=each["title"],
            help=each["help"],
            evidence=each["evidence"],
            points=tuple(requirement(id) for id in each["points"]),
            where_asked=tuple(requirement(id) for id in each.get("where_asked", ())),
            whole=tuple(requirement(id) for id in each["whole"]),
            draws_on=each.get("draws_on", ""),
        )
        for each in load(FILE)["statements"]
    )


def form(kind: str) -> Form:
    """InputError on a kind that is none, which names those there are."""
    for each in forms():
        if each.id == kind:
            return each
    raise InputError(f"There is no statement named {kind[:40]!r}; there are: {', '.join(each.id for each in forms())}.")
