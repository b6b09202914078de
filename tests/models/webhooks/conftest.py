"""A receiver of webhooks: a real server on this machine, which keeps what it got and answers as it is told to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from models.accounts.roles import Role
from models.webhooks.endpoints import register_endpoint
from tests.models.people import organisation, person

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are given in turn, the last one for ever: (status, headers, body)."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=lambda: [(204, {}, b"")])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def says(self, *statuses: int) -> None:
        self.answers = [(status, {}, b"no, <b>thanks</b>\x00\x07") for status in statuses]


def listening(receiver: Receiver) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(Got(self.path, dict(self.headers), body))
            status, headers, said = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # who only wants the beginning hangs up
                self.wfile.write(said)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    return Server(("127.0.0.1", receiver.port), Handler)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    server = listening(made)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def loopback_allowed(settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = LOOPBACK


@pytest.fixture
def administrator(db):
    return person(Role.ADMINISTRATOR, organisation())


@pytest.fixture
def registered(administrator, receiver, loopback_allowed):
    """An endpoint at the receiver that hears of every event, and its secret."""
    every = ["job.finished", "audit.finished", "audit.verdict_changed"]
    return register_endpoint(administrator, organisation(), receiver.url, every, "the pipeline")
