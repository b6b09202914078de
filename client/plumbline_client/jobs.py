"""Jobs: how far they are, waiting for them, stopping them, trying them again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from plumbline_client.connection import Connection
from plumbline_client.errors import JobFailed, StillRunning
from plumbline_client.progress import Shown, progress_of
from plumbline_client.records import Job, read_as

# with a bar an answer is wanted soon; without one, only at the end
SOON, LONG = 2, 30
# where the server answers at once all the same (too many wait already)
SHORTEST = 0.5


class Jobs:
    """`client.jobs`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def get(self, job: str) -> Job:
        return read_as(Job, self.connection.get(f"/jobs/{job}"))

    def list(self, *, state: str | None = None, kind: str | None = None) -> Iterator[Job]:
        """The newest first."""
        return (read_as(Job, row) for row in self.connection.pages("/jobs", {"state": state, "kind": kind}))

    def log(self, job: str) -> str:
        """What it printed."""
        return self.connection.send("GET", f"/jobs/{job}/log").text

    def cancel(self, job: str) -> Job:
        return read_as(Job, self.connection.post(f"/jobs/{job}/cancel"))

    def retry(self, job: str) -> Job:
        """A new job that does the same as one that failed or was cancelled."""
        return read_as(Job, self.connection.post(f"/jobs/{job}/retry"))

    def wait(self, job: Job | str, *, progress: bool | Shown = False, timeout: float | None = None) -> Job:
        """Wait until the job is finished.

        Args:
            progress: True for a progress bar where somebody looks on, or a function of (share, sentence).
            timeout: seconds; None waits for as long as it takes.

        Raises:
            JobFailed: it failed or was cancelled. StillRunning: not finished within `timeout`.
        """
        found = self.get(job) if isinstance(job, str) else job
        until = None if timeout is None else time.monotonic() + timeout
        with progress_of(progress, found.title or found.kind) as shown:
            while not found.is_finished:
                if until is not None and time.monotonic() >= until:
                    said = (
                        f"{found.title or found.kind} is {found.state} still, and goes on. Ask again, or wait longer."
                    )
                    raise StillRunning(said, found)
                shown(found.progress.fraction, found.progress.sentence or found.state)
                found = self._next(found, SOON if progress else LONG, until)
        return succeeded(found)

    def _next(self, job: Job, seconds: int, until: float | None) -> Job:
        began = time.monotonic()
        wait = seconds if until is None else max(0, min(seconds, int(until - began)))
        answer: Any = self.connection.get(f"/jobs/{job.id}", wait=wait)
        found = read_as(Job, answer)
        if not found.is_finished:
            time.sleep(max(0.0, min(SHORTEST, began + SHORTEST - time.monotonic())))
        return found


def succeeded(job: Job) -> Job:
    if job.state == "succeeded":
        return job
    title = job.title or job.kind
    why = job.error or ("it was cancelled" if job.state == "cancelled" else "no reason is known")
    raise JobFailed(f"{title} {'failed' if job.state == 'failed' else 'was cancelled'}: {why}", job)
