"""Is a chain whole? Names the first entry that is not as it was written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import OuterRef, Subquery

from models.accounts.models import Organisation
from models.trail import checkpoints, keys
from models.trail.chain import GENESIS, canonical, entry_hash
from models.trail.checkpoints import Signed
from models.trail.models import Entry, Head

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    """entries: how many were checked. head: hash of the last good one. bad: place of the first bad one, with why.

    signed: how many signed heads it agrees with.
    """

    entries: int
    head: str
    bad: int | None = None
    reason: str = ""
    signed: int = 0

    @property
    def whole(self) -> bool:
        return self.bad is None


def verify_signed(organisation: Organisation, looked_at: Callable[[int], None] = lambda place: None) -> Verification:
    """Recompute every hash, and hold the chain to every checkpoint there is, in the database and outside it."""
    seen: dict[int, list[Signed]] = {}
    try:
        signed, known = checkpoints.of(organisation), keys.known()
        for each in signed:
            seen.setdefault(int(each.said()["sequence"]), []).append(each)
    except (ValueError, KeyError, TypeError, OSError) as error:
        return Verification(0, GENESIS, 1, f"its checkpoints cannot be read: {error}")

    agreed = 0

    def disagrees(place: int, digest: str) -> str:
        nonlocal agreed
        here = seen.pop(place, [])
        reasons = (each.fault(known) or differs(each, digest, agreed) for each in here)
        found = next((reason for reason in reasons if reason), "")
        agreed = place if here else agreed
        return found

    found = verify_chain(organisation, looked_at=looked_at, disagrees=disagrees)
    if found.whole and seen:
        missing = seen[min(seen)][0]
        cut = f"there were {missing.said()['sequence']} entries when they were signed on {day(missing)}"
        return replace(found, bad=found.entries + 1, reason=missing.fault(known) or cut)
    return replace(found, signed=len(signed)) if found.whole else found


def differs(signed: Signed, digest: str, agreed: int) -> str:
    """Why it is not the head that was signed, or nothing; `agreed` is the place of the last one that was."""
    if signed.said()["hash"] == digest:
        return ""
    return f"it is not the entry that was signed on {day(signed)}: what was written anew stands after entry {agreed}"


def day(signed: Signed) -> str:
    return str(signed.said()["at"])[:10]


def verify_chain(
    organisation: Organisation,
    witness: tuple[int, str] | None = None,
    looked_at: Callable[[int], None] = lambda place: None,
    disagrees: Callable[[int, str], str] = lambda place, digest: "",
) -> Verification:
    """Recompute every hash from the first entry on.

    witness is a head (place, hash) known from outside, such as one printed in a report: a chain that was rewritten
    whole, hashes and all, is betrayed by it. looked_at is told now and then how far it is; it may raise to end it.
    disagrees is asked of each entry that is good in itself, by its place and hash, and says what else is wrong with it.
    """
    place, previous, head = 0, GENESIS, (0, GENESIS)
    for entry in entries_with_head(organisation):
        if reason := fault(entry, place + 1, previous) or disagrees(place + 1, entry.hash):
            return Verification(place, previous, place + 1, reason)
        place, previous, head = place + 1, entry.hash, (entry.head_sequence, entry.head_hash)
        if place % AT_ONCE == 0:
            looked_at(place)
        if witness is not None and witness[0] == place and witness[1] != previous:
            return Verification(place - 1, entry.previous, place, "it is not the entry that the witness saw")
    if witness is not None and witness[0] > place:
        return Verification(place, previous, place + 1, "entries that the witness saw are missing")
    if head != (place, previous) or (place == 0 and is_emptied(organisation)):
        return Verification(place, previous, place + 1, "the chain does not end where its head says")
    return Verification(place, previous)


def entries_with_head(organisation: Organisation) -> Iterator[Any]:
    """Entries in order, each with the chain's head: one statement sees one moment, while others go on writing."""
    head = Head.objects.filter(organisation=OuterRef("organisation"))
    entries = Entry.unscoped.filter(organisation=organisation).order_by("sequence")
    found = entries.annotate(head_sequence=Subquery(head.values("sequence")), head_hash=Subquery(head.values("hash")))
    yield from found.iterator(chunk_size=AT_ONCE)


def is_emptied(organisation: Organisation) -> bool:
    """True if the head speaks of entries and there are none, also now that it was read first."""
    head = Head.objects.filter(organisation=organisation, sequence__gt=0)
    return head.exists() and not Entry.unscoped.filter(organisation=organisation).exists()


def fault(entry: Entry, place: int, previous: str) -> str:
    """What is wrong with the entry that should be at this place, or nothing."""
    if entry.sequence != place:
        return f"entry {place} is missing"
    if entry.previous != previous:
        return "it does not follow the entry before it"
    if entry_hash(entry.body) != entry.hash:
        return "its content does not have its hash"
    return "" if columns_agree(entry) else "its columns differ from what was hashed"


def columns_agree(entry: Entry) -> bool:
    body = json.loads(entry.body)
    said = (body["organisation"], body["sequence"], body["previous"], body["at"], body["actor"]["id"], body["verb"])
    shown = (entry.organisation_id, entry.sequence, entry.previous, entry.at.isoformat(), entry.actor_id, entry.verb)
    thing = (body["object"]["type"], body["object"]["id"])
    return said == shown and thing == (entry.object_type, entry.object_id) and canonical(body) == entry.body
