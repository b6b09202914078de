"""A server that misbehaves: it cuts the line, is too busy, answers nonsense, or hands the token on. A real HTTP server
on this machine does all of it; nothing of ours is replaced."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from plumbline_client.client import Client
from plumbline_client.errors import (
    FieldError,
    InvalidInput,
    JobFailed,
    NotPlumbline,
    PlumblineError,
    Problem,
    Unreachable,
    UploadStopped,
)

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's answers; the last one stays."""

    protocol_version = "HTTP/1.1"
    server: Misbehaving

    def answer(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = self.server.seen
        seen.append((self.command, self.path, dict(self.headers), self.body))
        answers = self.server.answers
        answers[min(len(seen), len(answers)) - 1](self)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def log_message(self, *_: Any) -> None: ...


class Misbehaving(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []

    def handle_error(self, *_: Any) -> None:
        """A cut line is what is meant here."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def keys(self) -> list[str | None]:
        return [headers.get("Idempotency-Key") for _, _, headers, _ in self.seen]


def says(data: Any, status: int = 200, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(body)), "Content-Type": "application/json"} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def problem(slug: str, status: int, detail: str = "No.", **more: Any) -> Answer:
    headers = more.pop("headers", {})
    return says({"type": f"/api/v1/problems/{slug}", "status": status, "detail": detail, **more}, status, **headers)


def cut(handler: Handler) -> None:
    """Ends the connection at once, as a machine that goes away does."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def half(handler: Handler) -> None:
    """Announces more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id": ')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def client(server: Misbehaving) -> Iterator[Client]:
    with Client(server.address, "plb_secret", retries=3, patience=5) as client:
        yield client


JOB = {
    "id": "6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10",
    "kind": "audit",
    "title": "Audit of loans",
    "state": "queued",
    "created_at": "2026-11-21T12:00:00Z",
    "links": {"self": "/api/v1/jobs/1"},
}


@pytest.mark.parametrize(
    "trouble",
    [
        cut,
        half,
        says(b"", 502),
        says(b"gateway", 504),
        problem("unavailable", 503, headers={"Retry_After": "0"}),
        problem("rate-limited", 429, headers={"Retry_After": "0"}),
        problem("idempotency-in-progress", 409, headers={"Retry_After": "0"}),
    ],
    ids=["cut", "half an answer", "502", "504", "503", "429", "in progress"],
)
def test_what_may_pass_is_asked_again_and_done_once(client: Client, server: Misbehaving, trouble: Answer) -> None:
    server.answers = [trouble, trouble, says(JOB, 202)]
    assert client.jobs.retry("1").state == "queued"
    [first, *_] = keys = server.keys()
    assert len(keys) == 3
    assert first
    assert set(keys) == {first}


def test_two_requests_never_share_a_key(client: Client, server: Misbehaving) -> None:
    server.answers = [says(JOB)]
    client.jobs.cancel("1")
    client.jobs.cancel("1")
    assert len(set(server.keys())) == 2


def test_a_line_that_stays_cut_is_an_error_of_the_network(client: Client, server: Misbehaving) -> None:
    server.answers = [cut]
    with pytest.raises(Unreachable) as error:
        client.jobs.get("1")
    assert error.value.exit_code == 4
    assert "asked 4 times" in str(error.value)
    assert len(server.seen) == 4


def test_nobody_at_the_address_is_an_error_of_the_network() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}", "plb_x", retries=1) as client, pytest.raises(Unreachable) as error:
        client.me()
    assert error.value.exit_code == 4


def test_a_server_that_wants_more_patience_than_there_is_is_not_waited_for(client: Client, server: Misbehaving) -> None:
    server.answers = [problem("rate-limited", 429, "Slower.", headers={"Retry_After": "3600"})]
    with pytest.raises(Problem) as error:
        client.jobs.get("1")
    assert (error.value.slug, error.value.exit_code, len(server.seen)) == ("rate-limited", 4, 1)


@pytest.mark.parametrize("trouble", [cut, half], ids=["cut", "half"])
def test_a_change_that_names_the_state_it_changes_is_not_repeated_blindly(
    client: Client, server: Misbehaving, trouble: Answer
) -> None:
    server.answers = [trouble, says({})]
    with pytest.raises(Unreachable):
        client.connection.patch("/models/1", {"name": "x"}, etag='"1"')
    assert len(server.seen) == 1


def test_a_removal_whose_answer_was_lost_is_done(client: Client, server: Misbehaving) -> None:
    server.answers = [cut, problem("not-found", 404)]
    client.connection.delete("/uploads/1")
    with pytest.raises(Problem):
        client.connection.delete("/uploads/1")


@pytest.mark.parametrize(
    ("slug", "status", "code"),
    [
        ("invalid", 422, 2),
        ("refused", 422, 2),
        ("not-found", 404, 2),
        ("conflict", 409, 2),
        ("too-large", 413, 2),
        ("unauthenticated", 401, 4),
        ("insufficient-scope", 403, 4),
        ("storage-full", 507, 4),
        ("internal", 500, 4),
        ("of-a-newer-server", 400, 4),
    ],
)
def test_a_problem_is_an_exception_with_its_slug_its_fields_and_an_exit_code(
    client: Client, server: Misbehaving, slug: str, status: int, code: int
) -> None:
    errors = [{"pointer": "/body/name", "detail": "too long"}]
    server.answers = [problem(slug, status, "The name is too long.", errors=errors)]
    with pytest.raises(Problem) as error:
        client.jobs.retry("1")
    assert (error.value.slug, error.value.status, error.value.exit_code) == (slug, status, code)
    assert str(error.value) == "The name is too long."
    assert [str(each) for each in error.value.errors] == ["name: too long"]
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        says(b"<html>hello</html>"),
        says(b"\xff\xfe\x00"),
        says([1, 2]),
        says({"id": 5}),
        says(b"<html>not here</html>", 404),
        says(b"", 301, Location="https://elsewhere.example/api/v1/jobs/1"),
    ],
    ids=["html", "bytes", "list", "another record", "404 page", "sent on"],
)
def test_nonsense_is_told_as_no_server_of_ours(client: Client, server: Misbehaving, answer: Answer) -> None:
    server.answers = [answer]
    with pytest.raises(NotPlumbline) as error:
        client.jobs.get("1")
    assert error.value.exit_code == 4


@pytest.mark.parametrize("following", ["https://evil.example/api/v1/jobs", "//evil.example/api/v1/", "/elsewhere"])
def test_the_token_follows_a_list_to_no_other_server(client: Client, server: Misbehaving, following: str) -> None:
    server.answers = [says({"items": [JOB], "next": following})]
    with pytest.raises(NotPlumbline, match="not of this server"):
        list(client.jobs.list())
    assert len(server.seen) == 1


def test_a_list_goes_on_until_its_end_with_its_filters(client: Client, server: Misbehaving) -> None:
    server.answers = [
        says({"items": [JOB, JOB], "next": "/api/v1/jobs?cursor=abc&state=queued"}),
        says({"items": [JOB], "next": None}),
    ]
    assert len(list(client.jobs.list(state="queued"))) == 3
    assert [path for _, path, _, _ in server.seen] == [
        "/api/v1/jobs?state=queued",
        "/api/v1/jobs?cursor=abc&state=queued",
    ]


@pytest.mark.parametrize(
    ("state", "reason", "code"),
    [
        ("failed", "The column 'sex' is not in the data.", 2),
        ("failed", "a fault of our own, ZeroDivisionError: division by zero", 4),
        ("failed", "KeyError: 'origin'", 4),
        ("cancelled", None, 4),
    ],
)
def test_a_job_that_ended_badly_says_why_and_whose_it_is_to_mend(
    client: Client, server: Misbehaving, state: str, reason: str | None, code: int
) -> None:
    server.answers = [says(JOB | {"state": state, "error": reason})]
    with pytest.raises(JobFailed) as error:
        client.jobs.wait("1")
    assert error.value.exit_code == code
    assert (reason or "cancelled") in str(error.value)


def upload(parts: int, sha256: str = "") -> dict[str, Any]:
    return {
        "id": "u1",
        "file_name": "data.csv",
        "size": 6,
        "part_size": 2,
        "state": "open",
        "parts": [{"number": n, "size": 2, "sha256": sha256} for n in range(parts)],
    }


def test_a_part_that_changed_on_the_way_is_sent_again(client: Client, server: Misbehaving, tmp_path: Any) -> None:
    (tmp_path / "data.csv").write_bytes(b"abcdef")
    mismatch = problem("checksum-mismatch", 422)
    server.answers = [says(upload(0), 201), mismatch, says({}), says({}), says({}), says(upload(3))]
    client.uploads.send(tmp_path / "data.csv")
    puts = [(path.rpartition("/")[2], body) for method, path, _, body in server.seen if method == "PUT"]
    assert puts == [("0", b"ab"), ("0", b"ab"), ("1", b"cd"), ("2", b"ef")]


def test_an_upload_that_broke_off_names_itself_to_go_on_with(
    client: Client, server: Misbehaving, tmp_path: Any
) -> None:
    (tmp_path / "data.csv").write_bytes(b"abcdef")
    server.answers = [says(upload(0), 201), says({}), cut]
    with pytest.raises(UploadStopped) as error:
        client.uploads.send(tmp_path / "data.csv")
    assert error.value.upload == "u1"
    assert "upload u1" in str(error.value)


@pytest.mark.parametrize("url", ["", "plumbline.example", "ftp://plumbline.example", "https://me:secret@x.example"])
def test_an_address_that_is_none_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLUMBLINE_URL", raising=False)
    with pytest.raises(InvalidInput) as error:
        Client(url, "plb_x")
    assert error.value.exit_code == 2
    assert "secret@" not in str(error.value)


@pytest.mark.parametrize("token", [None, "", "two words", "plb_ä", "a\nb"])
def test_a_token_that_is_none_is_refused_before_anything_is_sent(
    token: str | None, server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLUMBLINE_TOKEN", raising=False)
    with pytest.raises(InvalidInput, match="PLUMBLINE_TOKEN"):
        Client(server.address, token)
    assert server.seen == []


def test_an_unencrypted_address_elsewhere_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="not encrypted"):
        Client("http://plumbline.example", "plb_x").close()


def test_the_token_is_in_no_message_and_no_repr(client: Client, server: Misbehaving) -> None:
    server.answers = [cut]
    with pytest.raises(PlumblineError) as error:
        client.me()
    assert "plb_secret" not in f"{error.value}{error.value!r}{client!r}"


def test_what_is_wrong_is_said_once() -> None:
    one = FieldError("/body/name", "Give a text.")
    assert str(Problem("invalid", 422, "/body/name: Give a text.", (one,), {})) == "/body/name: Give a text."
    two = FieldError("/body/role", "This is missing.")
    told = str(Problem("invalid", 422, "2 parts of the request are not valid.", (one, two), {}))
    assert told.splitlines()[1:] == ["  name: Give a text.", "  role: This is missing."]
