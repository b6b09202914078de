"""What the child does to itself before it reads the first hostile byte; none of it can be undone."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from models.jobs.sandbox.landlock import shut_filesystem
from models.jobs.sandbox.syscalls import refuse_system_calls

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38


class Walls(TypedDict):
    """parent: the process that must still be there; readable, writable: the folders that stay open."""

    parent: int
    readable: list[str]
    writable: list[str]


def confine(rlimits: Mapping[str, int], walls: Walls | None) -> None:
    """Die with the parent, be first to go when memory runs out, gain no rights, keep to the limits, make no connection.

    walls is None where bubblewrap has put them up already.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if walls is not None and os.getppid() != walls["parent"]:
        os._exit(1)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    volunteer_for_oom()
    for name, value in rlimits.items():
        limit(getattr(resource, name), value)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    if walls is not None:
        shut_filesystem(libc, walls["readable"], walls["writable"])
    refuse_system_calls(libc)


def volunteer_for_oom() -> None:
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return  # a read-only /proc: the watcher's memory limit still holds


def limit(which: int, value: int) -> None:
    """Set soft and hard, never above the hard limit that is already there."""
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))
