"""The service as a person has it: real processes on the embedded default, and a real Chromium."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# Playwright's loop runs in this thread while fixtures, of later files too, ask the database; nothing of ours is
# asynchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

ROOT = Path(__file__).parents[2]
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
ELSEWHERE = ("DATABASE_URL", "CELERY_BROKER_URL", "STORAGE_URL", "BROKER_FOLDER", "UPLOAD_BYTES", "HTTPS", "SECRET_KEY")
PATIENCE = 60


@dataclass
class Service:
    """`manage.py serve` in a folder of its own, with `more` in its environment; `people` has the sample users'
    passwords by address."""

    folder: Path
    options: tuple[str, ...] = ()
    more: dict[str, str] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    address: str = ""

    def __post_init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
        environment |= {"PLUMBLINE_VAR": str(self.folder), "PYTHONUNBUFFERED": "1", **self.more}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        command = [sys.executable, "manage.py", "serve", "--port", "0", "--concurrency", "1", *self.options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.ready = threading.Event()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        assert self.ready.wait(PATIENCE), "".join(self.output)
        self.address = re.search(r"http://[\d.:]+\d", "".join(self.output)).group()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self.output.append(line)
            if line.startswith("administrator@"):
                self.ready.set()

    @property
    def people(self) -> dict[str, str]:
        return dict(re.findall(r"^(\S+@sample\.example)\s+(\S+)$", "".join(self.output), re.MULTILINE))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        """Its exit code, once it has said all it had to say."""
        code = self.process.wait(PATIENCE)
        self.listener.join(PATIENCE)
        return code


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path / "var")
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for path in CHROMIUM if Path(path).exists()), None)
    if found is None:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page that may speak to the service only, and whose every complaint is kept in page.complaints."""
    context = browser.new_context(base_url=service.address, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.complaints = complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(service.address) else complaints.append(sent.url))
    yield page
    context.close()
