"""A message is sent though its sender dies in the middle of it: again, and under the same id."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.faults.service import EACH_DATABASE, Service, wait_until
from tests.faults.test_beat import Start, beat  # noqa: F401

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.parametrize("whole_service", EACH_DATABASE, indirect=True, scope="session"),
]
GONE = "UPDATE webhooks_delivery SET claimed_until = '2020-01-01 00:00:00+00'"


@dataclass
class Listener:
    """Takes connections and keeps what it was sent; answers only once it is told to."""

    port: int = 0
    got: list[str] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)

    def ids(self) -> list[str]:
        lines = [line for text in self.got for line in text.splitlines()]
        return [line.split(": ")[1] for line in lines if line.startswith("webhook-id: ")]

    def serve(self, server: socket.socket) -> None:
        while True:
            try:
                other, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self.take, args=(other,), daemon=True).start()

    def take(self, other: socket.socket) -> None:
        with other:
            self.got.append(other.recv(65_536).decode())
            if self.answers.wait(30):
                other.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    with socket.create_server(("127.0.0.1", 0)) as server:
        made.port = server.getsockname()[1]
        threading.Thread(target=made.serve, args=(server,), daemon=True).start()
        yield made
    made.answers.set()


def test_a_beat_that_dies_while_it_sends_loses_no_message(service: Service, beat: Start, listener, monkeypatch):  # noqa: F811
    monkeypatch.setitem(service.environment, "WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    url = f"http://127.0.0.1:{listener.port}/hook"
    service.call("hook", url)
    first = beat()
    wait_until(lambda: len(listener.got) == 1, "the message is on its way")
    assert service.call("deliveries", url) == [["pending", 0, True]]
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    listener.answers.set()
    service.call("sql", "DELETE FROM jobs_beat")
    service.call("sql", GONE)
    beat()
    wait_until(lambda: service.call("deliveries", url) == [["delivered", 1, False]], "it is delivered")
    assert len(listener.ids()) == 2
    assert len(set(listener.ids())) == 1
