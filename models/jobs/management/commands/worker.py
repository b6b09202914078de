"""A worker: Celery's process pool, watched and started again, and the reaper beside it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections, connection

from models.jobs.reaper import reap

logger = logging.getLogger("models.jobs.worker")

PATIENCE = 30.0  # seconds for running jobs to be given back when told to stop


class Command(BaseCommand):
    help = "Run jobs until told to stop (SIGTERM, SIGINT): running jobs then go back to the queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at the same time")
        parser.add_argument("--no-reaper", action="store_true", help="another worker's reaper will do")

    def handle(self, *args: Any, **options: Any) -> None:
        supervisor = Supervisor(options["concurrency"], reaper=not options["no_reaper"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, supervisor.told_to_stop)
        supervisor.run()


class Supervisor:
    def __init__(self, concurrency: int, reaper: bool) -> None:
        self.concurrency, self.reaper = concurrency, reaper
        self.stopping = False
        self.pool: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        failures, looked = 0, 0.0
        self.pool = self.start()
        while not self.stopping:
            if self.pool.poll() is not None:
                failures += 1
                logger.warning("the pool ended with exit code %s; starting it again", self.pool.returncode)
                self.rest(min(2.0 ** (failures - 1), 30.0))
                if not self.stopping:
                    self.pool = self.start()
            if self.reaper and time.monotonic() > looked + settings.JOB_REAP_SECONDS:
                looked = time.monotonic()
                self.reap()
            self.rest(0.2)
        self.stop()

    def start(self) -> subprocess.Popen[bytes]:
        """A session of its own: Ctrl-C in a terminal reaches us alone, and we tell the pool."""
        command = [sys.executable, "-m", "celery", "-q", "-A", settings.JOB_CELERY_APP, "worker"]
        command += ["--pool", "prefork", "--concurrency", str(self.concurrency), "--loglevel", "WARNING"]
        command += ["--without-gossip", "--without-mingle", "-n", f"{os.getpid()}@%h"]
        environment = {**os.environ, "PLUMBLINE_SUPERVISED": "1"}
        return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, start_new_session=True)

    def reap(self) -> None:
        """A database that is away for a while must not end the worker."""
        try:
            close_old_connections()
            done = reap()
            if done.put_back or done.failed:
                logger.warning("reaper: %d put back, %d ended", done.put_back, done.failed)
        except Exception as error:
            logger.warning("reaper: %s", error)
            connection.close()

    def rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(0.05)

    def told_to_stop(self, *args: Any) -> None:
        self.stopping = True

    def stop(self) -> None:
        """Ask the pool to end; after PATIENCE its process group is killed, and leases run out by themselves."""
        if self.pool is None or self.pool.poll() is not None:
            return
        self.pool.terminate()
        try:
            self.pool.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.pool.pid, signal.SIGKILL)
            self.pool.wait()
