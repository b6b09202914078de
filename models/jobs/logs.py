"""Which job a line of the log is about: set while a worker does one, read by whoever formats lines."""

from __future__ import annotations

from contextvars import ContextVar

# "the job's id, its attempt", or empty outside of any
current_job: ContextVar[tuple[str, int] | None] = ContextVar("current_job", default=None)
