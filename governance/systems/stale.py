"""Nobody saves over what they have not seen."""

from __future__ import annotations

from typing import Any

from models.errors import InputError


class Stale(InputError):
    """What was seen is older than what stands; `current` is `what` (the word for it) as it is now, None: it is gone."""

    def __init__(self, what: str, current: Any) -> None:
        super().__init__(f"Somebody changed this {what} meanwhile. Nothing of yours was saved.")
        self.current = current


def refuse_stale(what: str, current: Any, edition: int | None) -> None:
    """Stale where `edition` is not the present one; None stands for whichever there is. Call it with the row locked."""
    if edition is not None and edition != current.edition:
        raise Stale(what, current)
