"""Why work in the sandbox came to no result."""

from __future__ import annotations

from typing import Literal

Kind = Literal["time", "memory", "crash", "cancelled", "suspicious"]


class SandboxError(RuntimeError):
    """The sandboxed process was stopped or failed.

    kind: "time" and "memory" are limits that were reached, "cancelled" is the caller's wish, "suspicious" means that
    the process tried what it may not do (write outside its folder, open a connection), "crash" is anything else.
    log: the last lines that the process printed, with the traceback where there is one.
    """

    def __init__(self, kind: Kind, message: str, log: str = "") -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.log = log
