"""Prefer: wait=N (RFC 7240)."""

from __future__ import annotations

import re

from django.http import HttpRequest

MOST_SECONDS = 60
WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)


def seconds_to_wait(request: HttpRequest) -> int:
    """How long the caller would rather wait than be told to come again; what cannot be read is no preference."""
    found = WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), MOST_SECONDS) if found else 0
