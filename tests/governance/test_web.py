"""The web process as it is run: small, and believing a proxy's headers only where one is declared."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.bench.service import peak_memory
from tests.bench.startup import MIB, PAGES, ROOT, Web, place, started

pytestmark = pytest.mark.timeout(120)
TOKEN = "a token that nobody guesses"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return place(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def plain(environment: dict[str, str]) -> Iterator[Web]:
    with started(environment) as web:
        yield web


def status(web: Web, path: str, **headers: str) -> int:
    """Of the first answer; a redirection is not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object) -> None:
            return None

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = urllib.request.Request(web.address + path, headers=named)
    try:
        with urllib.request.build_opener(Stay).open(asked, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_it_needs_less_than_150_mib(plain: Web) -> None:
    assert plain.memory_after(PAGES) < 150 * MIB


def test_signing_in_needs_no_more(environment: dict[str, str]) -> None:
    made = subprocess.run(
        [sys.executable, "manage.py", "sample_users"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    email, password = made.stdout.splitlines()[0].split()
    with started(environment) as web, httpx.Client(base_url=web.address) as person:
        person.get("/sign-in/")
        asked = {"username": email, "password": password, "csrfmiddlewaretoken": person.cookies["csrftoken"]}
        assert person.post("/sign-in/", data=asked).status_code == 302
        assert person.get("/").status_code == 200
        assert peak_memory(web.process.pid) < 150


def test_an_undeclared_proxy_on_this_machine_does_not_open_the_figures(plain: Web) -> None:
    assert status(plain, "/metrics") == 200
    for header in ("X_Forwarded_For", "X_Forwarded_Host", "Forwarded", "Via", "X_Real_IP"):
        assert status(plain, "/metrics", **{header: "192.0.2.7"}) == 403


def test_an_undeclared_proxys_word_about_https_is_not_believed(environment: dict[str, str]) -> None:
    with started({**environment, "HTTPS": "yes"}) as web:
        assert status(web, "/sign-in/", X_Forwarded_Proto="https") == 301
        assert status(web, "/livez") == 200


def test_a_declared_proxy_is_believed_and_only_it(environment: dict[str, str], tmp_path: Path) -> None:
    behind = {"BEHIND_PROXY": "yes", "HTTPS": "yes", "METRICS_TOKEN": TOKEN}
    with started({**environment, **behind}) as web:
        assert status(web, "/sign-in/", X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.7") == 200
        assert status(web, "/sign-in/", X_Forwarded_For="192.0.2.7") == 301
        assert status(web, "/metrics") == 403
        assert status(web, "/metrics", Authorization=f"Bearer {TOKEN}") == 200
    with started({**environment, **behind, "TRUSTED_PROXY": "192.0.2.1"}) as web:
        assert status(web, "/sign-in/", X_Forwarded_Proto="https") == 301


def answer_to(web: Web, head: str, body: bytes) -> str:
    """What comes back to a request whose body may break off, up to the end of the line."""
    host, _, port = web.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(f"POST /sign-in/ HTTP/1.1\r\nHost: {host}:{port}\r\n{head}\r\n\r\n".encode() + body)
        return line.recv(65_536).decode().partition("\r\n")[0]


@pytest.mark.parametrize("head", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_a_body_that_would_fill_the_disk_is_refused_before_anybody_signed_in(
    environment: dict[str, str], head: str
) -> None:
    body = b"f4240\r\n" + bytes(1_000_000) + b"\r\n" if "chunked" in head else b""
    with started({**environment, "DISK_RESERVE_BYTES": str(1 << 60)}) as full:
        assert answer_to(full, head, body) == "HTTP/1.1 507 Insufficient Storage"
        assert answer_to(full, "Content-Length: 100000", bytes(100_000)).startswith("HTTP/1.1 403"), "small ones pass"
        assert status(full, "/sign-in/") == 200


def test_a_body_that_there_is_room_for_is_taken(plain: Web) -> None:
    assert answer_to(plain, "Content-Length: 1000000", bytes(1_000_000)).startswith("HTTP/1.1 4")
    assert answer_to(plain, "Content-Length: 999999999", b"").startswith("HTTP/1.1 413")
