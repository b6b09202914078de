"""The trail: who did what, each entry chained to the one before. Engineers may not read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from plumbline_client.connection import Connection
from plumbline_client.jobs import Jobs
from plumbline_client.records import Checkpoint, Entry, Job, TrailCheck, read_as
from plumbline_client.whole_files import written

# a long trail is checked by a job, which may take longer than that
AT_ONCE = 30


class Trail:
    """`client.trail`. What narrows it: object_type, object_id, verb, actor (an id or "none"), since, until (days)."""

    def __init__(self, connection: Connection, jobs: Jobs) -> None:
        self.connection, self.jobs = connection, jobs

    def list(self, **narrowed: Any) -> Iterator[Entry]:
        """The newest first."""
        return (read_as(Entry, row) for row in self.connection.pages("/trail", as_text(narrowed)))

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Its heads that were signed, the newest first. One that is kept elsewhere betrays a trail written anew."""
        return (read_as(Checkpoint, row) for row in self.connection.pages("/trail/checkpoints"))

    def export(self, path: str | os.PathLike[str], **narrowed: Any) -> Path:
        """Save it as JSON that can be checked without the server; how_to_check in it says how."""
        asked = httpx.QueryParams(as_text(narrowed))
        with written(Path(path)) as file:
            self.connection.download(f"/trail/export?{asked}" if narrowed else "/trail/export", file.write)
        return Path(path)

    def verify(self, timeout: float | None = None) -> TrailCheck:
        """Have every hash computed again, from the first entry on. JobFailed, StillRunning as Jobs.wait."""
        found = self.connection.post("/trail/verification", wait=AT_ONCE)
        if "whole" not in found:
            found = self.jobs.wait(read_as(Job, found), timeout=timeout).result
        return read_as(TrailCheck, found)


def as_text(narrowed: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in narrowed.items() if value is not None}
