"""The web process is killed while a file comes in parts: what was there stays, what was half goes, and it goes on."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plumbline_client.client import Client
from tests.faults.service import ROOT, Service, wait_until

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.parametrize("whole_service", ["embedded", "redis"], indirect=True, scope="session"),
]
PART = 2 << 20
CONTENT = b"a,b\n" + b"1,2\n" * (5 * PART // 8)  # two parts and a half
Start = Callable[[], int]


@pytest.fixture
def address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def start(service: Service, address: str) -> Iterator[Start]:
    """Starts a web process at the address, and gives its number once it answers."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> int:
        with (service.folder / "web.log").open("ab") as log:
            command = [sys.executable, "manage.py", "web", "--port", address.rpartition(":")[2]]
            started.append(subprocess.Popen(command, cwd=ROOT, env=service.environment, stdout=log, stderr=log))
        wait_until(lambda: answers(address), "the web process")
        return started[-1].pid

    yield begin
    for process in started:
        process.kill()
        process.wait()


def answers(address: str) -> bool:
    host, _, port = address.partition(":")
    with contextlib.suppress(OSError):
        socket.create_connection((host, int(port)), 1).close()
        return True
    return False


def half_a_part(address: str, token: str, upload: str) -> socket.socket:
    """A line on which the second part has come to its half."""
    content = CONTENT[PART : 2 * PART]
    host, _, port = address.partition(":")
    line = socket.create_connection((host, int(port)))
    line.sendall(
        f"PUT /api/v1/uploads/{upload}/parts/1 HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        + content[: PART // 2]
    )
    return line


def keeps_a_body(pid: int, folder: Path) -> bool:
    """Whether the process has a file open in the folder; it has no name there."""
    held = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.append(str(each.readlink()))
    return any(name.startswith(f"{folder}/") for name in held)


def test_kill_9_in_the_middle_of_a_part_costs_that_part_and_the_client_goes_on_by_itself(
    service: Service, start: Start, address: str, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(CONTENT)
    token, received = service.call("token"), service.folder / "var" / "received"
    first = start()
    with Client(f"http://{address}", token) as client:
        begun = client.connection.post("/uploads", {"file_name": file.name, "size": len(CONTENT), "part_size": PART})
        upload = begun["id"]
        sent: list[int] = []

        def kill_it_once(done: int, size: int) -> None:
            sent.append(done)
            if len(sent) == 1:
                with half_a_part(address, token, upload):
                    wait_until(lambda: keeps_a_body(first, received), "half a part")
                    os.kill(first, signal.SIGKILL)
                    os.waitpid(first, 0)
                assert service.call("parts", upload) == [0], "what was half was taken for a part"
                start()

        done = client.uploads.send(file, resume=upload, sent=kill_it_once)
    assert sent == [PART, 2 * PART, len(CONTENT)]
    assert (done.state, done.sha256) == ("complete", hashlib.sha256(CONTENT).hexdigest())
    assert service.call("upload_content", upload) == CONTENT.decode()
    assert list(received.iterdir()) == []
