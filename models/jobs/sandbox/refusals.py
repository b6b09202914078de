"""Notes what Python code in the sandbox tries and may not do.

The walls are namespaces, limits and the system-call filter; this only makes an attempt visible, so that the job fails
and says so instead of going on with whatever the attempt was to change.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.link",
}
CONNECTIONS = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}


def watch_refusals(writable: Sequence[str]) -> set[str]:
    """From now on refuse and note writes outside `writable` and every connection; the set fills as they happen."""
    refused: set[str] = set()
    allowed = tuple(os.path.realpath(folder) for folder in writable)
    sys.addaudithook(hook(refused, allowed))
    return refused


def hook(refused: set[str], allowed: tuple[str, ...]) -> Callable[[str, tuple[Any, ...]], None]:
    def refuse(what: str) -> None:
        if len(refused) < 20:
            refused.add(what[:300])
        raise PermissionError(f"not allowed in the sandbox: {what}")

    def on_event(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & WRITING and outside(path, allowed):
                refuse(f"write to {os.fsdecode(path)}")
        elif event in CHANGES and outside(args[0], allowed):
            refuse(f"{event.removeprefix('os.')} of {os.fsdecode(args[0])}")
        elif event in CONNECTIONS and to_network(args):
            refuse(f"connection ({event}) to {args[-1] if isinstance(args[-1], tuple) else args[0]}")

    return on_event


def outside(path: Any, allowed: tuple[str, ...]) -> bool:
    """True for a path outside the allowed folders; a library's bytecode cache is harmless and not told."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return False
    real = os.path.realpath(os.fsdecode(path))
    if "__pycache__" in real:
        return False
    return not any(real == folder or real.startswith(folder + os.sep) for folder in allowed)


def to_network(args: tuple[Any, ...]) -> bool:
    """An address is a tuple (connect, bind, sendto) or the bare host (getaddrinfo); a path is a local socket."""
    return isinstance(args[-1], tuple) or isinstance(args[0], (str, bytes))
