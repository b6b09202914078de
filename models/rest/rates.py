"""How many requests a token (or a signed-in person) may make in a time.

The count stands in the database, so that several web processes agree; each takes a part of what is left at a time and
hands that out from its memory, so that not every request writes. What a process took and did not hand out is lost for
the others until the next window: the limit is never exceeded, and may be felt up to a twentieth early for each process.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import cache
from math import ceil

from django.conf import settings
from django.db import transaction

from models.rest.models import Spent
from models.rest.problems import Problem

SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "day": 86400}
SHARE = 20


@dataclass(frozen=True, slots=True)
class Rate:
    """`limit` requests in `seconds`."""

    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a principal has left after this request; `reset` is in seconds."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        told = {"Limit": self.limit, "Remaining": self.remaining, "Reset": self.reset}
        return {f"RateLimit-{name}": str(number) for name, number in told.items()}


@cache
def rate_of(text: str) -> Rate | None:
    """`600/min` as a rate; None for `off`. ValueError for what is neither."""
    if text.strip().lower() in ("", "off", "none"):
        return None
    limit, _, per = text.partition("/")
    if not limit.strip().isdecimal() or int(limit) < 1 or per.strip().lower() not in SECONDS:
        raise ValueError(f"API_RATE is like 600/min, or off; not {text!r}")
    return Rate(int(limit), SECONDS[per.strip().lower()])


class Meter:
    """This process's part of what is left, by principal, in the present window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._held: dict[str, tuple[int, int]] = {}

    def spend(self, principal: str, rate: Rate, now: float) -> Standing:
        """Count one request. Raises Problem: rate-limited."""
        window = int(now // rate.seconds)
        reset = max(1, ceil((window + 1) * rate.seconds - now))
        mine, left = self._take(principal, rate, window)
        if mine == 0:
            mine, left = handed_out(principal, rate, window)
            self._put(principal, window, max(0, mine - 1), left)
        if mine == 0:
            standing = Standing(rate.limit, 0, reset)
            detail = f"{rate.limit:,} requests in {rate.seconds:,} seconds are taken. Come again in {reset:,} seconds."
            raise Problem("rate-limited", detail, headers={"Retry-After": str(reset), **standing.headers()})
        return Standing(rate.limit, mine - 1 + left, reset)

    def _take(self, principal: str, rate: Rate, window: int) -> tuple[int, int]:
        with self._lock:
            if window != self._window:
                self._window, self._held = window, {}
            mine, left = self._held.get(principal, (0, 0))
            if mine:
                self._held[principal] = (mine - 1, left)
            return mine, left

    def _put(self, principal: str, window: int, mine: int, left: int) -> None:
        """Beside what another thread fetched meanwhile."""
        with self._lock:
            if window == self._window:
                before, _ = self._held.get(principal, (0, 0))
                self._held[principal] = (before + mine, left)

    def forget(self) -> None:
        with self._lock:
            self._held = {}


def handed_out(principal: str, rate: Rate, window: int) -> tuple[int, int]:
    """A twentieth of the rate, or what is left of it, for this process; and what is left after that."""
    with transaction.atomic():
        Spent.objects.bulk_create([Spent(principal=principal)], ignore_conflicts=True)
        row = Spent.objects.select_for_update().get(principal=principal)
        if row.window != window:
            row.window, row.taken = window, 0
        part = max(0, min(max(1, rate.limit // SHARE), rate.limit - row.taken))
        row.taken += part
        row.save(update_fields=["window", "taken"])
    return part, max(0, rate.limit - row.taken)


METER = Meter()


def spend(principal: str) -> Standing | None:
    """Count one request of the principal; None where there is no limit. Raises Problem: rate-limited."""
    rate = rate_of(settings.API_RATE)
    return METER.spend(principal, rate, time.time()) if rate else None
