"""AI systems: registered or brought in by a sheet, the models in them, what is answered of them, their classes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import httpx

from plumbline_client.connection import as_json
from plumbline_client.desk import Answers, Classification, Imported, Outcome, Question, System, SystemPart
from plumbline_client.errors import InvalidInput
from plumbline_client.records import read_as
from plumbline_client.room import Register, ident


class Systems(Register[System]):
    """`client.systems`. To record a class is for a person who is signed in; no token does it."""

    path, thing = "/systems", System

    def list(
        self,
        *,
        name: str | None = None,
        stage: str | None = None,
        classification: str | None = None,
        archived: bool = False,
    ) -> Iterator[System]:
        """The newest first. `name` is exact; `archived` gives those that are off the lists in place of the others."""
        return self._listed(name=name, stage=stage, classification=classification, archived=archived)

    def create(self, name: str, **said: Any) -> System:
        """`said`: purpose, owner (a member's user id), stage, placed_on, roles. "conflict" where the name is taken.

        change() takes the same, and is_archived.
        """
        return self._made(System, self.path, {"name": name, **said})

    def export(self, file: str | os.PathLike[str]) -> Path:
        """Save all systems as a sheet, .csv or .xlsx, which bring_in() takes again."""
        kind = suffix(file)
        return self._saved(f"/systems/export?{httpx.QueryParams({'format': kind})}", file)

    def bring_in(self, file: str | os.PathLike[str], *, dry_run: bool = True) -> Imported:
        """Bring systems in from a sheet, .csv or .xlsx: all of its rows or, where one is wrong, none.

        Unless `dry_run` is False nothing is done, and the answer tells row by row what would be.
        """
        suffix(file)
        try:
            content = Path(file).read_bytes()
        except OSError as error:
            raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error
        headers = {"Content-Type": "application/octet-stream"}
        asked = {"dry_run": str(dry_run).lower()}
        answer = self.connection.send("POST", "/systems/import", params=asked, content=content, headers=headers)
        return read_as(Imported, as_json(answer))

    def parts(self, system: System | str) -> Iterator[SystemPart]:
        """The versions of models that work in it."""
        return self._rows(SystemPart, f"{self._at(system)}/parts")

    def add_part(self, system: System | str, version: Any) -> SystemPart:
        """A version of a model, or its id."""
        return self._made(SystemPart, f"{self._at(system)}/parts", {"version": ident(version)})

    def remove_part(self, system: System | str, version: Any) -> None:
        self.connection.delete(f"{self._at(system)}/parts/{ident(version)}")

    def questions(self) -> tuple[Question, ...]:
        """Everything that may be asked; which of it matters depends on the answers."""
        return tuple(self._rows(Question, "/questions"))

    def answers(self, system: System | str) -> Answers:
        """What is answered, and what is open."""
        return self._one(Answers, f"{self._at(system)}/answers")

    def answer(
        self,
        system: System | str,
        answers: Mapping[str, Any],
        why: Mapping[str, str] | None = None,
        *,
        seen: int | None = None,
    ) -> Answers:
        """Answer questions; what is not given stays as it was.

        Args:
            answers: by the question's id: "yes" or "no", an option's id, several of them, a number, a text; None
                leaves it open.
            why: the reasons of some.
            seen: the revision that was looked at; Problem "conflict" where there is a newer one.
        """
        given = {name: {"value": value, "why": (why or {}).get(name, "")} for name, value in answers.items()}
        return self._made(Answers, f"{self._at(system)}/answers", {"answers": given, "revision": seen})

    def outcome(self, system: System | str, as_of: date | str | None = None) -> Outcome:
        """What the newest answers come to on a day (today), with the reasons. Nothing is recorded.

        Problem "refused" while questions are open, "invalid" for a day before the text that is held.
        """
        return self._one(Outcome, f"{self._at(system)}/outcome", as_of=as_of)

    def classifications(self, system: System | str) -> Iterator[Classification]:
        """Those that were recorded, the newest first."""
        return self._rows(Classification, f"{self._at(system)}/classifications")

    def classification(self, system: System | str, number: int) -> Classification:
        return self._one(Classification, f"{self._at(system)}/classifications/{number}")


def suffix(file: str | os.PathLike[str]) -> Literal["csv", "xlsx"]:
    """The kind of sheet that a file's name says. InvalidInput for another."""
    match Path(file).suffix.lower():
        case ".csv":
            return "csv"
        case ".xlsx":
            return "xlsx"
    raise InvalidInput(f"{file} is no sheet by its name. Name a file that ends with .csv or .xlsx.")
