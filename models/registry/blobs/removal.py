"""Removing a file of a bucket by one signed request.

Arrow's client keeps the folder of what it removed by an empty object of the folder's name. Stores over a file system
make an empty file of that, where no folder can be again; so on a store with an address and a key of its own the request
is ours (AWS, Signature Version 4: "Signature Calculations for the Authorization Header").
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import reduce
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

NOTHING = hashlib.sha256(b"").hexdigest()


def remove(
    endpoint: str, region: str, credentials: tuple[str, str, str], place: str, seconds: float, tries: int = 3
) -> None:
    """Remove bucket/name; nothing happens where it is not there.

    Args:
        credentials: key, secret and the session's token, which may be empty.

    Raises:
        OSError: the store refused or did not answer, with its status in the text.
    """
    path = "/" + quote(place, safe="/-_.~")
    for left in reversed(range(tries)):
        headers = signed("DELETE", urlsplit(endpoint).netloc, path, region, credentials, datetime.now(UTC))
        try:
            with opener().open(Request(endpoint.rstrip("/") + path, method="DELETE", headers=headers), timeout=seconds):
                return
        except HTTPError as error:
            if error.code == 404:
                return
            if error.code < 500 or not left:
                raise OSError(f"HTTP status {error.code}") from error
        except URLError as error:
            if not left:
                raise OSError(f"NETWORK_CONNECTION: {error.reason}") from error


def opener() -> OpenerDirector:
    """Straight to the store, as Arrow's client goes."""
    return build_opener(ProxyHandler({}))


def signed(
    method: str, host: str, path: str, region: str, credentials: tuple[str, str, str], now: datetime
) -> dict[str, str]:
    """The headers of a request without a body."""
    key, secret, session = credentials
    moment, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
    headers = {"host": host, "x-amz-content-sha256": NOTHING, "x-amz-date": moment}
    headers |= {"x-amz-security-token": session} if session else {}
    names, scope = ";".join(sorted(headers)), f"{day}/{region}/s3/aws4_request"
    canonical = "\n".join([method, path, "", *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names, NOTHING])
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = chained(f"AWS4{secret}", (day, region, "s3", "aws4_request", text)).hex()
    told = f"Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return headers | {"Authorization": f"AWS4-HMAC-SHA256 {told}"}


def chained(secret: str, words: Iterable[str]) -> bytes:
    return reduce(lambda key, word: hmac.digest(key, word.encode(), "sha256"), words, secret.encode())
