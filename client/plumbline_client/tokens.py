"""Your tokens: what programs sign in with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from plumbline_client.connection import Connection
from plumbline_client.records import Token, read_as


class Tokens:
    """`client.tokens`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def list(self) -> Iterator[Token]:
        """The newest first, with those that are over."""
        return (read_as(Token, row) for row in self.connection.pages("/tokens"))

    def create(self, name: str, scopes: Iterable[str], expires_at: datetime | None = None) -> Token:
        """A token with some of the scopes (read, register, run, govern, manage) that this client's own has.

        Args:
            expires_at: with its zone, at most 366 days ahead; without it in 90 days.

        Returns:
            The token, whose secret in `.token` is shown this once.
        """
        body: dict[str, Any] = {"name": name, "scopes": [*scopes]}
        if expires_at is not None:
            body["expires_at"] = expires_at.isoformat()
        return read_as(Token, self.connection.post("/tokens", body))

    def revoke(self, token: str) -> None:
        """By its id; it opens nothing from then on."""
        self.connection.delete(f"/tokens/{token}")
