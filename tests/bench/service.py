"""A service of its own for a measurement: a database that is made and dropped, a folder, `manage.py serve` on both."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from models.jobs.sandbox import processes

ROOT = Path(__file__).parents[2]
POSTGRES = os.environ.get("PLUMBLINE_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
ELSEWHERE = ("CELERY_BROKER_URL", "STORAGE_URL", "BROKER_FOLDER", "UPLOAD_BYTES", "HTTPS", "SECRET_KEY", "DATA_SOURCES")


@dataclass(frozen=True)
class Place:
    """Where a service keeps what it has: its database's address, its folder, and the environment that says so."""

    database: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        return kept | {"DATABASE_URL": self.database, "PLUMBLINE_VAR": str(self.folder), "PYTHONUNBUFFERED": "1"}

    def manage(self, *arguments: str, **more: str) -> str:
        """Run one of manage.py's commands to its end, with `more` in its environment; its output."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment | more, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
        return done.stdout


@contextmanager
def place_on_postgres() -> Iterator[Place | None]:
    """A fresh database and folder; None where no PostgreSQL answers."""
    name = f"plumbline_bench_{uuid.uuid4().hex[:12]}"
    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield None
        return
    with server, tempfile.TemporaryDirectory(prefix="plumbline-bench-") as folder:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield Place(re.sub(r"/[^/]*$", f"/{name}", POSTGRES), Path(folder))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def serving(place: Place, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`manage.py serve` until the end of the `with`; its address and its process."""
    log = (place.folder / "serve.log").open("w+")
    command = [sys.executable, "manage.py", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env=place.environment, stdout=log, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield address_of(process, place.folder / "serve.log"), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        log.close()


def processor_seconds(pid: int) -> float:
    """What a process and its descendants that still run have used; a busy machine changes it little."""
    used = 0
    for each in processes.members(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{each.pid}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> float:
    """The most that a process has had in memory so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def address_of(process: subprocess.Popen[str], log: Path) -> str:
    """From the line that says where it is; RuntimeError where it ends first."""
    while not (found := re.search(r"http://[\d.]+:\d+", log.read_text())):
        if process.poll() is not None:
            raise RuntimeError(f"serve ended: {log.read_text()[-2000:]}")
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    return found.group()
