"""A worker: Celery's process pool, watched and started again, and the reaper beside it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentTypeError
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections, connection

from models.jobs.alive import Alive
from models.jobs.doorbell import name_at_broker
from models.jobs.models import Queue
from models.jobs.reaper import reap
from models.jobs.tasks import QUEUES, die_with_parent

logger = logging.getLogger("models.jobs.worker")

PATIENCE = 30.0  # seconds for running jobs to be given back when told to stop


class Command(BaseCommand):
    help = "Run jobs until told to stop (SIGTERM, SIGINT): running jobs then go back to the queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--queues", type=queues, default=list(Queue.values), help="light,heavy,gpu (default: all of them)"
        )
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at the same time")
        parser.add_argument(
            "--light", type=int, default=0, help="more for light jobs alone, which then never wait long"
        )
        parser.add_argument("--no-reaper", action="store_true", help="another worker's reaper will do")

    def handle(self, *args: Any, **options: Any) -> None:
        pools = [Pool(options["queues"], options["concurrency"])]
        if options["light"]:
            pools.append(Pool([Queue.LIGHT.value], options["light"]))
        supervisor = Supervisor(pools, reaper=not options["no_reaper"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, supervisor.told_to_stop)
        supervisor.run()


def queues(text: str) -> list[str]:
    """light,heavy -> its names; raises ArgumentTypeError for one that there is not."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in Queue.values]
    if unknown or not names:
        raise ArgumentTypeError(f"{text!r} is no list of queues; there are {', '.join(Queue.values)}")
    return names


class Pool:
    """One Celery worker: a process for each job at the same time, for some of the queues."""

    def __init__(self, queues: list[str], concurrency: int) -> None:
        self.queues, self.concurrency = queues, concurrency
        self.failures, self.start_at = 0, 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start it where it does not run, the later the more often it ended by itself."""
        if self.process is not None and self.process.poll() is not None:
            logger.warning("the pool ended with exit code %s; starting it again", self.process.returncode)
            self.start_at = time.monotonic() + min(2.0**self.failures, 30.0)
            self.failures += 1
            self.process = None
        if self.process is None and time.monotonic() >= self.start_at:
            self.process = self.started()

    def started(self) -> subprocess.Popen[bytes]:
        """A session of its own: Ctrl-C in a terminal reaches us alone, and we tell the pool; it ends with us."""
        command = [sys.executable, "-m", "celery", "-q", "-A", settings.JOB_CELERY_APP, "worker"]
        command += ["--pool", "prefork", "--concurrency", str(self.concurrency), "--loglevel", "WARNING"]
        command += ["--without-gossip", "--without-mingle", "-n", f"{os.getpid()}-{id(self)}@%h"]
        command += ["-Q", ",".join(name_at_broker(queue) for queue in self.queues)]
        environment = {**os.environ, QUEUES: ",".join(self.queues)}
        return subprocess.Popen(
            command,
            env=environment,
            cwd=settings.BASE_DIR,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )

    def tell_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """For its end; past `until` its process group is killed, and leases run out by themselves."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    def __init__(self, pools: list[Pool], reaper: bool) -> None:
        self.pools, self.reaper = pools, reaper
        queues = sorted({queue for pool in pools for queue in pool.queues})
        self.alive = Alive(queues, sum(pool.concurrency for pool in pools))
        self.stopping = False

    def run(self) -> None:
        looked = 0.0
        while not self.stopping:
            for pool in self.pools:
                pool.look()
            self.alive.say()
            if self.reaper and time.monotonic() > looked + settings.JOB_REAP_SECONDS:
                looked = time.monotonic()
                self.reap()
            self.rest(0.2)
        self.stop()

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
        """All pools at once, and PATIENCE for all together."""
        for pool in self.pools:
            pool.tell_to_stop()
        until = time.monotonic() + PATIENCE
        for pool in self.pools:
            pool.wait(until)
        self.alive.end()
