"""How long `plumbline --help` takes to answer; how soon the web process gives a page, and how much memory it needs."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.row import Row, seconds, within

ROOT = Path(__file__).parents[2]
MIB = 1024**2
PAGES = ("/sign-in/", "/api/v1/openapi.json", "/api/v1/docs", "/metrics", "/readyz", "/livez")
ELSEWHERE = ("DATABASE_URL", "CELERY_BROKER_URL", "STORAGE_URL", "SECRET_KEY", "HTTPS", "BEHIND_PROXY")


def measure() -> Iterator[Row]:
    script = Path(sys.executable).with_name("plumbline")
    best = seconds(lambda: subprocess.run([script, "--help"], stdout=subprocess.DEVNULL, check=True), repeat=7)
    yield within("plumbline --help", best, 0.3)
    with tempfile.TemporaryDirectory() as folder:
        environment = place(Path(folder))
        starts = []
        for _ in range(3):
            with started(environment, PAGES[0]) as web:
                starts.append(web.seconds)
                memory = web.memory_after(PAGES)
    yield within("web process: from its start to its first page", min(starts), 2.0)
    yield within("web process: memory after its first pages", memory / MIB, 150, "MiB")


@dataclass(frozen=True)
class Web:
    process: subprocess.Popen[str]
    address: str
    seconds: float

    def memory_after(self, pages: tuple[str, ...]) -> int:
        """Bytes that are its own, after it has answered these."""
        for page in pages:
            with urllib.request.urlopen(self.address + page, timeout=30) as answer:
                answer.read()
        found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text(), re.MULTILINE)
        assert found
        return int(found[1]) * 1024


def place(folder: Path) -> dict[str, str]:
    """A fresh installation without any server."""
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    environment |= {"PLUMBLINE_VAR": str(folder), "LOG_LEVEL": "ERROR"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    return environment


@contextlib.contextmanager
def started(environment: dict[str, str], first: str = "/livez") -> Iterator[Web]:
    """A web process that has answered; `first` is what it was asked for."""
    began = time.perf_counter()
    command = [sys.executable, "manage.py", "web", "--port", "0", "--processes", "1"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+(?=\.$)", process.stdout.readline().strip())
        assert found, "the web process did not start"
        with urllib.request.urlopen(found[0] + first, timeout=30) as answer:
            answer.read()
        yield Web(process, found[0], time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(30)
