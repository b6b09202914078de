"""That a chain was checked is written into it, with what was found."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from models.accounts.models import Organisation
from models.trail.models import Entry, Head
from models.trail.record import record
from models.trail.verify import Verification, verify_signed

CHECKED = "checked the trail"
MOST_AT_ONCE = 10_000  # entries that a request checks in well under a second


def length(organisation: Organisation) -> int:
    head = Head.objects.filter(organisation=organisation).first()
    return head.sequence if head else 0


def is_long(organisation: Organisation) -> bool:
    """Whether checking it is left to a job."""
    return length(organisation) > MOST_AT_ONCE


def check(organisation: Organisation, actor: Any) -> Verification:
    """Recompute every hash now, and write down what was found."""
    found = verify_signed(organisation)
    write_down(organisation, actor, found)
    return found


def facts_of(found: Verification) -> dict[str, Any]:
    facts: dict[str, Any] = {"whole": found.whole, "entries": found.entries, "head": found.head, "signed": found.signed}
    return facts if found.whole else facts | {"bad": found.bad, "reason": found.reason}


def write_down(organisation: Organisation, actor: Any, found: Verification) -> dict[str, Any]:
    """The entry's facts."""
    facts = facts_of(found)
    with transaction.atomic():
        record(organisation, actor, CHECKED, organisation, facts)
    return facts


def last_check(organisation: Organisation) -> Entry | None:
    return Entry.objects.of(organisation).filter(verb=CHECKED).order_by("-sequence").first()
