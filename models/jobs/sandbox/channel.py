"""What comes back from the child: events as lines of JSON on one pipe, whatever it prints on another."""

from __future__ import annotations

import json
import os
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

TAIL = 16 * 1024
CHUNK = 64 * 1024
OnProgress = Callable[[float, str], None]


class Channel:
    """Reads both pipes without ever blocking; never trusts what it reads to be well formed.

    final is the child's last word; overflowed says that it sent a line longer than a result may be.
    """

    def __init__(self, events: int, prints: int, on_progress: OnProgress | None, largest: int) -> None:
        self.final: dict[str, Any] | None = None
        self.overflowed = False
        self._events, self._prints = events, prints
        self._on_progress, self._largest = on_progress, largest
        self._line, self._tail = bytearray(), bytearray()
        self._selector = selectors.DefaultSelector()
        self._open = {events, prints}
        for end in self._open:
            os.set_blocking(end, False)
            self._selector.register(end, selectors.EVENT_READ)

    def wait(self, seconds: float) -> None:
        """Read what is there, for at most about so long."""
        if not self._open:
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            self._read(key.fd)

    def drain(self) -> None:
        """Read what is left in the pipes of a process that has ended."""
        for end in list(self._open):
            while self._read(end):
                pass

    def log(self) -> str:
        return self._tail.decode("utf-8", "replace").replace("\0", "")

    def close(self) -> None:
        self._selector.close()

    def _read(self, end: int) -> bool:
        try:
            data = os.read(end, CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(end)
            self._open.discard(end)
            return False
        if end == self._prints:
            self._tail = (self._tail + data)[-TAIL:]
        else:
            self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        self._line += data
        if self.overflowed or len(self._line) > self._largest + CHUNK:
            self.overflowed = True
            self._line.clear()
            return
        *lines, rest = self._line.split(b"\n") if b"\n" in data else [self._line]
        self._line = bytearray(rest)
        for line in lines:
            self._event(bytes(line))

    def _event(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(event, dict):
            return
        if "progress" not in event:
            self.final = event
        elif self._on_progress is not None:
            progress = sane_progress(event["progress"])
            if progress is not None:
                self._on_progress(*progress)


def sane_progress(value: Any) -> tuple[float, str] | None:
    """A fraction between 0 and 1 and one printable sentence, or None."""
    try:
        fraction, sentence = float(value[0]), str(value[1])
    except (TypeError, ValueError, LookupError):
        return None
    if fraction != fraction:
        return None
    return min(max(fraction, 0.0), 1.0), "".join(c if c.isprintable() else " " for c in sentence)[:200]


@contextmanager
def pipe() -> Iterator[list[int]]:
    """A pipe as [reading end, writing end]; the writing end may be closed early by close_writing."""
    ends = list(os.pipe())
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def close_writing(ends: list[int]) -> None:
    os.close(ends.pop())
