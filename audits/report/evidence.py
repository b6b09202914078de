"""The audit's JSON as the bytes that travel inside the report, and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from models.errors import InputError

NAME = "evidence.json"
SCHEMA = "plumbline.audit/1"


def canonical_bytes(audit: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON with sorted keys and no blanks: the same audit gives the same bytes everywhere.

    Text outside ASCII is escaped, so that no name, however odd, makes the bytes invalid. Raises InputError on NaN,
    Infinity or a value that JSON does not know.
    """
    try:
        text = json.dumps(audit, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    except (ValueError, TypeError) as error:
        raise InputError(f"the audit cannot be written as JSON: {error}") from error
    return text.encode("ascii")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def report_id(evidence_sha256: str) -> str:
    """A short name that a person can read out: the first ten digits of the evidence's hash."""
    return f"PL-{evidence_sha256[:10].upper()}"
