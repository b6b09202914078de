"""Many systems at once, in from a sheet and out into one. What a sheet would do is planned and shown before it is done,
and done whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.validators import EmailValidator
from django.db import transaction

from governance.systems.lists import systems_of
from governance.systems.models import Stage, System
from governance.systems.register import begin, change, checked, plain
from governance.systems.sheets.read import Row, Sheet
from governance.systems.words import class_name, role_choices
from models.accounts.models import Organisation, User
from models.accounts.permission import authorize
from models.errors import InputError
from models.trail.record import record

# what stands in a sheet: heading, and what to write there
COLUMNS = {
    "name": "Needed, and unlike that of any other system. A name that is there already changes that system.",
    "purpose": "What it does, for whom, and what is decided with it.",
    "owner": "The e-mail address of a member of your organisation, or nothing.",
    "stage": f"One of: {', '.join(Stage.values)}.",
    "placed_on": "The day on which it came on the market or into service, as 2026-11-21, or nothing.",
    "roles": "What your organisation is to it, with commas between.",
}
# told in an export, and left alone in an import: a class is decided by a person who answered the questions
TOLD = {"class": "Told in an export only.", "class_as_of": "Told in an export only."}


class Refused(InputError):
    """Rows of the sheet cannot be used; nothing was imported. `plan` says which and why."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(f"{plan.count('wrong')} of {len(plan.rows)} rows cannot be used. Nothing was imported.")
        self.plan = plan


@dataclass(frozen=True, slots=True)
class Planned:
    """What a row would do. what: new, changed, same or wrong; `problems` are pairs of a column and a sentence."""

    number: int
    name: str
    what: str
    said: dict[str, Any]
    changes: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    system: System | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    rows: tuple[Planned, ...]

    def count(self, what: str) -> int:
        return sum(row.what == what for row in self.rows)

    @property
    def is_right(self) -> bool:
        return not self.count("wrong")

    @property
    def changes_something(self) -> bool:
        return self.count("same") < len(self.rows)

    @property
    def digest(self) -> str:
        """Changes with what the import would do."""
        told = [(row.number, row.name, row.what, row.changes, row.system and row.system.edition) for row in self.rows]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def planned(organisation: Organisation, sheet: Sheet) -> Plan:
    """What importing the sheet would do. Raises InputError for headings that are not ours, and for no rows."""
    known = {*COLUMNS, *TOLD}
    if unknown := [name for name in sheet.columns if name not in known]:
        raise InputError(f"There is no column {', '.join(unknown)[:200]}. The columns are {', '.join(COLUMNS)}.")
    if "name" not in sheet.columns:
        raise InputError("The sheet has no column name.")
    if not sheet.rows:
        raise InputError("The sheet has headings and no row below them.")
    there = {each.name: each for each in System.objects.of(organisation).select_related("owner", "organisation")}
    members = User.objects.filter(memberships__organisation=organisation, is_active=True)
    owners = {user.email: user for user in members}
    seen: dict[str, int] = {}
    return Plan(tuple(planned_row(organisation, row, there, owners, seen) for row in sheet.rows))


def planned_row(
    organisation: Organisation, row: Row, there: dict[str, System], owners: dict[str, User], seen: dict[str, int]
) -> Planned:
    """`seen`: names and the rows in which they stood, which grows."""
    name = " ".join(row.cells.get("name", "").split())
    system = there.get(name)
    said, problems = understood(organisation, row, owners, system)
    if name in seen:
        problems.append(("name", f"Row {seen[name]} has this name too."))
    elif system is not None and system.is_archived:
        problems.append(("name", "A system of this name is archived. Bring it back first, or choose another name."))
    seen.setdefault(name, row.number)
    if problems:
        return Planned(row.number, name, "wrong", {}, problems=tuple(problems))
    if system is None:
        return Planned(row.number, name, "new", said)
    before, after = plain(system, said), plain(System(organisation=organisation, **said), said)
    changes = tuple(column for column in said if before[column] != after[column])
    return Planned(row.number, name, "changed" if changes else "same", said, changes, system=system)


def understood(
    organisation: Organisation, row: Row, owners: dict[str, User], system: System | None
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The fields that the row gives, and what is wrong with others."""
    readers = {"owner": lambda text: owner_of(text, owners), "stage": stage_of, "placed_on": day_of, "roles": roles_of}
    said: dict[str, Any] = {}
    problems = []
    for column in COLUMNS:
        text = row.cells.get(column)
        if text is None or (column == "stage" and not text):
            continue  # a column that is not there changes nothing, and every system has a stage
        try:
            value = readers.get(column, str)(text)
            if column == "owner":
                said[column] = value  # looked up among the members
            else:
                said |= checked(organisation, {column: value})
        except InputError as error:
            problems.append((column, str(error)))
    return said, problems


def owner_of(text: str, owners: dict[str, User]) -> User | None:
    if not text:
        return None
    if found := owners.get(text.lower()):
        return found
    is_address = EmailValidator.user_regex.match(text.partition("@")[0]) and "@" in text
    if not is_address:
        raise InputError("Write the owner's e-mail address.")
    raise InputError(f"{text[:100]} is no member of this organisation.")


def stage_of(text: str) -> str:
    """The stage by its value or its words."""
    words = {label.lower(): value for value, label in Stage.choices} | {value: value for value in Stage.values}
    return words.get(" ".join(text.lower().split()), text)


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"{text[:40]!r} is no day. Write it as 2026-11-21.") from None


def roles_of(text: str) -> list[str]:
    return [part.strip().lower() for part in text.replace(";", ",").split(",") if part.strip()]


def bring(user: Any, organisation: Organisation, sheet: Sheet, digest: str | None = None) -> Plan:
    """Import the sheet, whole; what was done.

    Raises Forbidden, NotFound, InputError, and Refused where a row cannot be used, or where what the import would do is
    no longer what `digest` stands for.
    """
    authorize(user, "govern", organisation)
    with transaction.atomic():
        plan = planned(organisation, sheet)
        if not plan.is_right or digest not in (None, plan.digest):
            raise Refused(plan)
        for row in plan.rows:
            if row.what == "new":
                begin(user, organisation, row.said)
            elif row.system is not None and row.changes:
                change(user, row.system, row.said, row.system.edition)
        facts = {what: plan.count(what) for what in ("new", "changed", "same")}
        record(organisation, user, "imported systems", organisation, facts)
    return plan


def exported(organisation: Organisation, found: Any = None) -> tuple[list[str], Iterable[list[str]]]:
    """The headings and a row for each system, in the order of names; `found` narrows it down."""
    rows = systems_of(organisation) if found is None else found
    return [*COLUMNS, *TOLD], (cells(system) for system in rows)


def cells(system: Any) -> list[str]:
    day, told = system.placed_on, system.as_of
    return [
        system.name,
        system.purpose,
        system.owner.email if system.owner else "",
        system.stage,
        day.isoformat() if day else "",
        ", ".join(system.roles),
        class_name(system.outcome) if system.outcome else "",
        told.isoformat() if told else "",
    ]


def columns_explained() -> list[tuple[str, str]]:
    """For the page and the template: each heading with what to write there."""
    roles = ", ".join(role for role, _ in role_choices())
    return [(name, f"{about} They are: {roles}." if name == "roles" else about) for name, about in COLUMNS.items()]
