"""Run one function of our own code over a user's files in a process that can harm nothing."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from models.errors import InputError
from models.jobs.logs import current_job
from models.jobs.sandbox import jail, processes
from models.jobs.sandbox.channel import Channel, close_writing, pipe
from models.jobs.sandbox.errors import SandboxError
from models.jobs.sandbox.limits import GIB, MIB, Limits

__all__ = ["Limits", "run_sandboxed"]

LOOK = 0.1  # seconds between looks at memory and the number of processes
ASK = 0.5  # seconds between questions whether the run was cancelled, and looks at the output folder


def run_sandboxed(
    task: str,
    payload: dict[str, Any],
    *,
    inputs: Mapping[str, Path],
    output: Path,
    limits: Limits = Limits(),
    on_progress: Callable[[float, str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_log: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Call `task` ("package.module:function") in a sandboxed process and return the dictionary that it returns.

    There it is called as function(payload, inputs, output, progress): the inputs are read-only, `output` is the only
    folder that keeps what is written, and holds files and folders only: a link in it could lead its reader to what the
    task may not see. payload and result are JSON. on_log gets what the process printed, at the end.
    Raises InputError as the task raised it, SandboxError for everything else (see its kinds).
    """
    for name, path in inputs.items():
        if not path.exists():
            raise FileNotFoundError(f"input {name}: {path} is not there")
    output.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        events, prints = stack.enter_context(pipe()), stack.enter_context(pipe())
        channel = Channel(events[0], prints[0], on_progress, limits.result)
        stack.callback(channel.close)
        run = _Run(inputs, output, limits, stack.enter_context(tempfile.TemporaryDirectory(prefix="plumbline-")))
        process = run.start(run.request(task, payload), events, prints)
        try:
            stopped = run.watch(process, channel, cancelled)
        finally:
            processes.kill_all(process.pid, run.token)
            process.wait()
        channel.drain()
        if on_log is not None:
            on_log(channel.log())
        if stopped is not None:
            raise SandboxError(stopped.kind, str(stopped), channel.log())
        if left := processes.not_plain(output):
            raise SandboxError("suspicious", f"it left what is neither a file nor a folder: {left.name}", channel.log())
        return concluded(channel, process.returncode, limits)


class _Run:
    """One process from start to end."""

    def __init__(self, inputs: Mapping[str, Path], output: Path, limits: Limits, scratch: str) -> None:
        self.inputs, self.output, self.limits, self.scratch = inputs, output, limits, scratch
        self.token = f"{os.getpid()}-{secrets.token_hex(8)}"
        self.how = jail.isolation()

    def request(self, task: str, payload: dict[str, Any]) -> dict[str, Any]:
        bubblewrap = self.how == "bubblewrap"
        return {
            "task": task,
            "about": about(),
            "payload": payload,
            "inputs": {name: str(path) for name, path in jail.seen_inputs(self.inputs, self.how).items()},
            "output": str(jail.OUTPUT if bubblewrap else self.output.resolve()),
            "path": [str(jail.CHECKOUT), *(entry for entry in sys.path if entry and entry != str(jail.CHECKOUT))],
            "walls": None if bubblewrap else self.walls(),
            "rlimits": {
                "RLIMIT_AS": self.limits.address_space,
                "RLIMIT_CPU": self.limits.cpu_seconds,
                "RLIMIT_FSIZE": self.limits.output,
                "RLIMIT_NPROC": processes.tasks_of_user(os.getuid()) + self.limits.processes,
                "RLIMIT_NOFILE": 1024,
                "RLIMIT_CORE": 0,
            },
        }

    def walls(self) -> dict[str, Any]:
        readable = [*jail.python_paths(), *(str(path.resolve()) for path in self.inputs.values())]
        return {"parent": os.getpid(), "readable": readable, "writable": [self.scratch, str(self.output.resolve())]}

    def start(self, request: dict[str, Any], events: list[int], prints: list[int]) -> subprocess.Popen[bytes]:
        """The request goes through an unlinked file, so that a large payload cannot block us."""
        bubblewrap = self.how == "bubblewrap"
        number = events[1]
        command = jail.python_command(number)
        if bubblewrap:
            command = jail.bubblewrap_command(self.inputs, self.output, self.limits, number)
        environment = jail.clean_environment("/tmp" if bubblewrap else self.scratch, self.limits, self.token)
        with tempfile.TemporaryFile() as stdin:
            write_json(stdin, request)
            process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=prints[1],
                stderr=prints[1],
                pass_fds=(number,),
                env=environment,
                cwd=None if bubblewrap else self.scratch,
                start_new_session=True,
            )
        close_writing(events)
        close_writing(prints)
        return process

    def watch(
        self, process: subprocess.Popen[bytes], channel: Channel, cancelled: Callable[[], bool] | None
    ) -> SandboxError | None:
        """Stay until the process has ended (None) or has to be (why)."""
        deadline = time.monotonic() + self.limits.seconds
        look = ask = time.monotonic()
        while process.poll() is None:
            channel.wait(LOOK / 2)
            if channel.overflowed:
                return None
            now = time.monotonic()
            if now > deadline:
                return SandboxError("time", f"stopped after {spoken(self.limits.seconds)}, its time limit")
            if now >= look:
                look = now + LOOK
                if why := self.crossed(process.pid):
                    return why
            if now >= ask:
                ask = now + ASK
                if cancelled is not None and cancelled():
                    return SandboxError("cancelled", "cancelled")
                if processes.folder_size(self.output) > self.limits.output:
                    return SandboxError("crash", f"stopped: it wrote more than {readable(self.limits.output)}")
        return None

    def crossed(self, leader: int) -> SandboxError | None:
        found = processes.members(leader)
        if sum(process.threads for process in found) > self.limits.processes:
            return SandboxError("suspicious", f"stopped: it started more than {self.limits.processes} processes")
        if processes.private_memory(found) > self.limits.memory:
            return SandboxError("memory", f"stopped at {readable(self.limits.memory)} of memory, its limit")
        return None


def about() -> str:
    """What stands in every line that the sandboxed process logs."""
    job = current_job.get()
    return f"job {job[0]} attempt {job[1]}" if job else ""


def concluded(channel: Channel, code: int, limits: Limits) -> dict[str, Any]:
    """The result that the child sent, or the error that its last words amount to."""
    final, log = channel.final or {}, channel.log()
    if channel.overflowed:
        raise SandboxError("crash", f"the result is larger than {readable(limits.result)}", log)
    if refused := final.get("refused"):
        tried = ", ".join(str(what) for what in refused[:5])
        raise SandboxError("suspicious", f"it tried what is not allowed: {tried}", log)
    if "input_error" in final:
        raise InputError(str(final["input_error"]))
    if "failure" in final:
        kind, message, trace = final["failure"]
        raise SandboxError("memory" if kind == "memory" else "crash", str(message), f"{log}\n{trace}".strip())
    if isinstance(result := final.get("result"), dict):
        return result
    raise death(code, log)


def death(code: int, log: str) -> SandboxError:
    """What an exit without a word means; bubblewrap reports a signal as 128 + its number."""
    number = -code if code < 0 else code - 128
    if number == 9:
        return SandboxError("memory", "the process was killed, most likely because the machine ran out of memory", log)
    if number == 24:
        return SandboxError("time", "the process used up its processor time", log)
    if number == 31:
        return SandboxError("suspicious", "the process was stopped at a forbidden system call", log)
    return SandboxError("crash", f"the process ended without a result (exit code {code})", log)


def write_json(file: IO[bytes], value: dict[str, Any]) -> None:
    file.write(json.dumps(value).encode())
    file.seek(0)


def spoken(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds >= 10 else f"{round(seconds, 1):g} seconds"


def readable(size: int) -> str:
    return f"{size / GIB:.3g} GiB" if size >= GIB else f"{size / MIB:.3g} MiB"
