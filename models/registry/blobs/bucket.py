"""A bucket of an S3-compatible store, through Arrow's client."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from models.registry.blobs import removal
from models.registry.blobs.store import BLOCK, StorageError

if TYPE_CHECKING:
    from pyarrow import NativeFile
    from pyarrow.fs import S3FileSystem

CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 5, 60, 3
KEY, SECRET, SESSION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


@dataclass
class Bucket:
    """Where the files lie: the bucket with a prefix, and how it is reached. Without a key of its own the usual places
    are asked (the environment, the machine's role)."""

    name: str
    prefix: str
    endpoint: str = ""
    region: str = ""
    key: str = ""
    secret: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    _client: tuple[int, Any] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def at(cls, url: str, environment: Mapping[str, str] = os.environ) -> Bucket:
        """The bucket at s3://name/prefix?endpoint=http://host:port&region=..., with the environment's credentials.

        Raises:
            ValueError: the address is not of that form.
        """
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        endpoint, region = options.pop("endpoint", ""), options.pop("region", "")
        if parts.scheme != "s3" or not parts.hostname or parts.username or options:
            raise ValueError("an S3 address is s3://bucket/prefix?endpoint=https://host:port&region=..., no more")
        if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
            raise ValueError("the endpoint of an S3 address begins with http:// or https://")
        key, secret, session = (environment.get(name, "") for name in (KEY, SECRET, SESSION))
        return cls(parts.netloc, unquote(parts.path).strip("/"), endpoint, region, key, secret, session)

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}"

    @property
    def client(self) -> S3FileSystem:
        """One for each process: the client's threads do not survive a fork."""
        if self._client is None or self._client[0] != os.getpid():
            self._client = (os.getpid(), self.connect())
        return self._client[1]

    def connect(self) -> S3FileSystem:
        """Checksums of the client's own are left out: many stores that speak S3 do not know them, and every file's
        SHA-256 is compared by us."""
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

        os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
        os.environ.setdefault("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")
        given: dict[str, Any] = {"retry_strategy": AwsStandardS3RetryStrategy(max_attempts=TRIES)}
        if self.key:
            given |= {"access_key": self.key, "secret_key": self.secret, "session_token": self.session or None}
        if self.endpoint:
            where = urlsplit(self.endpoint)
            given |= {"endpoint_override": where.netloc, "scheme": where.scheme}
        if self.region or self.endpoint:
            given["region"] = self.region or "us-east-1"
        return S3FileSystem(connect_timeout=CONNECT_SECONDS, request_timeout=ANSWER_SECONDS, **given)

    def place(self, name: str) -> str:
        """A name below the prefix as the client takes it."""
        return "/".join(part for part in (self.name, self.prefix, name) if part)

    def remove(self, name: str) -> None:
        """A file below the prefix; nothing happens where it is not there. The machine's role has no key to sign with:
        then the client removes it."""
        place = self.place(name)
        with suppress(FileNotFoundError), self.told("removing"):
            if self.endpoint and self.key:
                credentials = (self.key, self.secret, self.session)
                removal.remove(self.endpoint, self.region or "us-east-1", credentials, place, ANSWER_SECONDS, TRIES)
            else:
                self.client.delete_file(place)

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """What the store or the line refuses becomes an error that says so; FileNotFoundError stays what it is."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageError(f"The file store {self} {reason(str(error))} ({doing}).") from error


class Reading(io.RawIOBase):
    """A file of a bucket, read from its start; what goes wrong on the way is the bucket's fault, not the reader's."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        super().__init__()
        self.bucket = bucket
        self.source: NativeFile | None = None
        with bucket.told("reading"):
            self.source = bucket.client.open_input_stream(bucket.place(name), buffer_size=BLOCK)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        assert self.source is not None
        with self.bucket.told("reading"):
            block = self.source.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if self.source is not None:
            self.source.close()
        super().close()


def reason(text: str) -> str:
    """Why, in words; the client's own message names hosts and keys, which are the operator's business."""
    if "ACCESS_DENIED" in text or "INVALID_ACCESS_KEY" in text or "SIGNATURE_DOES_NOT_MATCH" in text or "403" in text:
        return f"refused its credentials ({KEY} and {SECRET})"
    if "NO_SUCH_BUCKET" in text or "NoSuchBucket" in text:
        return "has no such bucket"
    if "NETWORK_CONNECTION" in text or "Timeout" in text or "timed out" in text:
        return "does not answer"
    return "failed"
