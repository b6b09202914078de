"""The law and the other frameworks as data, as of a day: what they ask, since when, and how sure it is."""

from __future__ import annotations

from datetime import date
from typing import Any

from plumbline_client import desk
from plumbline_client.room import Room, ident


class Law(Room):
    """`client.law`. A day before the text that is held is refused (Problem "refused")."""

    def get(self, as_of: date | str | None = None) -> desk.Law:
        """What is held, and the days of the AI Act that are reached on a day (today) and those that come."""
        return self._one(desk.Law, "/law", as_of=as_of)

    def framework(
        self,
        name: str = "eu-ai-act",
        as_of: date | str | None = None,
        *,
        role: str | None = None,
        level: str | None = None,
        version: str | None = None,
    ) -> desk.FrameworkOnADay:
        """What it asks on a day, and what is coming, of a role or on a route (`level`) alone where one is given.

        Problem "not-found" for one that is not held, "refused" for another version than the one that is held.
        """
        return self._one(
            desk.FrameworkOnADay, f"/law/frameworks/{name}", as_of=as_of, role=role, level=level, version=version
        )

    def requirement(self, id: str, as_of: date | str | None = None) -> desk.Requirement:
        """One of any framework, by its id."""
        return self._one(desk.Requirement, f"/law/requirements/{id}", as_of=as_of)

    def list(self, name: str, as_of: date | str | None = None) -> desk.LawList:
        """One of get().lists: evidence-types has the ids of kinds of evidence, eu-charter those of rights,
        eu-ai-act-incidents those of kinds of incidents and of recipients."""
        return self._one(desk.LawList, f"/law/lists/{name}", as_of=as_of)

    def of_system(self, system: Any, as_of: date | str | None = None) -> desk.SystemLaw:
        """What the AI Act asks about a system on a day, and what is coming. "conflict" before its class is recorded."""
        return self._one(desk.SystemLaw, f"/systems/{ident(system)}/law", as_of=as_of)
