"""Five hundred jobs queued at once, three workers: none lost, none done twice. On PostgreSQL, embedded broker."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.row import Row
from tests.bench.service import ROOT, Place, place_on_postgres

JOBS, WORKERS = 500, 3
PATIENCE = 600
KINDS = {"PLUMBLINE_EXTRA_APPS": "tests.faults.kinds.apps.FaultKindsConfig"}
QUEUE = """
from models.accounts.models import Organisation
from models.jobs.submit import submit
bank = Organisation.objects.create(name="Bench Bank")
for number in range({jobs}):
    submit("quick", organisation=bank, user=None, params={{"folder": {folder!r}}})
"""
COUNT = """
import json
from collections import Counter
from models.jobs.models import Job
from models.trail.models import Entry
states = Counter(Job.unscoped.values_list("state", flat=True))
attempts = Counter(Job.unscoped.values_list("attempt", flat=True))
ended = Entry.unscoped.filter(verb="succeeded").count()
print(json.dumps({"states": states, "attempts": attempts, "ended": ended}))
"""


def measure() -> Iterator[Row]:
    with place_on_postgres() as place, tempfile.TemporaryDirectory() as folder:
        what = f"{JOBS} jobs queued, {WORKERS} workers"
        if place is None:
            yield Row(what, "no PostgreSQL here", "", None, "none lost, none twice", None)
            return
        place.manage("migrate", "--verbosity", "0")
        place.manage("shell", "-v", "0", "-c", QUEUE.format(jobs=JOBS, folder=folder), **KINDS)
        started = time.perf_counter()
        with ExitStack() as running:
            for _ in range(WORKERS):
                running.push(stopping(worker(place)))
            found = wait(place)
        taken = time.perf_counter() - started
        runs = Counter(line.split()[1] for line in (Path(folder) / "runs").read_text().splitlines())
    once = found["states"] == {"succeeded": JOBS} and found["attempts"] == {"1": JOBS} and found["ended"] == JOBS
    done = sum(runs.values())
    yield Row(f"{what}: done", f"{done} runs, {taken:.0f} s", "", None, "each once", once and done == JOBS)
    yield Row("processes that did them", str(len(runs)), "", None, "", None)


def worker(place: Place) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "worker", "--concurrency", "1"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ROOT, env=place.environment | KINDS, stdout=quiet, stderr=quiet)


def stopping(process: subprocess.Popen[bytes]):  # type: ignore[no-untyped-def]
    def stop(*error: object) -> None:
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    return stop


def wait(place: Place) -> dict:
    until = time.monotonic() + PATIENCE
    while True:
        found = json.loads(place.manage("shell", "-v", "0", "-c", COUNT, **KINDS))
        if not set(found["states"]) & {"queued", "running"} or time.monotonic() > until:
            return found
        time.sleep(1)
