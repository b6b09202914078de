"""The processes of one sandboxed run as /proc shows them: how much they use, and how they are ended."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    group: int
    threads: int


def all_processes() -> Iterator[Process]:
    """Every process that /proc lists; one that ends meanwhile is left out."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text(errors="replace")
            except OSError:
                continue
            fields = stat.rpartition(")")[2].split()
            if fields[0] not in "ZX":
                yield Process(int(folder.name), int(fields[1]), int(fields[2]), int(fields[17]))


def members(leader: int, token: str | None = None) -> list[Process]:
    """The run's processes: descendants of its leader, its process group and, given a token, what carries it."""
    found: dict[int, Process] = {}
    everything = sorted(all_processes(), key=lambda process: process.pid)
    mark = f"PLUMBLINE_SANDBOX_RUN={token}".encode() if token else None
    for process in everything:
        known = process.group == leader or process.pid == leader or process.parent in found
        if known or (mark is not None and carries(process.pid, mark)):
            found[process.pid] = process
    return list(found.values())


def carries(pid: int, mark: bytes) -> bool:
    """True if the process was started with this in its environment, which its children inherit."""
    try:
        return mark in Path("/proc", str(pid), "environ").read_bytes()
    except OSError:
        return False


def private_memory(processes: list[Process]) -> int:
    """Bytes of anonymous and shared memory in use, swap included; pages mapped from files do not count."""
    return sum(kib(process.pid, ("RssAnon:", "RssShmem:", "VmSwap:")) for process in processes) * 1024


def kib(pid: int, names: tuple[str, ...]) -> int:
    try:
        lines = Path("/proc", str(pid), "status").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(names))


def tasks_of_user(uid: int) -> int:
    """Processes and threads that run as this user, what RLIMIT_NPROC counts."""
    total = 0
    for process in all_processes():
        try:
            if Path("/proc", str(process.pid)).stat().st_uid == uid:
                total += process.threads
        except OSError:
            continue
    return total


def kill_all(leader: int, token: str) -> None:
    """End the run for certain: stop everything first, so that nothing forks away, then kill until nothing is left."""
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        send(-leader, signal.SIGKILL)
        left = [process.pid for process in members(leader, token)]
        if not left:
            return
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in left:
                send(pid, number)
        time.sleep(0.02)


def send(pid: int, number: signal.Signals) -> None:
    try:
        if pid < 0:
            os.killpg(-pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def not_plain(folder: Path) -> Path | None:
    """The first thing under a folder that is neither a regular file nor a folder: a link, a pipe, a device."""
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                return path
    return None


def folder_size(folder: Path) -> int:
    """Bytes that the files under a folder take on disk, links not followed."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(root, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
