"""Where files are kept: named by the SHA-256 of their bytes, written whole or not at all."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from models.errors import InputError

BLOCK = 1 << 20
CACHE_BYTES = 10 << 30


class StorageError(RuntimeError):
    """A file could not be stored or found, through no fault of whoever brought it; nothing of it is left."""


class StorageFull(StorageError):
    """There is no room left where files are kept."""


class TooLarge(InputError):
    """A file is larger than what is taken."""


class ChecksumMismatch(InputError):
    """What came is not what its sender declared: it changed on its way, or while it was read."""


class Staged(ABC):
    """A file that was received whole and is not yet visible: look at it, then keep it or let it go."""

    sha256: str
    size: int
    path: Path

    @abstractmethod
    def keep(self) -> None:
        """Make the file visible under its name, at once and for good; nothing happens where it is there already.

        Raises:
            StorageError: it could not be moved; it stays invisible.
        """


class BlobStore(ABC):
    """Files by the SHA-256 of their bytes, in hexadecimal. They never change."""

    @abstractmethod
    def stage(self, source: BinaryIO, limit: int, expected: str | None = None) -> AbstractContextManager[Staged]:
        """Receive a file; it is gone at the end of the `with`, unless it was kept.

        Args:
            source: read in blocks, to its end. limit: bytes. expected: the SHA-256 that its sender declared.

        Raises:
            TooLarge: refused as soon as the limit is passed. ChecksumMismatch: its SHA-256 is not the expected one.
            StorageFull, StorageError: it could not be written.
        """

    @abstractmethod
    def path(self, sha256: str) -> Path:
        """A file on this machine with the blob's bytes, to be read only.

        Raises:
            StorageError: there is no such blob.
        """

    @abstractmethod
    def age(self, sha256: str) -> float:
        """Seconds since the blob was kept, the last time that it was: keeping it again makes it young.

        Raises:
            StorageError: there is no such blob.
        """

    @abstractmethod
    def check(self) -> None:
        """One quick question, which changes nothing.

        Raises:
            StorageError: files cannot be kept or read now.
        """

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Every blob that is kept."""

    @abstractmethod
    def remove(self, sha256: str) -> None:
        """Let a blob go that nothing refers to; nothing happens where it is gone already."""

    def remove_older(self, sha256: str, seconds: float) -> bool:
        """Let a blob go that nothing refers to, unless it was kept again within so many seconds; whether it went."""
        if self.age(sha256) < seconds:
            return False
        self.remove(sha256)
        return True

    @abstractmethod
    def put_part(self, area: str, name: str, source: BinaryIO, size: int, sha256: str) -> None:
        """Receive one part of a file that comes in parts, into an area beside the blobs; twice is as good as once.

        Args:
            area: the upload's. name: the part's. size, sha256: what it has to have.

        Raises:
            TooLarge, InputError: it is longer or shorter than that. ChecksumMismatch: other bytes came.
            StorageFull, StorageError: it could not be written. In each case nothing of it is kept.
        """

    @abstractmethod
    def open_part(self, area: str, name: str) -> BinaryIO:
        """A part, to be read from its start.

        Raises:
            StorageError: it is not there.
        """

    @abstractmethod
    def drop_parts(self, area: str) -> None:
        """Remove an area with all its parts; nothing happens where there is none."""

    @abstractmethod
    def areas(self) -> Iterator[str]:
        """Every area that has parts."""

    def put(self, source: BinaryIO, limit: int, expected: str | None = None) -> str:
        """Receive a file and keep it; its name."""
        with self.stage(source, limit, expected) as staged:
            staged.keep()
            return staged.sha256


def receive(source: BinaryIO, file: BinaryIO, limit: int, over: str) -> tuple[str, int]:
    """Write what comes, counting and hashing; what was declared about its size is not believed. SHA-256 and bytes.

    Raises:
        TooLarge: with `over`, as soon as more than `limit` bytes came. InputError: nothing came.
    """
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        size += len(block)
        if size > limit:
            raise TooLarge(over)
        digest.update(block)
        file.write(block)
    if not size:
        raise InputError("The file is empty.")
    return digest.hexdigest(), size


def check_part(size: int, sha256: str, found_size: int, found: str) -> None:
    """Raises InputError for a part that was cut off, ChecksumMismatch for other bytes."""
    if found_size != size:
        raise InputError(f"The part has {found_size:,} bytes, not {size:,}: it was cut off. Send it again.")
    if found != sha256:
        raise ChecksumMismatch(f"The part has the SHA-256 {found}, not {sha256}: it changed on its way. Send it again.")


def larger(limit: int) -> str:
    return f"The file is larger than {limit:,} bytes, the most that is taken."


def too_long(size: int) -> str:
    return f"The part is longer than {size:,} bytes, which is what was declared."


def check_whole(sha256: str, expected: str | None) -> None:
    """Raises ChecksumMismatch where a file is not what its sender declared."""
    if expected is not None and sha256 != expected.strip().lower():
        raise ChecksumMismatch(f"The file has the SHA-256 {sha256}, not {expected[:80]}: it changed on its way.")


def open_store(url: str, cache: Path | None = None, cache_bytes: int = CACHE_BYTES) -> BlobStore:
    """The store behind an address: file:///a/folder, or s3://bucket/prefix?endpoint=http://host:port&region=...

    Args:
        cache: the folder where copies of what lies elsewhere are kept, up to about `cache_bytes` of them.

    Raises:
        ValueError: no store is known for such an address.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc:
        from models.registry.blobs.disk import DiskStore

        return DiskStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc and cache is not None:
        from models.registry.blobs.bucket import Bucket
        from models.registry.blobs.s3 import S3Store

        return S3Store(Bucket.at(url), cache, cache_bytes)
    raise ValueError(f"STORAGE_URL is to be file:///a/folder or s3://bucket/prefix, not {parts.scheme}://...")
