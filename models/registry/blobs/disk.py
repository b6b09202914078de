"""Blobs in a folder of this machine."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from models.errors import InputError
from models.registry.blobs.store import BLOCK, BlobStore, Staged, StorageError, StorageFull, TooLarge

NAME = re.compile(r"[0-9a-f]{64}")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
STALE_SECONDS = 24 * 3600


class DiskStore(BlobStore):
    """root/ab/abcdef...: written under root/incoming, flushed to the disk, then linked: a reader sees all or none."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"

    @contextmanager
    def stage(self, source: BinaryIO, limit: int, expected: str | None = None) -> Iterator[Staged]:
        with told(self.root):
            self.incoming.mkdir(parents=True, exist_ok=True)
            self.sweep()
        path = self.incoming / uuid4().hex
        try:
            sha256, size = self.receive(source, path, limit)
            if expected is not None and sha256 != expected.strip().lower():
                raise InputError(f"The file has the SHA-256 {sha256}, not {expected[:80]}: it changed on its way.")
            yield StagedFile(self, path, sha256, size)
        finally:
            with suppress(FileNotFoundError):
                path.unlink()

    def receive(self, source: BinaryIO, path: Path, limit: int) -> tuple[str, int]:
        """Write what comes, counting and hashing; what was declared about its size is not believed."""
        digest, size = hashlib.sha256(), 0
        with told(self.root), path.open("xb") as file:
            while block := source.read(BLOCK):
                size += len(block)
                if size > limit:
                    raise TooLarge(f"The file is larger than {limit:,} bytes, the most that is taken.")
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o440)
        if not size:
            raise InputError("The file is empty.")
        return digest.hexdigest(), size

    def place(self, sha256: str) -> Path:
        if not NAME.fullmatch(sha256):
            raise StorageError(f"{sha256[:80]!r} is no name of a stored file")
        return self.root / sha256[:2] / sha256

    def path(self, sha256: str) -> Path:
        found = self.place(sha256)
        if not found.is_file():
            raise StorageError(f"the stored file {sha256} is missing from {self.root}")
        return found

    def names(self) -> Iterator[str]:
        for found in sorted(self.root.glob("[0-9a-f][0-9a-f]/*")):
            if NAME.fullmatch(found.name):
                yield found.name

    def remove(self, sha256: str) -> None:
        with told(self.root), suppress(FileNotFoundError):
            self.place(sha256).unlink()

    def sweep(self) -> int:
        """Remove what uploads that were cut off left behind a day ago or earlier; how many files that were."""
        removed = 0
        for path in self.incoming.glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()
                    removed += 1
        return removed


class StagedFile(Staged):
    def __init__(self, store: DiskStore, path: Path, sha256: str, size: int) -> None:
        self.store, self.path, self.sha256, self.size = store, path, sha256, size

    def keep(self) -> None:
        """The link fails where the same bytes are there already, from this upload or another's."""
        place = self.store.place(self.sha256)
        with told(self.store.root):
            place.parent.mkdir(exist_ok=True)
            with suppress(FileExistsError):
                os.link(self.path, place)
            flush_folder(place.parent)
            flush_folder(self.store.root)


def flush_folder(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def told(root: Path) -> Iterator[None]:
    """What the disk refuses becomes an error that says so."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("There is no room left to store the file. Nothing of it was kept.") from error
        text = f"The file could not be stored in {root}: {error.strerror}. Nothing of it was kept."
        raise StorageError(text) from error
