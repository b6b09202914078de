"""Workers say that they are alive: one row each, written every few seconds."""

from __future__ import annotations

import logging
import os
import socket
import time
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from models.jobs.models import Worker, from_now

logger = logging.getLogger("models.jobs.worker")

SAY = 10.0  # seconds between two words of a worker
SILENT = timedelta(seconds=45)  # after which it counts as gone
FORGET = 24 * 3600.0


class Alive:
    """A worker's row, from its start to its end. A database that is away costs a word, never the worker."""

    def __init__(self, queues: list[str], concurrency: int) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.queues, self.concurrency = queues, concurrency
        self._said = -SAY

    def say(self) -> None:
        if time.monotonic() < self._said + SAY:
            return
        self._said = time.monotonic()
        try:
            close_old_connections()
            fields = {"queues": self.queues, "concurrency": self.concurrency, "seen_at": Now()}
            Worker.objects.update_or_create(name=self.name, defaults=fields)
            Worker.objects.filter(seen_at__lt=from_now(-FORGET)).delete()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("worker: no database (%s)", str(error).strip())
            connection.close()

    def end(self) -> None:
        try:
            Worker.objects.filter(name=self.name).delete()
        except (DatabaseError, InterfaceError):
            connection.close()


def workers() -> QuerySet[Worker]:
    """Those that were heard of lately."""
    return Worker.objects.filter(seen_at__gt=Now() - SILENT)
