"""The trail as JSON that can be checked without the service: each entry's canonical JSON as it was hashed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db.models import QuerySet

from models.accounts.models import Organisation
from models.trail.models import Checkpoint, Entry, Head

HOW = (
    "hash is the SHA-256 of the entry as JSON with sorted keys, no spaces, UTF-8; each entry holds the hash of the one "
    "before it as previous, the first one 64 zeros. Each checkpoint's statement, as it stands, was signed (Ed25519, "
    "base64) with the key that it names, and says which hash the entry at its sequence had; a key's id is the first 16 "
    "hexadecimal digits of the SHA-256 of its bytes, which stand in keys. Compare the ids with those that the operator "
    "made known: whoever can write a trail anew can sign it with a key of their own. plumbline verify trail.json does "
    "all of this offline"
)


def exported(organisation: Organisation, entries: QuerySet[Entry], filtered: bool) -> Iterator[str]:
    """One JSON document in pieces, oldest entry first, however long the trail is."""
    head = Head.objects.filter(organisation=organisation).first()
    signed = Checkpoint.objects.of(organisation)
    said = {
        "organisation": organisation.name,
        "head": {"sequence": head.sequence, "hash": head.hash} if head else None,
        "complete": not filtered,
        "how_to_check": HOW,
        "keys": dict(signed.order_by().values_list("key", "public_key").distinct()),
        "checkpoints": list(signed.order_by("sequence", "at").values("statement", "signature")),
    }
    yield json.dumps(said, ensure_ascii=False)[:-1] + ', "entries": ['
    rows = entries.order_by("sequence").values_list("hash", "body")
    for number, (digest, body) in enumerate(rows.iterator(chunk_size=500)):
        yield f'{"," if number else ""}\n{{"hash": "{digest}", "entry": {body}}}'
    yield "\n]}\n"
