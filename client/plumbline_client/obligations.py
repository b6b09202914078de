"""What the law and the frameworks ask of a system, the evidence for it, and what is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plumbline_client.connection import Connection
from plumbline_client.datasets import send_file
from plumbline_client.desk import Coverage, Dismissal, Evidence, Obligation, Result
from plumbline_client.progress import Shown
from plumbline_client.room import Register, Room, ident
from plumbline_client.uploads import Uploads

EVIDENCE = "/evidence"


class Obligations(Register[Obligation]):
    """`client.obligations`. To accept what was brought is for a second person who is signed in; no token does it."""

    path, thing = "/obligations", Obligation

    def list(self, **narrowed: Any) -> Iterator[Obligation]:
        """`narrowed`: system, framework, state, owner, overdue (True), asked (False: no longer asked), binds."""
        return self._listed(**narrowed)

    def evidence(self, obligation: Obligation | str) -> Iterator[Evidence]:
        """What supports it."""
        return self._rows(Evidence, f"{self._at(obligation)}/evidence")

    def attach(self, obligation: Obligation | str, piece: Evidence | str) -> Evidence:
        """Let a piece of evidence of the same system support it."""
        return self._made(Evidence, f"{self._at(obligation)}/evidence", {"evidence": piece})

    def detach(self, obligation: Obligation | str, piece: Evidence | str) -> None:
        """The evidence itself stays."""
        self.connection.delete(f"{self._at(obligation)}/evidence/{ident(piece)}")

    def start_audit(self, obligation: Obligation | str, version: Any) -> str:
        """Audit a model version of the system once more, as the last time an audit answered to this obligation.

        The result is attached by itself where the token has the scope govern. Gives the audit's id, for
        client.audits.get().
        """
        begun = self.connection.post(f"{self._at(obligation)}/audits", {"version": ident(version)})
        return str(begun["audit"])

    def coverage(self, system: Any) -> Coverage:
        """How much of each chapter is proven, and (`.gaps`) what is missing."""
        return self._one(Coverage, f"/systems/{ident(system)}/coverage")


class Proofs(Room):
    """`client.evidence`: documents, signed statements and results of audits.

    A piece never changes; a newer version of it is brought with replaces=.
    """

    def __init__(self, connection: Connection, uploads: Uploads) -> None:
        super().__init__(connection)
        self.uploads = uploads

    def list(self, *, system: Any = None, source: str | None = None) -> Iterator[Evidence]:
        """The newest first. `source`: audit, document or statement."""
        return self._rows(Evidence, EVIDENCE, {"system": system, "source": source})

    def get(self, piece: Evidence | str) -> Evidence:
        return self._one(Evidence, f"{EVIDENCE}/{ident(piece)}")

    def document(
        self, system: Any, file: Any, title: str, type: str, *, progress: bool | Shown = False, **said: Any
    ) -> Evidence:
        """Bring a document: a path, or a file opened for reading bytes. It is kept as it is, and never opened.

        `type` is an id of client.law.list("evidence-types"); `said`: owner, expires_on, replaces (the piece before it).
        """
        upload = send_file(self.uploads, file, None, progress)
        return self._bring(system, title, type, {"upload": upload, **said})

    def statement(self, system: Any, text: str, title: str, type: str, **said: Any) -> Evidence:
        """State something, in the name of the token's owner. `type` and `said` as of a document."""
        return self._bring(system, title, type, {"text": text, **said})

    def of_audit(self, system: Any, audit: Any, title: str, type: str, **said: Any) -> Evidence:
        """Take the result of an audit of the system's models. attach_result() attaches it too."""
        return self._bring(system, title, type, {"audit": ident(audit), **said})

    def save(self, piece: Evidence | str, file: str | os.PathLike[str]) -> Path:
        """A document's bytes as they were brought: nobody checked them."""
        return self._saved(f"{EVIDENCE}/{ident(piece)}/file", file)

    def results(self, system: Any) -> tuple[Result, ...]:
        """Results of audits that could be evidence, which nobody attached or dismissed yet."""
        return tuple(self._rows(Result, f"/systems/{ident(system)}/results"))

    def attach_result(self, system: Any, audit: Any) -> Evidence:
        """Attach it to every obligation that its checks answer to."""
        return self._made(Evidence, f"/systems/{ident(system)}/results", {"audit": ident(audit)})

    def dismiss_result(self, system: Any, audit: Any, reason: str) -> Dismissal:
        said = {"audit": ident(audit), "reason": reason}
        return self._made(Dismissal, f"/systems/{ident(system)}/results/dismissals", said)

    def _bring(self, system: Any, title: str, type: str, said: dict[str, Any]) -> Evidence:
        return self._made(Evidence, EVIDENCE, {"system": ident(system), "title": title, "type": type, **said})
