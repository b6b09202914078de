"""One line of the benchmark's table, and what is used to fill it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("var/bench")
FULL = os.environ.get("BENCH_FULL") == "1"


@dataclass(frozen=True)
class Row:
    """What was measured, ours beside the peer's, and the budget. `met` is None where there is none."""

    what: str
    ours: str
    peer: str
    ratio: float | None
    budget: str
    met: bool | None


def faster(what: str, ours: float, peer: float, peer_name: str, budget: float | None) -> Row:
    """How many times the peer's seconds are ours."""
    ratio = peer / ours
    return Row(
        what,
        f"{ours:.2f} s",
        f"{peer:.1f} s, {peer_name}",
        ratio,
        f"{budget:,.0f} times faster" if budget else "",
        ratio >= budget if budget else None,
    )


def within(what: str, ours: float, limit: float, unit: str = "s") -> Row:
    """A figure under its limit."""
    return Row(what, f"{ours:.2f} {unit}", "", None, f"under {limit:g} {unit}", ours < limit)


def seconds(work: Callable[[], object], repeat: int = 1) -> float:
    """The shortest of `repeat` runs, which is the one that others disturbed least."""

    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(once() for _ in range(repeat))
