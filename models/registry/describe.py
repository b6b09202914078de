"""People's words about a model or a dataset: beginning one without a file, and changing what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from models.accounts.models import Organisation
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.models import Dataset, Model, Registered
from models.registry.register import WORDS, checked_name, known_role, words
from models.trail.record import record

T = TypeVar("T", bound=Registered)
SHORT = ("owner", "licence")
LONG = ("description", "purpose")


class NameTaken(InputError):
    """There is one of that name; `existing` is its id."""

    def __init__(self, name: str, existing: UUID) -> None:
        super().__init__(f"There is one named {name!r} already.")
        self.existing = existing


def begin(user: Any, organisation: Organisation, kind: type[T], said: Mapping[str, str]) -> T:
    """A model or dataset that has no version yet. Raises Forbidden, NotFound, NameTaken, InputError."""
    authorize(user, "register", organisation)
    thing = kind(organisation=organisation, created_by=user, **checked(kind, said))
    with transaction.atomic():
        kept(thing)
        record(organisation, user, "began", thing, dict(said))
    return thing


def describe(user: Any, thing: T, said: Mapping[str, str]) -> T:
    """Change the words that are given; the trail keeps those before. Raises Forbidden, NotFound, NameTaken, InputError.

    Versions and finished reports stay as they are.
    """
    authorize(user, "describe", thing)
    wanted = checked(type(thing), said)
    with transaction.atomic():
        current = type(thing).unscoped.select_for_update().get(pk=thing.pk)
        before = {name: getattr(current, name) for name in wanted}
        changes = {name: value for name, value in wanted.items() if value != before[name]}
        if not changes:
            return current
        for name, value in changes.items():
            setattr(current, name, value)
        kept(current)
        facts = {"from": {name: before[name] for name in changes}, "to": changes}
        record(current.organisation, user, "described", current, facts)
    return current


def checked(kind: type[Registered], said: Mapping[str, str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, text in said.items():
        if name == "name":
            fields[name] = checked_name(text)
        elif name in SHORT:
            fields[name] = words(name, text, 200)
        elif name in LONG and hasattr(kind, name):
            fields[name] = words(name, text, WORDS)
        elif name == "role" and kind is Model:
            fields[name] = known_role(text)
        else:
            raise InputError(f"A {kind._meta.verbose_name} has no {name}.")
    return fields


def kept(thing: Model | Dataset | Registered) -> None:
    """Save it, unless its name is another one's."""
    kind = type(thing)
    try:
        with transaction.atomic():
            thing.save()
    except IntegrityError:
        other = (
            kind.unscoped.filter(organisation_id=thing.organisation_id, name=thing.name).exclude(pk=thing.pk).first()
        )
        if other is None:
            raise
        raise NameTaken(thing.name, other.pk) from None
