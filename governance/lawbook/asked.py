"""What a framework asks of somebody on a route, on a day; a role brings those along that the law counts with it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import groupby

from governance.frameworks.requirements import OnADay, Requirement, framework, on_a_day
from governance.law.reading import reading


def asked_of(
    name: str, day: date | str, roles: Collection[str] = (), levels: Collection[str] = (), version: str | None = None
) -> OnADay:
    """`on_a_day` for these roles and those that come with them always: a public deployer is a deployer too.

    Every route (risk level) holds what is asked of every system, where the framework knows such a level.
    """
    held = framework(name, version)
    brought = {
        rule["role"] for rule in reading()["roles"] if rule["of"] in roles and not {"point", "class"} & set(rule)
    }
    always = {"all"} & set(held.levels) if levels and not set(levels) <= {"gpai", "gpai-systemic"} else set()
    return on_a_day(name, day, {*roles, *(brought & set(held.roles))}, {*levels, *always}, version)


def by_section(name: str, found: Collection[Requirement]) -> list[tuple[str, str, list[Requirement]]]:
    """Reference and title of each section, with those of the requirements that stand in it."""
    rows = ((each, [one for one in each.requirements if one in found]) for each in framework(name).sections)
    return [(section.ref, section.title, asked) for section, asked in rows if asked]


def by_day(name: str, found: OnADay) -> list[tuple[date, list[tuple[str, str, list[Requirement]]], int]]:
    """What is coming, by its day and then by section, with how many there are on that day."""
    days = ((day, [each for each, _ in rows]) for day, rows in groupby(found.coming, key=lambda pair: pair[1]))
    return [(day, by_section(name, asked), len(asked)) for day, asked in days]
