"""A real S3 server for tests (rclone's), on the loopback interface, over a folder that goes with it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

RCLONE = Path(sys.executable).with_name("rclone")
PATIENCE = 20
_numbers = count()


@dataclass
class S3Server:
    """`folder` has one folder for each bucket. `stop` and `start` are what a store that is down and back looks like."""

    folder: Path
    port: int
    key: str = "test-key"
    secret: str = "test-secret"
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}

    def url(self, bucket: str, prefix: str = "blobs") -> str:
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&region=eu-central-1"

    def bucket(self) -> str:
        """The name of a new bucket."""
        name = f"bucket-{next(_numbers)}"
        (self.folder / name).mkdir()
        return name

    def start(self) -> None:
        command = [str(RCLONE), "serve", "s3", "--addr", f"127.0.0.1:{self.port}", "--config", "/dev/null"]
        command += ["--auth-key", f"{self.key},{self.secret}", "-q", str(self.folder)]
        command += ["--dir-cache-time", "1ms"]  # what tests change in the folder is seen; at 0 it keeps a core busy
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the S3 server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None


@pytest.fixture(scope="module")
def s3_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = S3Server(tmp_path_factory.mktemp("s3"), port)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def s3(s3_process: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, with its credentials in the environment; running again after the test, whatever it did."""
    for name, value in s3_process.environment.items():
        monkeypatch.setenv(name, value)
    yield s3_process
    if s3_process.process is None:
        s3_process.start()
