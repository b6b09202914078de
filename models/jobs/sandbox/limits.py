"""What a sandboxed process may use."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

MIB = 1024 * 1024
GIB = 1024 * MIB


def usable_cores() -> int:
    """Cores that this process may run on, at most four: more threads in a sandbox starve the other workers."""
    return max(1, min(4, len(os.sched_getaffinity(0))))


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one sandboxed run; the process group is killed when it crosses one.

    seconds: wall clock. memory: bytes of private memory, summed over all processes. output: bytes in the output folder,
    and in one file. scratch: bytes in the private /tmp. processes: processes and threads together.
    threads: what numeric libraries are told to use. result: bytes of the JSON that comes back.
    """

    seconds: float = 600.0
    memory: int = 4 * GIB
    output: int = 4 * GIB
    scratch: int = 512 * MIB
    processes: int = 256
    threads: int = field(default_factory=usable_cores)
    result: int = 64 * MIB

    @property
    def address_space(self) -> int:
        """RLIMIT_AS: generous, since DuckDB, Arrow and onnxruntime reserve far more than they touch."""
        return 2 * self.memory + 16 * GIB

    @property
    def cpu_seconds(self) -> int:
        """RLIMIT_CPU: a second guard behind the wall clock, for a process that lost its watcher."""
        return int(self.seconds * self.threads) + 10
