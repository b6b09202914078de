"""One message on its way: to the checked address only, in time, and following nothing."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from models.webhooks import post as module
from models.webhooks.post import post
from tests.models.webhooks.conftest import LOOPBACK, Receiver, listening

NAME = "hooks.example.org"


@pytest.fixture
def stands_for(monkeypatch):
    """The resolver of a network that changes its mind: each look-up gives the next address, the last one for ever."""
    answers: list[str] = []

    def getaddrinfo(host, port, *args, **kwargs):
        address = host if host[0].isdigit() else (answers.pop(0) if len(answers) > 1 else answers[0])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate for NAME, made here and trusted as SSL_CERT_FILE says."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    module.trust.cache_clear()
    yield file
    module.trust.cache_clear()


@pytest.fixture
def secure(authority):
    """A receiver over TLS that also notes the name that it was asked for."""
    receiver = Receiver()
    server: ThreadingHTTPServer = listening(receiver)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    receiver.names = []
    context.sni_callback = lambda sock, name, context: receiver.names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()


def test_a_message_arrives_byte_for_byte_with_its_headers(receiver):
    receiver.answers = [(202, {}, b"taken")]
    answer = post(receiver.url + "?a=1&b=%20", {"webhook-id": "msg_1"}, b'{"a":1}', LOOPBACK)
    assert (answer.status, answer.is_taken, answer.note) == (202, True, "")
    (got,) = receiver.got
    assert (got.path, got.body) == ("/hook?a=1&b=%20", b'{"a":1}')
    assert got.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["webhook-id"] == "msg_1"


def test_without_leave_nothing_on_this_machine_is_spoken_to(receiver):
    answer = post(receiver.url, {}, b"{}")
    assert (answer.status, receiver.got) == (None, [])
    assert "not on the public internet" in answer.note


def test_a_name_that_leads_inside_at_its_second_look_up_is_still_not_followed_there(stands_for, receiver, monkeypatch):
    """DNS rebinding: the check sees a public address; the connection goes there, without looking the name up again."""
    called: list[tuple[str, int]] = []

    def create_connection(address, *args, **kwargs):
        called.append(address)
        raise ConnectionRefusedError

    stands_for[:] = ["203.0.114.7", "127.0.0.1"]
    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert post(f"https://{NAME}:{receiver.port}/hook", {}, b"{}").note == "no connection"
    assert "not on the public internet" in post(f"https://{NAME}:{receiver.port}/hook", {}, b"{}").note
    assert (called, receiver.got) == ([("203.0.114.7", receiver.port)], [])


def test_a_redirect_is_not_followed(receiver):
    receiver.answers = [(307, {"Location": f"http://127.0.0.1:{receiver.port}/inside"}, b"")]
    answer = post(receiver.url, {}, b"{}", LOOPBACK)
    assert (answer.status, answer.is_taken, [got.path for got in receiver.got]) == (307, False, ["/hook"])
    assert "not followed" in answer.note


def test_no_proxy_of_the_environment_is_asked(receiver, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert post(receiver.url, {}, b"{}", LOOPBACK).is_taken


def test_tls_asks_for_the_name_and_checks_it_though_the_address_is_connected_to(secure, stands_for):
    stands_for[:] = ["127.0.0.1"]
    answer = post(f"https://{NAME}:{secure.port}/hook", {}, b"{}", LOOPBACK)
    assert (answer.is_taken, answer.note) == (True, "")
    assert secure.names == [NAME]
    assert secure.got[0].headers["Host"] == f"{NAME}:{secure.port}"


def test_a_certificate_for_another_name_is_refused_by_that_reason(secure, stands_for):
    stands_for[:] = ["127.0.0.1"]
    answer = post(f"https://other.example.org:{secure.port}/hook", {}, b"{}", LOOPBACK)
    assert (answer.status, secure.got) == (None, [])
    assert "certificate does not hold" in answer.note
    assert "other.example.org" in answer.note


def test_a_certificate_that_nobody_vouches_for_is_refused(secure, stands_for, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    module.trust.cache_clear()
    stands_for[:] = ["127.0.0.1"]
    assert "certificate does not hold" in post(f"https://{NAME}:{secure.port}/", {}, b"{}", LOOPBACK).note


def test_only_a_short_excerpt_of_a_refusal_is_kept_and_of_a_success_nothing(receiver):
    receiver.answers = [(500, {}, b"why\x00 not\r\n <b>\xff" + b"x" * 5_000_000), (200, {}, b"secret")]
    answer = post(receiver.url, {}, b"{}", LOOPBACK)
    assert answer.note.startswith("why not <b>\ufffdxxx")
    assert len(answer.note) == 200
    assert post(receiver.url, {}, b"{}", LOOPBACK).note == ""


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (b"", "not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 300_000, "not HTTP"),
    ],
)
def test_what_is_not_an_answer_is_a_failure_in_words(said, note):
    with raw_server([said]) as port:
        answer = post(f"http://127.0.0.1:{port}/", {}, b"{}", LOOPBACK)
    assert answer.status is None
    assert note in answer.note


def test_an_answer_that_drips_is_cut_off_when_the_time_is_over(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 1.0)
    with raw_server([b"HTTP/1.1 200 OK\r\nX-A: ", *[b"a"] * 200]) as port:
        begun = time.monotonic()
        answer = post(f"http://127.0.0.1:{port}/", {}, b"{}", LOOPBACK)
    assert (answer.status, answer.note) == (None, "no answer within 10 seconds")
    assert time.monotonic() - begun < 3


def test_nobody_there_is_a_failure_in_words():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/", {}, b"{}", LOOPBACK).note == "no connection"


class raw_server:
    """Says the parts to whoever connects, a twentieth of a second apart, whatever it was sent; then says no more.

    It reads what it is sent until the other hangs up: closing on unread bytes would break the line before the parts
    were read.
    """

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts

    def __enter__(self) -> int:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.over = threading.Event()
        threading.Thread(target=self.talk, daemon=True).start()
        return self.socket.getsockname()[1]

    def talk(self) -> None:
        other, _ = self.socket.accept()
        with other:
            other.recv(65_536)
            for part in self.parts:
                try:
                    other.sendall(part)
                except OSError:
                    return
                if len(self.parts) > 1 and self.over.wait(0.05):
                    return
            with contextlib.suppress(OSError):
                other.shutdown(socket.SHUT_WR)
                while other.recv(65_536):
                    pass

    def __exit__(self, *args: object) -> None:
        self.over.set()
        self.socket.close()
