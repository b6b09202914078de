"""Processes of ours beside this one: they end with it, and it does not go on without one of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import partial
from typing import IO

from django.conf import settings
from django.core.management.base import CommandError

from models.jobs.tasks import die_with_parent

PATIENCE = 40.0  # seconds for a worker to give its jobs back

Process = subprocess.Popen[bytes]


def start(*command: str, log: IO[bytes] | None = None, keep: tuple[int, ...] = ()) -> Process:
    """A command of manage.py in a session of its own, so that Ctrl-C reaches us alone and we tell it; it ends with us,
    however we end.

    What it prints goes to `log` where that is given, else to our own output; `keep` are the numbers of open files that
    it inherits.
    """
    return subprocess.Popen(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *command],
        cwd=settings.BASE_DIR,
        start_new_session=True,
        preexec_fn=partial(die_with_parent, signal.SIGTERM),
        stdout=log,
        stderr=subprocess.STDOUT if log else None,
        pass_fds=keep,
    )


class Beside:
    """Watched from now on: where one of them ends, we are told to end (SIGTERM)."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self.processes = dict(processes)
        self.died: list[str] = []
        self.stopping = threading.Event()
        for name in self.processes:
            threading.Thread(target=self.watch, args=(name,), daemon=True).start()

    def watch(self, name: str) -> None:
        """Pages without a worker would take work that nobody does."""
        self.processes[name].wait()
        if not self.stopping.is_set():
            self.died.append(name)
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """All are told first, then waited for."""
        self.stopping.set()
        stop(*self.processes.values())

    def complain(self) -> None:
        """CommandError where one of them ended by itself."""
        if self.died:
            code = self.processes[self.died[0]].returncode
            raise CommandError(f"the {self.died[0]} ended by itself with exit code {code}")


def stop(*processes: Process) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
