"""The beat: calls what is periodic. Any number may run; one at a time holds the row that gives the right to."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterable
from uuid import UUID, uuid4

from django.db import DatabaseError, InterfaceError, connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from models.jobs.models import Beat, Periodic, from_now
from models.jobs.periodic import Every

logger = logging.getLogger(__name__)

NAME = "beat"
LEASE = 30.0  # seconds after which a beat that is not heard of has lost the right
RENEW = 5.0
LOOK = 0.5


class Beating:
    """One beat's life. Every call runs in a thread of its own, so that a slow one keeps no other waiting."""

    def __init__(self, periodic: Iterable[Every]) -> None:
        self.periodic = list(periodic)
        self.token: UUID | None = None
        self.stopping = threading.Event()
        self._renewed = 0.0
        self._calls: dict[str, threading.Thread] = {}
        self._look_at: dict[str, float] = {}  # the database is not asked before

    def run(self) -> None:
        """Until told to stop. A database that is away is waited for; calls that still run then are cut off."""
        while not self.stopping.is_set():
            try:
                self.turn()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("beat: no database (%s)", str(error).strip())
                connection.close()
                self.stopping.wait(RENEW)
            self.stopping.wait(LOOK)
        self.release()

    def turn(self) -> None:
        """Hold the right, and start what is due."""
        if not self.hold():
            self.stopping.wait(RENEW)
            return
        for each in self.periodic:
            running, now = self._calls.get(each.name), time.monotonic()
            if now < self._look_at.get(each.name, 0.0) or (running is not None and running.is_alive()):
                continue
            self._look_at[each.name] = now + min(each.seconds, RENEW)
            if claim(each):
                self._look_at[each.name] = now + each.seconds
                self._calls[each.name] = thread = threading.Thread(target=call, args=(each,), daemon=True)
                thread.start()

    def hold(self) -> bool:
        """Have or renew the right; False if another beat has it."""
        if self.token is not None and time.monotonic() < self._renewed + RENEW:
            return True
        self._renewed = time.monotonic()
        if self.token is not None and mine(self.token).update(until=from_now(LEASE)):
            return True
        self.token = take()
        self._look_at.clear()
        return self.token is not None

    def release(self) -> None:
        if self.token is None:
            return
        try:
            mine(self.token).update(token=None, until=None, holder="")
        except (DatabaseError, InterfaceError):
            logger.warning("beat: the right is given up by running out")
        finally:
            connection.close()


def mine(token: UUID) -> models.QuerySet[Beat]:
    return Beat.objects.filter(name=NAME, token=token)


def take() -> UUID | None:
    """Take the right where it is free or has run out. What the last holder left unfinished is due at once."""
    Beat.objects.bulk_create([Beat(name=NAME)], ignore_conflicts=True)
    token = uuid4()
    free = Beat.objects.filter(Q(until=None) | Q(until__lt=Now()), name=NAME)
    with transaction.atomic():
        if not free.update(token=token, until=from_now(LEASE), holder=f"{socket.gethostname()}:{os.getpid()}"):
            return None
        Periodic.objects.filter(started_at__isnull=False, finished_at=None).update(started_at=None)
    return token


def claim(each: Every) -> bool:
    """True for the one that may call the function now: it is due, and nobody else has just begun."""
    rows = Periodic.objects.filter(name=each.name)
    due = Q(started_at=None) | Q(started_at__lte=from_now(-each.seconds))
    if rows.filter(due).update(started_at=Now(), finished_at=None):
        return True
    if rows.exists():
        return False
    return bool(Periodic.objects.bulk_create([Periodic(name=each.name)], ignore_conflicts=True)) and claim(each)


def call(each: Every) -> None:
    """Call the function and write down how it went."""
    began, error = time.monotonic(), ""
    try:
        each.call()
    except Exception as failure:
        logger.exception("periodic %s", each.name)
        error = f"{type(failure).__name__}: {failure}"[:1000]
    took = round(time.monotonic() - began, 3)
    connection.close()
    rows = Periodic.objects.filter(name=each.name)
    try:
        rows.update(
            finished_at=Now(), seconds=took, error=error, failures=F("failures") + 1 if error else F("failures")
        )
    except (DatabaseError, InterfaceError) as failure:
        logger.warning("periodic %s: its end could not be written (%s)", each.name, str(failure).strip())
    finally:
        connection.close()
