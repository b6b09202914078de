"""What has to be done again and again: each room's periodic.py says what, and `manage.py beat` calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Every:
    """A function and how many seconds lie between two calls of it."""

    name: str
    seconds: float
    call: Call


_KNOWN: dict[str, Every] = {}


def every(seconds: float) -> Callable[[Call], Call]:
    """Have the function called every so many seconds, whichever machine the beat runs on.

    It is called without arguments, in a thread of its own, never twice at the same time by one beat. It has to stand
    being cut off anywhere and, when a beat was cut off from the database, running twice at once: claim rows before you
    work on them. What it raises is written to the log and to its row, and it is called again when it is next due.
    """

    def known(call: Call) -> Call:
        name = f"{call.__module__}.{call.__qualname__}"
        if name in _KNOWN:
            raise ValueError(f"two periodic functions are named {name}")
        _KNOWN[name] = Every(name, seconds, call)
        return call

    return known


def discovered() -> Iterable[Every]:
    """Every periodic function of every room; loads their periodic.py."""
    from django.utils.module_loading import autodiscover_modules

    autodiscover_modules("periodic")
    return list(_KNOWN.values())
