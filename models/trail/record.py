"""Writing to the trail: in the same transaction as what it tells of, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connection

from models.accounts.delegation import acting
from models.accounts.models import Organisation
from models.trail.chain import GENESIS, canonical, entry_hash
from models.trail.models import Entry, Head


class NotInTransaction(RuntimeError):
    """record() was called outside a transaction: the entry could survive what it tells of, or the reverse."""


def record(organisation: Organisation, actor: Any, verb: str, thing: Any, facts: dict[str, Any] | None = None) -> Entry:
    """Append one entry: `actor` (a user, or None for the service itself) did `verb` to `thing`, with JSON facts.

    Call it last in the transaction: it locks the head of the organisation's chain until the end.
    Raises NotInTransaction, and TypeError or ValueError for facts that are not JSON.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction("record() belongs into the transaction of what it records")
    head = locked_head(organisation)
    sequence, at = head.sequence + 1, datetime.now(UTC)
    body = canonical(
        {
            "organisation": organisation.pk,
            "sequence": sequence,
            "previous": head.hash,
            "at": at.isoformat(),
            "actor": person(actor, organisation) if actor else {"id": None, "name": ""},
            "verb": verb,
            "object": {"type": thing._meta.label_lower, "id": str(thing.pk), "name": str(thing)[:200]},
            "facts": facts or {},
        }
    )
    entry = Entry.unscoped.create(
        organisation=organisation,
        sequence=sequence,
        at=at,
        actor=actor if actor else None,
        verb=verb,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        body=body,
        previous=head.hash,
        hash=entry_hash(body),
    )
    head.sequence, head.hash = sequence, entry.hash
    head.save(update_fields=["sequence", "hash"])
    return entry


def person(actor: Any, organisation: Organisation) -> dict[str, Any]:
    """Who it was, by the names of now, and for whom, where they did it in another's role."""
    said = {"id": actor.pk, "name": str(actor), "email": actor.email}
    delegation = acting(actor, organisation)
    if delegation is None:
        return said
    giver = delegation.giver
    whose = {"id": giver.pk, "name": str(giver), "email": giver.email}
    return said | {"for": whose | {"role": delegation.role, "delegation": str(delegation.pk)}}


def locked_head(organisation: Organisation) -> Head:
    """The head row, made with the first entry and locked until the transaction ends."""
    Head.objects.bulk_create([Head(organisation=organisation, sequence=0, hash=GENESIS)], ignore_conflicts=True)
    return Head.objects.select_for_update().get(organisation=organisation)
