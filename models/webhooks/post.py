"""Sending one message: to the addresses that were checked, in ten seconds, without following where it is sent on."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from models.webhooks.guard import Address, Network, Refused, Target, addresses_of, target_of

CONNECT_SECONDS, SECONDS = 5.0, 10.0
EXCERPT = 200  # characters of an answer that are kept, of a refusal only
READ = 2048  # bytes of it that are read

USER_AGENT = "Plumbline-Webhooks/1"
WHAT_WENT_WRONG: tuple[tuple[type[Exception], str], ...] = (
    (httpcore.ConnectTimeout, "no connection within 5 seconds"),
    (httpcore.TimeoutException, "no answer within 10 seconds"),
    (httpcore.ConnectError, "no connection"),
    (httpcore.ProtocolError, "the answer was not HTTP"),
    (httpcore.NetworkError, "the connection broke"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt. `status` is None where there was no answer; `note` says why it did not go well."""

    status: int | None
    seconds: float
    note: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The receiver wants no more of them."""
        return self.status == 410


def post(url: str, headers: dict[str, str], body: bytes, allowed: Iterable[Network] = ()) -> Answer:
    """Look the name up, check, connect to what was checked, send. Never raises for what the other side does."""
    begun = time.monotonic()
    try:
        target = target_of(url)
        status, note = exchange(target, addresses_of(target, allowed), headers, body)
    except Refused as error:
        status, note = None, str(error)
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        status, note = None, said(error)
    return Answer(status, round(time.monotonic() - begun, 3), note)


def exchange(target: Target, addresses: list[Address], headers: dict[str, str], body: bytes) -> tuple[int, str]:
    url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    sent = {
        "Host": target.authority,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": USER_AGENT,
        "Connection": "close",
        **headers,
    }
    line = Line(addresses, time.monotonic() + SECONDS)
    with (
        httpcore.ConnectionPool(ssl_context=trust(), network_backend=line) as pool,
        pool.stream("POST", url, headers=list(sent.items()), content=body, extensions={"timeout": TIMEOUT}) as answer,
    ):
        return answer.status, "" if 200 <= answer.status < 300 else refusal(answer)


TIMEOUT = {"connect": CONNECT_SECONDS, "read": SECONDS, "write": SECONDS, "pool": SECONDS}


@cache
def trust() -> ssl.SSLContext:
    """The usual authorities, or those that SSL_CERT_FILE names."""
    return httpx.create_ssl_context()


def refusal(answer: httpcore.Response) -> str:
    """Why an answer that is not a success counts as none, with the first words of it."""
    if 300 <= answer.status < 400:
        return "the answer sends on to another address, which is not followed"
    text = b""
    with contextlib.suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        for part in answer.iter_stream():
            text += part
            if len(text) >= READ:
                break
    words = " ".join("".join(c if c.isprintable() else " " for c in text[:READ].decode("utf-8", "replace")).split())
    return words[:EXCERPT]


def said(error: Exception) -> str:
    """A fault of the network in words; a certificate that does not hold is named as such."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate does not hold: {cause.verify_message}"[:EXCERPT]
    if isinstance(cause, ssl.SSLError):
        return "the connection could not be made secure"
    return next(words for kind, words in WHAT_WENT_WRONG if isinstance(error, kind))


class Line(httpcore.NetworkBackend):
    """Connects to the given addresses, whatever name it is asked for, and lets nothing last beyond the deadline.

    The name is still what TLS asks for and what the Host header says.
    """

    def __init__(self, addresses: list[Address], deadline: float) -> None:
        self._addresses, self._deadline = addresses, deadline
        self._real = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any) -> Timed:
        error: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            left = min(CONNECT_SECONDS, time_left(self._deadline))
            try:
                return Timed(self._real.connect_tcp(str(address), port, left), self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error


class Timed(httpcore.NetworkStream):
    """A stream whose every step has only what is left of the whole time: an answer that drips does not hold us."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, time_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, time_left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Timed:
        left = min(CONNECT_SECONDS, time_left(self._deadline))
        return Timed(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def time_left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left
