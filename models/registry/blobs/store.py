"""Where files are kept: named by the SHA-256 of their bytes, written whole or not at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from models.errors import InputError

BLOCK = 1 << 20


class StorageError(RuntimeError):
    """A file could not be stored or found, through no fault of whoever brought it; nothing of it is left."""


class StorageFull(StorageError):
    """There is no room left where files are kept."""


class TooLarge(InputError):
    """A file is larger than what is taken."""


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
            TooLarge: refused as soon as the limit is passed. InputError: its SHA-256 is not the expected one.
            StorageFull, StorageError: it could not be written.
        """

    @abstractmethod
    def path(self, sha256: str) -> Path:
        """A file on this machine with the blob's bytes, to be read only.

        Raises:
            StorageError: there is no such blob.
        """

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Every blob that is kept."""

    @abstractmethod
    def remove(self, sha256: str) -> None:
        """Let a blob go that nothing refers to; nothing happens where it is gone already."""

    def put(self, source: BinaryIO, limit: int, expected: str | None = None) -> str:
        """Receive a file and keep it; its name."""
        with self.stage(source, limit, expected) as staged:
            staged.keep()
            return staged.sha256


def open_store(url: str) -> BlobStore:
    """The store behind an address: file:///a/folder.

    Raises:
        ValueError: no store is known for such an address.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc:
        from models.registry.blobs.disk import DiskStore

        return DiskStore(Path(unquote(parts.path)))
    raise ValueError(f"STORAGE_URL is to be file:///a/folder, not {url!r}")
