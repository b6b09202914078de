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
    assert any("the worker ended with exit code -9" in line for line in service.output)


def worker_of(service: Service) -> int:
    """It is started right after the welcome."""
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    until = time.monotonic() + PATIENCE
    while not (found := children.read_text().split()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return int(found[0])
