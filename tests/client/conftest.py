"""The service as a client meets it: real processes on the embedded default, started once for all of these tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from plumbline_client.audits import Audit
from plumbline_client.client import Client
from tests.client.tables import loans, write_csv

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).with_name("plumbline")
ELSEWHERE = ("DATABASE_URL", "CELERY_BROKER_URL", "STORAGE_URL", "BROKER_FOLDER", "UPLOAD_BYTES", "HTTPS", "SECRET_KEY")
PATIENCE = 90


@dataclass
class Service:
    """`manage.py serve` in a folder of its own, with a token for anybody in it."""

    folder: Path
    output: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
        self.environment |= {"PLUMBLINE_VAR": str(self.folder), "PYTHONUNBUFFERED": "1"}
        self.environment.pop("DJANGO_SETTINGS_MODULE", None)
        self.ready = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", "0", "--concurrency", "1"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        assert self.ready.wait(PATIENCE), "".join(self.output)
        found = re.search(r"http://[\d.:]+\d", "".join(self.output))
        assert found, "".join(self.output)
        self.address = found.group()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            if line.startswith("administrator@"):
                self.ready.set()
        self.ready.set()  # it ended; what it said is shown

    def token(self, *options: str, email: str = "engineer@sample.example") -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", "token", email, *options],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        return done.stdout.strip()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE)


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="plumbline-client-") as folder:
        running = Service(Path(folder))
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="session")
def token(service: Service) -> str:
    return service.token()


@pytest.fixture
def client(service: Service, token: str) -> Iterator[Client]:
    with Client(service.address, token) as client:
        yield client


@pytest.fixture
def plumbline(service: Service, token: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the real command in a folder of its own."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"}
        known = {"PLUMBLINE_URL": service.address, "PLUMBLINE_TOKEN": token}
        return subprocess.run(
            [SCRIPT, *map(str, arguments)],
            cwd=tmp_path,
            env=clean | known | environment,
            capture_output=True,
            text=True,
            timeout=240,
        )

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file of loans with decisions that are fair."""
    return write_csv(tmp_path / "loans.csv", loans(fair=True))


@pytest.fixture(scope="session")
def fair(service: Service, token: str) -> Iterator[Audit]:
    """A finished audit of fair decisions."""
    with Client(service.address, token) as client:
        yield audited(client, fair=True)


@pytest.fixture(scope="session")
def unfair(service: Service, token: str, fair: Audit) -> Iterator[Audit]:
    """A later audit of another version of the same data, of which women get half the loans."""
    with Client(service.address, token) as client:
        yield audited(client, fair=False)


def audited(client: Client, *, fair: bool) -> Audit:
    with tempfile.TemporaryDirectory() as folder:
        file = write_csv(Path(folder) / "loans.csv", loans(fair=fair))
        audit = client.audit(dataset=file, name="Loans", label="paid", prediction="granted", sensitive=["sex"])
        return audit.wait()
