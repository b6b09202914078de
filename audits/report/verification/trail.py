"""Checks an exported trail (models/trail/export.py) with nothing but the file: entries, chain, signed heads."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audits.report.signature import UNSIGNED, any_of
from audits.report.verification.findings import Findings

GENESIS = "0" * 64
PARTS = {"entries": list, "checkpoints": list, "keys": dict}


def is_trail(file: Path) -> bool:
    """A PDF begins otherwise."""
    with file.open("rb") as handle:
        return handle.read(64).lstrip().startswith(b"{")


def check_trail(file: Path, trusted: Collection[str] = ()) -> Findings:
    """Up to the first entry that is not as it was written; with fingerprints in `trusted`, only their keys are
    believed. Never raises for a bad file: the findings say what it is."""
    findings = Findings()
    try:
        trail = json.loads(file.read_bytes())
        wrong = [name for name, kind in PARTS.items() if not isinstance(trail.get(name), kind)]
        if wrong:
            findings.reason = f"it is no exported trail: it lacks {', '.join(wrong)}"
        elif not trail.get("complete"):
            findings.reason = "it holds some of the entries only, so that no chain can be followed: export all of them"
        else:
            check_signed(trail, check_entries(trail, findings), trusted, findings)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        findings.reason = f"it is no trail that Plumbline writes: {type(error).__name__} {str(error)[:200]}"
    return findings


def check_entries(trail: dict[str, Any], findings: Findings) -> dict[int, str]:
    """The hash of each good entry, by its place."""
    hashes: dict[int, str] = {}
    previous = GENESIS
    for place, row in enumerate(trail["entries"], 1):
        entry = row["entry"]
        said = (entry["sequence"], entry["previous"], row["hash"])
        if said != (place, previous, digest := entry_hash(entry)):
            findings.differ(f"entry {place}: its place, the hash before, its own", said, (place, previous, digest))
            if place < len(trail["entries"]):
                findings.leave(f"entries {place + 1} to {len(trail['entries'])}", "they follow one that is not good")
            return hashes
        hashes[place] = previous = digest
        findings.agrees(f"entry {place}")
    head = trail.get("head") or {"sequence": 0, "hash": GENESIS}
    findings.compare("the head of the chain", head, {"sequence": len(hashes), "hash": previous})
    return hashes


def check_signed(trail: dict[str, Any], hashes: dict[int, str], trusted: Collection[str], findings: Findings) -> None:
    signed = 0
    used: set[str] = set()
    for row in trail["checkpoints"]:
        said = json.loads(row["statement"])
        place, key = said["sequence"], said["key"]
        what = f"the head that was signed at entry {place} with {key}"
        if not is_signed(trail["keys"].get(key, ""), key, row):
            findings.differ(f"the signature of {what}", "not good", "good")
        elif place in hashes or not findings.differs:
            findings.compare(what, said["hash"], hashes.get(place, "no such entry"))
        signed, used = max(signed, place), used | {key}
    for key in sorted(used):
        if trusted:
            printed = sha256_of(trail["keys"].get(key, ""))
            findings.compare(f"the key {key}", printed, printed if printed in trusted else any_of(trusted))
        else:
            findings.leave(f"whose key {key} is", "compare it with the one that the operator made known")
    if trusted and not used:
        findings.differ("the key that signed its heads", UNSIGNED, any_of(trusted))
    if signed < len(hashes) and not findings.differs:
        since = f"entries {signed + 1} to {len(hashes)} as they were written"
        findings.leave(since, "no head was signed since: whoever has the database could have written them anew")


def is_signed(public: str, key: str, row: dict[str, Any]) -> bool:
    try:
        content = base64.b64decode(public, validate=True)
        Ed25519PublicKey.from_public_bytes(content).verify(
            base64.b64decode(row["signature"], validate=True), row["statement"].encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return sha256_of(public)[:16] == key


def sha256_of(public: str) -> str:
    """The fingerprint of a key in base64."""
    return hashlib.sha256(base64.b64decode(public)).hexdigest()


def entry_hash(entry: dict[str, Any]) -> str:
    """As models/trail/chain.py has it, which science does not import; a test holds the two together."""
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
