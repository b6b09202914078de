"""Jobs that wait to be killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from models.jobs.context import JobContext
from models.jobs.kinds import JobKind, register
from models.jobs.models import Job


def arrive(context: JobContext) -> None:
    """Leave a line for each attempt: params["folder"]/runs holds attempt and process of each."""
    with (Path(context.params["folder"]) / "runs").open("a") as runs:
        runs.write(f"{context.job.attempt} {os.getpid()}\n")


def wait_for_go(context: JobContext) -> dict[str, Any]:
    """Work until the file params["folder"]/go is there."""
    arrive(context)
    go = Path(context.params["folder"]) / "go"
    step = 0
    while not go.exists():
        step += 1
        context.progress(min(step / 1000, 0.9), f"step {step}")
        time.sleep(0.05)
    return {"attempt": context.job.attempt}


def hang(context: JobContext) -> dict[str, Any]:
    arrive(context)
    return context.run_sandboxed("tests.models.jobs.sandbox_tasks:hang", {}, inputs={}, output=context.workdir / "out")


def deaf(context: JobContext) -> dict[str, Any]:
    """Asks nobody whether it should stop."""
    arrive(context)
    while True:
        time.sleep(1)


def crash(context: JobContext) -> dict[str, Any]:
    """Takes its worker process with it, every time."""
    arrive(context)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def quick(context: JobContext) -> dict[str, Any]:
    arrive(context)
    return {"attempt": context.job.attempt}


def keep(job: Job, outcome: dict[str, Any]) -> dict[str, Any]:
    return outcome


for run in (wait_for_go, hang, deaf, crash, quick):
    register(JobKind(name=run.__name__, run=run, save=keep, title=f"test of faults: {run.__name__}"))
for run in (wait_for_go, quick):
    register(JobKind(name=f"{run.__name__}_light", run=run, save=keep, title="test of faults, light", queue="light"))
register(JobKind(name="quick_gpu", run=quick, save=keep, title="test of faults, gpu", queue="gpu"))
