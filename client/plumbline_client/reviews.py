"""Reviews that come due, the calendar, and your notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from plumbline_client.desk import Due, Notice, Review
from plumbline_client.room import Register, ident

SETTINGS = "/notices/settings"


class Reviews(Register[Review]):
    """`client.reviews`."""

    path, thing = "/reviews", Review

    def list(self, *, system: Any = None, done: bool | None = None) -> Iterator[Review]:
        """The earliest day first. `done`: only those that were, or were not."""
        return self._listed(system=system, done=done)

    def plan(self, system: Any, what: str, due_on: date | str, **said: Any) -> Review:
        """`said`: every_months (None: once), owner (a member's user id). change() takes the same."""
        return self._made(Review, self.path, {"system": ident(system), "what": what, "due_on": due_on, **said})

    def drop(self, review: Review | str) -> None:
        """Plan it no longer, as it was seen."""
        path = self._at(review)
        self.connection.delete(path, etag=getattr(review, "etag", None) or self.connection.etag(path))

    def do(self, review: Review | str, notes: str) -> Review:
        """It was done, and this was found. One that comes again is planned anew."""
        return self._act(review, "done", notes=notes)

    def calendar(self, until: date | str | None = None) -> tuple[Due, ...]:
        """Everything that is open and has a day, the earliest first, for a year ahead if not said."""
        return tuple(self._rows(Due, "/calendar", {"until": until}))

    def notices(self, seen: bool | None = None) -> Iterator[Notice]:
        """Your own, the newest first."""
        return self._rows(Notice, "/notices", {"seen": seen})

    def see(self, notice: Notice | str) -> Notice:
        """Mark it as seen."""
        return self._made(Notice, f"/notices/{ident(notice)}/seen")

    def is_mailed(self) -> bool:
        """Whether you are mailed of what nears, where the service sends mail."""
        return bool(self.connection.get(SETTINGS)["mail"])

    def mail(self, wanted: bool) -> bool:
        """Be mailed, or no more; the notices themselves stay."""
        return bool(self.connection.change(SETTINGS, {"mail": wanted})["mail"])
