"""What waits for who is signed in, said in the head of every page; a room above says how it is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Counts = Callable[[Any, Any], int]
_COUNTS: list[Counts] = []


def count_by(counts: Counts) -> None:
    """Have this function, of a user and an organisation, counted in. Every page asks it, so it has to be cheap."""
    _COUNTS.append(counts)


def counted(user: Any, organisation: Any) -> int:
    return sum(counts(user, organisation) for counts in _COUNTS)
