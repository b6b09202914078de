"""One connection to a server: the token, repeating what is safe, problems as exceptions, lists as iterators."""

from __future__ import annotations

import random
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from plumbline_client.errors import FieldError, InvalidInput, NotPlumbline, Problem, Unreachable
from plumbline_client.installed import own_version

ROOT = "/api/v1"
RETRIED = frozenset({429, 502, 503, 504})
IN_PROGRESS = "idempotency-in-progress"
LONGEST_PAUSE = 60.0
# a long wait for a job is 60 seconds; an answer may take a little more
TIMEOUT = httpx.Timeout(30.0, connect=10.0, read=90.0)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
Body = bytes | Callable[[], Iterator[bytes]]


class Connection:
    """Requests to one server. Safe to share between threads, as httpx's client is.

    Every POST carries an Idempotency-Key that stays the same when it is repeated, so that nothing is done twice.
    """

    def __init__(self, url: str, token: str, *, retries: int = 5, patience: float = 120.0) -> None:
        """`retries` is how often a request is repeated at most; `patience` how many seconds of pauses are borne."""
        self.address = checked_address(url)
        self.retries, self.patience = retries, patience
        headers = {"Authorization": f"Bearer {token}", "User-Agent": f"plumbline-client/{own_version()}"}
        self.http = httpx.Client(headers=headers, timeout=TIMEOUT, follow_redirects=False)

    def close(self) -> None:
        self.http.close()

    def url(self, path: str) -> str:
        """The whole address of a path of the API (/models), or of an absolute path that the server named."""
        if not path.startswith(f"{ROOT}/"):
            path = ROOT + path
        return self.address + path

    def page(self, path: str) -> str:
        """The address of a page for people."""
        return urljoin(f"{self.address}/", path.lstrip("/"))

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, wait: int | None = None) -> Any:
        return as_json(self.send("GET", path, params=params, headers=waiting(wait)))

    def post(self, path: str, body: Any = None, *, wait: int | None = None) -> Any:
        return as_json(self.send("POST", path, json={} if body is None else body, headers=waiting(wait)))

    def patch(self, path: str, body: Any, *, etag: str) -> Any:
        return as_json(self.send("PATCH", path, json=body, headers={"If-Match": etag}))

    def change(self, path: str, body: Any) -> Any:
        """PATCH what is there as it is now; a Problem "precondition-failed" where somebody changes it meanwhile."""
        return self.patch(path, body, etag=self.etag(path))

    def etag(self, path: str) -> str:
        """Of what is there now."""
        return str(self.send("GET", path).headers.get("ETag", "*"))

    def delete(self, path: str, *, etag: str | None = None) -> None:
        self.send("DELETE", path, headers={"If-Match": etag} if etag else None)

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page, each asked for when it is reached."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        following: str | None = str(httpx.URL(path, params=given)) if given else path
        while following:
            found = self.get(following)
            if not isinstance(found, dict) or not isinstance(found.get("items"), list):
                raise NotPlumbline(f"{self.url(path)} did not answer with a list. Is this a Plumbline server?")
            yield from found["items"]
            following = self.own_path(found.get("next"))

    def own_path(self, following: str | None) -> str | None:
        """The path of the next page; the token goes to no other server, whatever a list says."""
        if following is None:
            return None
        parts = urlsplit(following)
        if not following.startswith(f"{ROOT}/") or parts.netloc:
            raise NotPlumbline(f"The list goes on at {following[:200]!r}, which is not of this server.")
        return following

    def download(self, path: str, write: Callable[[bytes], object]) -> None:
        """The body of an answer, piece by piece; asked for again only before the first piece."""
        with self.opened("GET", path) as response:
            try:
                for piece in response.iter_bytes():
                    write(piece)
            except httpx.TransportError as error:
                raise Unreachable(f"The download from {self.address} was cut off ({name_of(error)}).") from error

    def opened(self, method: str, path: str) -> Any:
        request = self.http.build_request(method, self.url(path))
        return _Opened(self._repeated(request, stream=True))

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request, repeated where that is safe and may help.

        Raises:
            Problem: the server refused. Unreachable: no answer. NotPlumbline: an answer that makes no sense.
        """
        sent = dict(headers or {})
        if method == "POST":
            sent.setdefault("Idempotency-Key", str(uuid.uuid4()))
        known = {name: value for name, value in (params or {}).items() if value is not None} or None
        request = self.http.build_request(
            method, self.url(path), params=known, json=json, content=content, headers=sent
        )
        return self._repeated(request)

    def _repeated(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        left, attempt = self.patience, 0
        while True:
            response, failure = self._once(request, stream)
            if response is not None and response.is_success:
                return response
            pause = pause_after(response, attempt)
            if attempt >= self.retries or pause > left or not self._may_help(request, response, failure):
                return self._conclude(request, response, failure, attempt)
            if response is not None:
                response.close()
            time.sleep(pause)
            left, attempt = left - pause, attempt + 1

    def _once(self, request: httpx.Request, stream: bool) -> tuple[httpx.Response | None, httpx.TransportError | None]:
        try:
            return self.http.send(request, stream=stream), None
        except httpx.TransportError as error:
            return None, error

    def _may_help(
        self, request: httpx.Request, response: httpx.Response | None, failure: httpx.TransportError | None
    ) -> bool:
        """Whether asking again may help and cannot do something twice."""
        if isinstance(failure, httpx.UnsupportedProtocol):
            return False
        if failure is not None:
            # a change that names the state it changes cannot be told from one that was made: asked once
            return request.method != "PATCH" or isinstance(failure, httpx.ConnectError)
        if response is None:
            return False
        if response.status_code == 409:
            response.read()
            return slug_of(problem_body(response)) == IN_PROGRESS
        return response.status_code in RETRIED

    def _conclude(
        self,
        request: httpx.Request,
        response: httpx.Response | None,
        failure: httpx.TransportError | None,
        attempt: int,
    ) -> httpx.Response:
        if response is None:
            times = f", asked {attempt + 1} times" if attempt else ""
            raise Unreachable(f"No answer from {self.address} ({name_of(failure)}{times}).") from failure
        response.read()
        if request.method == "DELETE" and response.status_code == 404 and attempt:
            return response  # it was done, and its answer was lost
        if response.is_redirect:
            to = response.headers.get("Location", "")[:200]
            raise NotPlumbline(f"{self.address} sends on to {to}. Give the address that it sends to.")
        raise problem_of(response, self.address)


class _Opened:
    """A streamed response that is closed at the end of a `with`."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response

    def __enter__(self) -> httpx.Response:
        return self.response

    def __exit__(self, *_: object) -> None:
        self.response.close()


def checked_address(url: str) -> str:
    """The server's address without a slash or /api/v1 at its end."""
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(f"{url!r} is no address of a server. Give one such as https://plumbline.example.org.")
    if parts.username or parts.password:
        raise InvalidInput("The address has a name or password in it. Give the token by PLUMBLINE_TOKEN instead.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        warnings.warn(f"{url} is not encrypted: who listens on the way reads the token.", stacklevel=4)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(ROOT)}"


def waiting(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Prefer": f"wait={min(60, max(0, int(seconds)))}"}


def pause_after(response: httpx.Response | None, attempt: int) -> float:
    """Seconds before the next attempt: what the server asks for, else doubling, spread so that clients do not march."""
    asked = response.headers.get("Retry-After") if response is not None else None
    if asked is not None and (seconds := seconds_of(asked)) is not None:
        return seconds
    return min(LONGEST_PAUSE, 0.25 * 2**attempt) * random.uniform(0.5, 1.0)


def seconds_of(asked: str) -> float | None:
    """Retry-After is seconds or a date; None where it is neither."""
    if asked.strip().isdecimal():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def as_json(response: httpx.Response) -> Any:
    if response.status_code == 204 or not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise NotPlumbline(f"{response.url} did not answer with JSON. Is this a Plumbline server?") from error


def problem_body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def slug_of(body: Mapping[str, Any]) -> str:
    kind = body.get("type")
    return kind.rstrip("/").rpartition("/")[2] if isinstance(kind, str) else ""


def problem_of(response: httpx.Response, address: str) -> Problem | NotPlumbline:
    body = problem_body(response)
    slug = slug_of(body)
    if not slug or slug == "about:blank":
        return NotPlumbline(
            f"{address} answered {response.status_code} {response.reason_phrase}, without saying why. "
            "Is this a Plumbline server?"
        )
    rows = body.get("errors")
    errors = tuple(
        FieldError(str(row.get("pointer", "")), str(row.get("detail", "")))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    )
    detail = str(body.get("detail") or body.get("title") or slug)
    return Problem(slug, response.status_code, detail, errors, body)


def name_of(error: BaseException | None) -> str:
    """What happened on the way, in words where the library has any."""
    return str(error) or type(error).__name__
