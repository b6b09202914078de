"""Registering an AI system and changing what stands about it; each act in one transaction with its trail entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from governance.systems.models import Stage, System, SystemPart
from governance.systems.signals import system_changed
from governance.systems.stale import refuse_stale
from governance.systems.words import role_choices
from models.accounts.models import Membership, Organisation
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.models import ModelVersion
from models.registry.register import checked_name, words
from models.trail.record import record

LONGEST_PURPOSE = 10_000
FIELDS = ("name", "purpose", "owner", "stage", "placed_on", "roles")


class NameTaken(InputError):
    """There is a system of that name; `existing` is its id."""

    def __init__(self, name: str, existing: UUID, is_archived: bool) -> None:
        where = " among those that are archived" if is_archived else ""
        super().__init__(f"There is a system named {name!r} already{where}.")
        self.existing = existing


def begin(user: Any, organisation: Organisation, said: Mapping[str, Any]) -> System:
    """Register a system. Raises Forbidden, NotFound, NameTaken, InputError."""
    authorize(user, "govern", organisation)
    system = System(organisation=organisation, created_by=user, **checked(organisation, {"name": "", **said}))
    with transaction.atomic():
        kept(system)
        system_changed.send(System, system=system, what="registered")
        record(organisation, user, "registered", system, plain(system, FIELDS))
    return system


def change(user: Any, system: System, said: Mapping[str, Any], edition: int | None) -> System:
    """Change the fields that are given; None for `edition` changes whatever edition there is.

    Raises Forbidden, NotFound, NameTaken, InputError, and Stale where `edition` is no longer the present one.
    """
    authorize(user, "govern", system)
    wanted = checked(system.organisation, said)
    with transaction.atomic():
        current = locked(system)
        refuse_stale("system", current, edition)
        before = plain(current, wanted)
        for name, value in wanted.items():
            setattr(current, name, value)
        after = plain(current, wanted)
        changed = [name for name in wanted if before[name] != after[name]]
        if changed:
            current.edition += 1
            kept(current)
            system_changed.send(System, system=current, what="changed")
            facts = {which: {name: said[name] for name in changed} for which, said in (("from", before), ("to", after))}
            record(current.organisation, user, "changed", current, facts)
    return current


def archive(user: Any, system: System, edition: int | None = None) -> System:
    """Take it off the lists; what belongs to it stays."""
    return put_away(user, system, edition, True)


def bring_back(user: Any, system: System, edition: int | None = None) -> System:
    return put_away(user, system, edition, False)


def put_away(user: Any, system: System, edition: int | None, away: bool) -> System:
    authorize(user, "govern", system)
    with transaction.atomic():
        current = locked(system)
        refuse_stale("system", current, edition)
        if current.is_archived != away:
            current.is_archived, current.edition = away, current.edition + 1
            current.save()
            what = "archived" if away else "brought back"
            system_changed.send(System, system=current, what=what)
            record(current.organisation, user, what, current)
    return current


def add_part(user: Any, system: System, version: ModelVersion) -> SystemPart:
    """Say that a version works in the system; the part that there is, where it was said before.

    Raises Forbidden, NotFound, and InputError for another organisation's version.
    """
    authorize(user, "govern", system)
    authorize(user, "read", version)
    if version.organisation_id != system.organisation_id:
        raise InputError("The version and the system belong to different organisations.")
    with transaction.atomic():
        current = locked(system)
        said = {"organisation_id": current.organisation_id, "added_by": user}
        part, is_new = SystemPart.unscoped.get_or_create(system=current, version=version, defaults=said)
        if is_new:
            told_of_part(user, current, part, "part added")
    return part


def remove_part(user: Any, part: SystemPart) -> None:
    """Say that a version works in the system no more; audits and trail keep that it did."""
    authorize(user, "govern", part)
    with transaction.atomic():
        current = locked(part.system)
        if SystemPart.unscoped.filter(pk=part.pk).delete()[0]:
            told_of_part(user, current, part, "part removed")


def told_of_part(user: Any, system: System, part: SystemPart, what: str) -> None:
    System.unscoped.filter(pk=system.pk).update(edition=system.edition + 1)
    system_changed.send(System, system=system, what=what, part=part)
    facts = {"version": str(part.version_id), "name": str(part.version), "sha256": part.version.sha256}
    record(system.organisation, user, what, system, facts)


def locked(system: System) -> System:
    """The system as it is now, whom nobody changes until the transaction ends."""
    return System.unscoped.select_for_update(of=("self",)).select_related("organisation", "owner").get(pk=system.pk)


def checked(organisation: Organisation, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are kept. Raises InputError that names the field."""
    checks = {
        "name": checked_name,
        "purpose": lambda text: words("purpose", text.replace("\r\n", "\n"), LONGEST_PURPOSE),
        "owner": lambda owner: known_owner(organisation, owner),
        "stage": known_stage,
        "placed_on": known_day,
        "roles": known_roles,
    }
    if unknown := set(said) - set(checks):
        raise InputError(f"A system has no {', '.join(sorted(unknown))}.")
    return {name: checks[name](value) for name, value in said.items()}


def known_owner(organisation: Organisation, owner: Any) -> Any:
    """A member of the organisation, or nobody yet."""
    if owner is not None and not Membership.objects.of(organisation).filter(user=owner, user__is_active=True).exists():
        raise InputError("The owner is not a member of this organisation.")
    return owner


def known_stage(stage: str) -> str:
    if stage not in Stage.values:
        raise InputError(f"The stage is one of {', '.join(Stage.values)}, not {stage[:40]!r}.")
    return stage


def known_day(day: Any) -> date | None:
    if day is not None and not isinstance(day, date):
        raise InputError("The day of placing on the market is a date.")
    return day


def known_roles(roles: Any) -> list[str]:
    """Each once, in the order of the data."""
    known = [role for role, _ in role_choices()]
    if unknown := [str(role)[:40] for role in roles if role not in known]:
        raise InputError(f"There is no role named {', '.join(unknown)}; the roles are {', '.join(known)}.")
    return [role for role in known if role in roles]


def plain(system: System, names: Any) -> dict[str, Any]:
    """Of these fields, as the trail keeps them."""
    said: dict[str, Any] = {}
    for name in names:
        value = getattr(system, name)
        if name == "owner":
            value = {"id": value.pk, "name": str(value)} if value else None
        said[name] = value.isoformat() if isinstance(value, date) else value
    return said


def kept(system: System) -> None:
    """Save it, unless its name is another one's."""
    try:
        with transaction.atomic():
            system.save()
    except IntegrityError:
        same = System.unscoped.filter(organisation_id=system.organisation_id, name=system.name)
        other = same.exclude(pk=system.pk).first()
        if other is None:
            raise
        raise NameTaken(system.name, other.pk, other.is_archived) from None
