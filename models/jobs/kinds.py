"""The kinds of job there are: each room's job_kinds.py registers its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from models.jobs.context import JobContext
    from models.jobs.models import Job


@dataclass(frozen=True, slots=True)
class JobKind:
    """run(context) does the long work outside any transaction and returns an outcome of its own making.

    save(job, outcome) stores it inside the one transaction that ends the job, and returns what job.result shall be
    (JSON, or None). It runs at most once for a job with effect; it may raise InputError, which fails the job.
    run must stand being cut off anywhere and begun again: it leaves traces only in context.workdir.
    title is for people; page(job) is the address of what the job is for, or empty. time_limit (seconds) and
    memory_limit (bytes) replace the defaults of the settings. queue says which workers it is for: light (seconds, such
    as a registration), heavy, or gpu.
    retry(job, user) submits the same work again, with whatever rows it needs beside the job, and returns the new job;
    submit.py's `again` does for a kind that needs none. None: it cannot be repeated from what is kept.
    """

    name: str
    run: Callable[[JobContext], Any]
    save: Callable[[Job, Any], dict[str, Any] | None]
    title: str = ""
    time_limit: int | None = None
    memory_limit: int | None = None
    page: Callable[[Job], str] = lambda job: ""
    queue: Literal["light", "heavy", "gpu"] = "heavy"
    retry: Callable[[Job, Any], Job] | None = None


_KINDS: dict[str, JobKind] = {}


def register(kind: JobKind) -> JobKind:
    """Make a kind known; ValueError if another one has its name."""
    if _KINDS.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"two kinds of job are named {kind.name!r}")
    return kind


def kind_named(name: str) -> JobKind:
    """KeyError for a name that nobody registered."""
    return _KINDS[name]
