"""`manage.py serve`: one terminal for pages and worker, which live and end together."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from pathlib import Path

from tests.browser.conftest import PATIENCE, Service


def test_pages_do_not_stay_without_their_worker(service: Service):
    assert urllib.request.urlopen(f"{service.address}/healthy").read() == b"ok\n"
    os.kill(worker_of(service), signal.SIGKILL)
    assert service.ended() == 1
    assert any("the worker ended by itself with exit code -9" in line for line in service.output)


def worker_of(service: Service) -> int:
    return child_of(service, "worker")


def child_of(service: Service, word: str) -> int:
    """The number of the process that it started with this word on its command line."""
    file = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    until = time.monotonic() + PATIENCE
    while True:
        for pid in file.read_text().split():
            if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                return int(pid)
        assert time.monotonic() < until
        time.sleep(0.05)


def test_several_web_processes_answer_on_one_address_and_end_together(tmp_path: Path):
    running = Service(tmp_path / "var", ("--processes", "2"))
    try:
        assert urllib.request.urlopen(f"{running.address}/livez").status == 200
        os.kill(child_of(running, "--inherit"), signal.SIGKILL)
        assert running.ended() == 1
        assert any("the web 2 ended by itself with exit code -9" in line for line in running.output)
    finally:
        if running.process.poll() is None:
            running.stop()
