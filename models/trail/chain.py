"""Hashes of a chain: plain functions, so that a printed head can be checked without the service."""

from __future__ import annotations

import hashlib
import json
from typing import Any

GENESIS = "0" * 64


def canonical(value: dict[str, Any]) -> str:
    """One text for one value: keys sorted, no spaces, no NaN; raises ValueError or TypeError for what is not JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def entry_hash(body: str) -> str:
    """SHA-256 of the canonical JSON, which holds the previous entry's hash and the sequence number."""
    return hashlib.sha256(body.encode()).hexdigest()
