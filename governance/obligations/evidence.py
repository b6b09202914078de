"""Bringing evidence: an audit's result, a document, a signed statement. What is brought never changes; newer versions
replace it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from audits.measure.check import discover
from audits.models import Audit
from governance.frameworks.lists import evidence_type
from governance.frameworks.requirements import Requirement, frameworks, requirements
from governance.obligations.models import Evidence
from governance.systems.models import System
from governance.systems.register import known_owner
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.blobs.store import TooLarge
from models.registry.intake.shown import plain_name
from models.registry.register import checked_name, words
from models.registry.storage import store
from models.trail.record import record

LONGEST_STATEMENT = 20_000
PREFIXES = {"eu-ai-act": "Article ", "nist-ai-rmf": "", "iso-42001": "", "gdpr": "Article "}


@dataclass(frozen=True, slots=True)
class About:
    """What every piece of evidence says of itself. `owner` None: whoever brings it."""

    title: str
    type: str
    owner: Any = None
    expires_on: date | None = None
    replaces: Evidence | None = None


def bring_audit(user: Any, system: System, audit: Audit, about: About) -> Evidence:
    """The result of an audit that is done. Raises Forbidden, NotFound, InputError."""
    authorize(user, "read", audit)
    if audit.organisation_id != system.organisation_id or not audit.is_done:
        raise InputError("Take an audit of this organisation that has a result.")
    return bring(user, system, about, source=Evidence.Source.AUDIT, audit=audit, sha256=audit.evidence)


def bring_document(user: Any, system: System, file: BinaryIO, size: int, file_name: str, about: About) -> Evidence:
    """A document of `size` bytes, kept as it is and never opened here.

    The bytes are stored before the row, so that there is never a row without them. Raises Forbidden, NotFound,
    InputError, TooLarge, StorageError.
    """
    authorize(user, "govern", system)
    checked(system, about)
    if not size:
        raise InputError("The file is empty.")
    if size > settings.EVIDENCE_BYTES:
        raise TooLarge(too_large(size))
    sha256 = store().put(file, settings.EVIDENCE_BYTES)
    name = plain_name(file_name)
    return bring(user, system, about, source=Evidence.Source.DOCUMENT, sha256=sha256, size=size, file_name=name)


def too_large(size: int) -> str:
    most, has = (number / 1024**2 for number in (settings.EVIDENCE_BYTES, size))
    return f"The file has {has:,.1f} MiB; at most {most:,.0f} MiB are taken. Split it, or state where it is kept."


def bring_statement(user: Any, system: System, text: str, about: About) -> Evidence:
    """What the person who brings it states, in their own name. Raises Forbidden, NotFound, InputError."""
    stated = words("statement", text, LONGEST_STATEMENT)
    if not stated:
        raise InputError("Write the statement.")
    content = stated.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    return bring(user, system, about, source=Evidence.Source.STATEMENT, text=stated, sha256=sha256, size=len(content))


def bring(user: Any, system: System, about: About, **said: Any) -> Evidence:
    authorize(user, "govern", system)
    checked(system, about)
    with transaction.atomic():
        number = following(system, about.replaces)  # locks what it replaces
        made = Evidence.unscoped.create(
            organisation_id=system.organisation_id,
            system=system,
            title=checked_name(about.title),
            type=about.type,
            owner=known_owner(system.organisation, about.owner) or user,
            expires_on=about.expires_on,
            replaces=about.replaces,
            number=number,
            author=user,
            **said,
        )
        facts = {"system": str(system.pk), "source": made.source, "type": made.type, "sha256": made.sha256}
        record(system.organisation, user, "evidence brought", made, facts)
    return made


def checked(system: System, about: About) -> None:
    """Raises InputError for what a piece cannot say of itself."""
    checked_name(about.title)
    evidence_type(about.type)
    if about.expires_on is not None and not isinstance(about.expires_on, date):
        raise InputError("The day on which it expires is a date.")
    known_owner(system.organisation, about.owner)


def following(system: System, replaced: Evidence | None) -> int:
    """The number of the version after it."""
    if replaced is None:
        return 1
    if replaced.system_id != system.pk:
        raise InputError("What it replaces is of another system.")
    Evidence.unscoped.select_for_update().get(pk=replaced.pk)
    if Evidence.unscoped.filter(replaces=replaced).exists():
        raise InputError("There is a newer version of it already. Replace that one.")
    return replaced.number + 1


@cache
def supported_by_check(check: str) -> tuple[str, ...]:
    """Ids of the requirements that a check's result is evidence for, by what its file declares."""
    declared = {each.id: each.answers_to for each in discover()}
    return tuple(found.id for said in declared.get(check, ()) for found in meant(said))


def meant(said: str) -> list[Requirement]:
    """`eu-ai-act:10(2)(f)`: the requirement of that reference; a whole article's or paragraph's, all of them."""
    name, _, place = said.partition(":")
    if name not in frameworks():
        return []
    ref = f"{PREFIXES.get(name, '')}{place}"
    return [
        each for each in requirements(name) if each.ref == ref or each.id == place or each.ref.startswith(f"{ref}(")
    ]
