"""A thread that keeps the lease, writes progress and log, and notices when the work has to stop."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from models.jobs.lease import Lease
from models.jobs.logs import current_job
from models.jobs.models import Job

logger = logging.getLogger(__name__)

Stop = Literal["cancel", "time", "lost", "shutdown"]
LOG_LENGTH = 64 * 1024


class Heartbeat:
    """Runs beside the work, with a database connection of its own.

    stop says why the work has to end, or None. give_up is called, if set, when the work has not ended JOB_GRACE_SECONDS
    after it had to; it does not return.
    """

    def __init__(self, lease: Lease, job: Job, give_up: Callable[[Heartbeat], None] | None = None) -> None:
        self.stop: Stop | None = None
        self.log = job.log
        self.lease, self._give_up = lease, give_up
        self._deadline = time.monotonic() + job.time_limit
        self._lock, self._over = threading.Lock(), threading.Event()
        self._news: dict[str, Any] = {}
        self._renewed = time.monotonic()
        self._stopped_at = 0.0
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{lease.job_id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds_left(self) -> float:
        return max(1.0, self._deadline - time.monotonic())

    def tell(self, fraction: float, sentence: str) -> None:
        """Progress, written with the next beat."""
        with self._lock:
            self._news |= {"progress": min(max(float(fraction), 0.0), 1.0), "sentence": sentence[:200]}

    def note(self, lines: str) -> None:
        """Lines for the log that is kept with the job; only its end is kept when it grows too long."""
        with self._lock:
            self.log = (self.log + lines.replace("\0", "").rstrip("\n") + "\n")[-LOG_LENGTH:]
            self._news["log"] = self.log

    def _beat(self) -> None:
        current_job.set((str(self.lease.job_id), self.lease.attempt))  # this thread's own
        tick = min(1.0, settings.JOB_LEASE_SECONDS / 4)
        try:
            while not self._over.wait(tick):
                self._look()
                if (
                    self.stop is not None
                    and self._give_up
                    and time.monotonic() > self._stopped_at + settings.JOB_GRACE_SECONDS
                ):
                    self._give_up(self)
        finally:
            connection.close()

    def _look(self) -> None:
        if told_to_stop():
            self._end("shutdown")
        if time.monotonic() > self._deadline:
            self._end("time")
        try:
            self._ask_database()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("job %s: no heartbeat (%s)", self.lease.job_id, error)
            connection.close()
            if time.monotonic() > self._renewed + settings.JOB_LEASE_SECONDS:
                self._end("lost")

    def _ask_database(self) -> None:
        now = time.monotonic()
        with self._lock:
            news = dict(self._news)
        if news or now > self._renewed + settings.JOB_LEASE_SECONDS / 4:
            self.lease.renew(**news)
            self._renewed = now
            with self._lock:
                self._news = {key: value for key, value in self._news.items() if news.get(key) != value}
        asked = list(self.lease.rows().values_list("cancel_requested_at", flat=True))
        if not asked:
            self._end("lost")
        elif asked[0] is not None:
            self._end("cancel")

    def _end(self, why: Stop) -> None:
        if self.stop is None:
            self.stop, self._stopped_at = why, time.monotonic()


def told_to_stop() -> bool:
    """True once this worker process, or the one whose pool it is in, has been told to end."""
    return any(Path(stop_file(pid)).exists() for pid in (os.getpid(), os.getppid()))


def stop_file(pid: int) -> str:
    """A worker process that is told to end makes this file; the heartbeats in its children see it."""
    return str(settings.JOB_WORK_FOLDER / f"stop-{pid}")
