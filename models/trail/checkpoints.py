"""Heads of the chains, signed now and then: kept in the database, and once more in a file outside it.

Who owns the database can write a whole new chain, but not the signatures of the old one's heads; nor can they take a
line out of the file, so that a chain which was cut back or taken away is betrayed too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from models.accounts.models import Organisation
from models.trail import keys
from models.trail.chain import canonical
from models.trail.models import Checkpoint, Head

WHAT = "plumbline trail checkpoint 1"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint, from wherever: what was signed (canonical JSON), by which key, and the signature (base64)."""

    statement: str
    public_key: str
    signature: str

    def said(self) -> dict[str, Any]:
        """Raises ValueError for what is no checkpoint."""
        found = json.loads(self.statement)
        if not isinstance(found, dict) or found.get("what") != WHAT:
            raise ValueError("it is no checkpoint of a trail")
        return found

    def fault(self, known: dict[str, str]) -> str:
        """Why it is not to be believed, or nothing. Where no keys are known it is held to the key that it carries."""
        key = self.said()["key"]
        public = known.get(key) if known else self.public_key
        if public is None:
            return f"its checkpoint is signed with a key that is not ours ({key})"
        if keys.id_of(public) != key or not keys.is_signed(public, self.signature, self.statement):
            return "the signature of its checkpoint is not good"
        return ""


def file() -> Path:
    return Path(settings.TRAIL_CHECKPOINTS_FILE)


def sign_heads() -> int:
    """Sign the head of every chain that has grown since, or whose last checkpoint has another key; how many.

    Raises NoKey. Cut off anywhere, or run twice at once, it leaves at most a line of the file twice.
    """
    key = keys.present()
    public = keys.encoded(key.public_key())
    numbers = Head.objects.filter(sequence__gt=0).order_by("pk").values_list("pk", flat=True)
    return sum(sign_head(number, key, public) for number in numbers)


@transaction.atomic
def sign_head(organisation_id: int, key: Any, public: str) -> bool:
    head = Head.objects.select_for_update().select_related("organisation").get(pk=organisation_id)
    there = Checkpoint.unscoped.filter(organisation=organisation_id, sequence=head.sequence, key=keys.id_of(public))
    if there.exists():
        return False
    at = datetime.now(UTC)
    statement = canonical(
        {
            "what": WHAT,
            "organisation": {"id": organisation_id, "name": head.organisation.name},
            "sequence": head.sequence,
            "hash": head.hash,
            "at": at.isoformat(),
            "key": keys.id_of(public),
        }
    )
    signature = base64.b64encode(key.sign(statement.encode())).decode()
    # the file first: the head is what others committed, so its line is true whatever becomes of this transaction
    keys.append(file(), json.dumps({"statement": statement, "public_key": public, "signature": signature}))
    Checkpoint.unscoped.create(
        organisation_id=organisation_id,
        sequence=head.sequence,
        hash=head.hash,
        at=at,
        key=keys.id_of(public),
        public_key=public,
        statement=statement,
        signature=signature,
    )
    return True


def of(organisation: Organisation) -> list[Signed]:
    """Those in the database and those in the file, each once. Raises ValueError for a file that cannot be read."""
    rows = Checkpoint.objects.of(organisation).order_by("sequence")
    stored = [Signed(row.statement, row.public_key, row.signature) for row in rows]
    kept = (each for each in in_file() if each.said()["organisation"]["id"] == organisation.pk)
    return list(dict.fromkeys([*stored, *kept]))


def in_file() -> list[Signed]:
    """Raises ValueError with the number of a line that is no checkpoint."""
    if not file().exists():
        return []
    found = []
    for number, line in enumerate(file().read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            each = Signed(said["statement"], said["public_key"], said["signature"])
            each.said()["organisation"]["id"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"line {number} of {file()} is no checkpoint") from None
        found.append(each)
    return found


def without_chain(existing: Iterable[int]) -> dict[int, str]:
    """Organisations that the file speaks of and the database does not have, with their names. Raises ValueError."""
    said = [each.said()["organisation"] for each in in_file()]
    there = set(existing)
    return {each["id"]: each["name"] for each in said if each["id"] not in there}


def last(organisation: Organisation) -> Checkpoint | None:
    return Checkpoint.objects.of(organisation).order_by("-sequence", "-at").first()
