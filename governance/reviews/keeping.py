"""Planning a review, changing it, doing it; each act in one transaction with its trail."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.reviews.models import Review
from governance.systems.days import today
from governance.systems.models import System
from governance.systems.register import known_owner
from governance.systems.stale import refuse_stale
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.register import checked_name, words
from models.trail.record import record

FIELDS = ("what", "every_months", "due_on", "owner")
LONGEST_NOTES = 10_000
MOST_MONTHS = 120
LAST_DAY = date(2999, 12, 31)


class Done(InputError):
    """What was done stays as it was."""

    def __init__(self) -> None:
        super().__init__("This review was done already; what was written then stays.")


def plan(user: Any, system: System, said: Mapping[str, Any]) -> Review:
    """Plan a review. Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", system)
    wanted = checked(system, {"what": "", "due_on": None, **said})
    with transaction.atomic():
        made = Review.unscoped.create(organisation_id=system.organisation_id, system=system, **wanted)
        record(system.organisation, user, "planned", made, {"system": str(system.pk), **plain(made)})
    return made


def change(user: Any, review: Review, said: Mapping[str, Any], edition: int | None) -> Review:
    """Change the fields that are given. Raises Forbidden, NotFound, InputError, Done, Stale for an older edition."""
    authorize(user, "govern", review)
    wanted = checked(review.system, said)
    with transaction.atomic():
        current = still_open(review, edition)
        before = plain(current)
        for name, value in wanted.items():
            setattr(current, name, value)
        after = plain(current)
        if changed := [name for name in wanted if before[name] != after[name]]:
            current.edition += 1
            current.save()
            facts = {which: {name: kept[name] for name in changed} for which, kept in (("from", before), ("to", after))}
            record(current.organisation, user, "changed", current, facts)
    return current


def do(user: Any, review: Review, notes: str, edition: int | None = None) -> Review:
    """Say that it was done and what was found; one that comes again is planned anew, counted from today.

    Raises Forbidden, NotFound, InputError, Done, and Stale for an older edition.
    """
    authorize(user, "govern", review)
    text = words("notes", notes, LONGEST_NOTES)
    if not text:
        raise InputError("Say what was looked at and what was found, if only that all is well.")
    with transaction.atomic():
        current = still_open(review, edition)
        current.done_at, current.done_by, current.notes = timezone.now(), user, text
        current.edition += 1
        current.save()
        record(current.organisation, user, "done", current, {"notes": text})
        if current.every_months:
            following = again(current)
            facts = {"system": str(current.system_id), **plain(following)}
            record(current.organisation, user, "planned", following, facts)
    return current


def again(review: Review) -> Review:
    """The next of its sort."""
    assert review.every_months
    return Review.unscoped.create(
        organisation_id=review.organisation_id,
        system=review.system,
        what=review.what,
        every_months=review.every_months,
        due_on=months_later(today(), review.every_months),
        owner=review.owner,
        after=review,
    )


def drop(user: Any, review: Review) -> None:
    """Plan it no longer; the trail keeps that it was planned. Raises Forbidden, NotFound, Done."""
    authorize(user, "govern", review)
    with transaction.atomic():
        current = still_open(review, None)
        record(current.organisation, user, "dropped", current, plain(current))
        current.delete()


def still_open(review: Review, edition: int | None) -> Review:
    current = locked(review)
    if current.done_at is not None:
        raise Done
    refuse_stale("review", current, edition)
    return current


def locked(review: Review) -> Review:
    found = Review.unscoped.select_for_update(of=("self",)).select_related("organisation", "system", "owner", "done_by")
    return found.get(pk=review.pk)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one where there is none."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def checked(system: System, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are kept. Raises InputError."""
    if unknown := set(said) - set(FIELDS):
        raise InputError(f"A review has no {', '.join(sorted(unknown))}.")
    found = dict(said)
    if "what" in said:
        found["what"] = checked_name(said["what"])
    if "due_on" in said and said["due_on"] is None:
        raise InputError("Say by which day it is due.")
    if said.get("due_on", LAST_DAY) > LAST_DAY:
        raise InputError("A review is due before the year 3000.")
    months = said.get("every_months")
    if months is not None and not 1 <= months <= MOST_MONTHS:
        raise InputError(f"A review comes again after 1 to {MOST_MONTHS} months.")
    if "owner" in said:
        found["owner"] = known_owner(system.organisation, said["owner"])
    return found


def plain(review: Review) -> dict[str, Any]:
    """As the trail keeps it."""
    owner = {"id": review.owner.pk, "name": str(review.owner)} if review.owner else None
    return {
        "what": review.what,
        "every_months": review.every_months,
        "due_on": review.due_on.isoformat(),
        "owner": owner,
    }
