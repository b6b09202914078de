"""The incident register: what happened, by when who has to be told, and who was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from plumbline_client.desk import Incident, Notification
from plumbline_client.room import Register, ident


class Incidents(Register[Incident]):
    """`client.incidents`."""

    path, thing = "/incidents", Incident

    def list(self, *, system: Any = None, state: str | None = None) -> Iterator[Incident]:
        """The newest first. `state`: open or closed."""
        return self._listed(system=system, state=state)

    def create(self, system: Any, title: str, aware_at: datetime, **said: Any) -> Incident:
        """Every clock of the law counts from `aware_at` (with its zone); `.clocks` has them.

        `said`: kinds (ids of client.law.list("eu-ai-act-incidents")), happened_at, place, link, known, corrective, and
        what else the API lists. change() takes the same.
        """
        return self._made(Incident, self.path, {"system": ident(system), "title": title, "aware_at": aware_at, **said})

    def close(self, incident: Incident | str, closing: str) -> Incident:
        """Say how it ended."""
        return self._act(incident, "close", closing=closing)

    def reopen(self, incident: Incident | str) -> Incident:
        return self._act(incident, "reopen")

    def notifications(self, incident: Incident | str) -> Iterator[Notification]:
        """Who was told of what, the oldest first."""
        return self._rows(Notification, f"{self._at(incident)}/notifications")

    def tell(
        self, incident: Incident | str, sort: str, recipient: str, authority: str, sent_at: datetime
    ) -> Notification:
        """Write down that somebody was told. Nothing is sent to anybody.

        `sort`: initial, follow-up or final; `recipient`: whom the law names; `authority`: its name.
        """
        said = {"sort": sort, "recipient": recipient, "authority": authority, "sent_at": sent_at}
        return self._made(Notification, f"{self._at(incident)}/notifications", said)
