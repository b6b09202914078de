"""Blobs in a folder of this machine."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from models.registry.blobs.store import (
    BlobStore,
    Staged,
    StorageError,
    StorageFull,
    check_part,
    check_whole,
    larger,
    receive,
    too_long,
)

NAME = re.compile(r"[0-9a-f]{64}")
PART = re.compile(r"[0-9a-f-]{1,120}")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
STALE_SECONDS = 24 * 3600


class DiskStore(BlobStore):
    """root/ab/abcdef...: written under root/incoming, flushed to the disk, then linked: a reader sees all or none."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self.parts = root / "parts"

    @contextmanager
    def stage(self, source: BinaryIO, limit: int, expected: str | None = None) -> Iterator[Staged]:
        self.sweep()
        with self.received(source, limit, larger(limit)) as staged:
            check_whole(staged.sha256, expected)
            yield staged

    @contextmanager
    def received(self, source: BinaryIO, limit: int, over: str) -> Iterator[StagedFile]:
        """What comes, written all the way to the disk; gone at the end of the `with`."""
        with told(self.root):
            self.incoming.mkdir(parents=True, exist_ok=True)
        path = self.incoming / uuid4().hex
        try:
            with told(self.root), path.open("xb") as file:
                sha256, size = receive(source, file, limit, over)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o440)
            yield StagedFile(self, path, sha256, size)
        finally:
            with suppress(FileNotFoundError):
                path.unlink()

    def put_part(self, area: str, name: str, source: BinaryIO, size: int, sha256: str) -> None:
        folder, file = self.area(area), part(name)
        with self.received(source, size, too_long(size)) as staged:
            check_part(size, sha256, staged.size, staged.sha256)
            with told(self.root):
                folder.mkdir(parents=True, exist_ok=True)
                staged.path.replace(folder / file)
                flush_folder(folder)

    def open_part(self, area: str, name: str) -> BinaryIO:
        try:
            return (self.area(area) / part(name)).open("rb")
        except OSError as error:
            raise StorageError(f"a part of the upload {area} is missing from {self.root}") from error

    def drop_parts(self, area: str) -> None:
        with told(self.root), suppress(FileNotFoundError):
            shutil.rmtree(self.area(area))

    def areas(self) -> Iterator[str]:
        with suppress(FileNotFoundError):
            yield from sorted(found.name for found in self.parts.iterdir())

    def area(self, name: str) -> Path:
        return self.parts / part(name)

    def place(self, sha256: str) -> Path:
        return self.root / blob_place(sha256)

    def path(self, sha256: str) -> Path:
        found = self.place(sha256)
        if not found.is_file():
            raise StorageError(f"the stored file {sha256} is missing from {self.root}")
        return found

    def age(self, sha256: str) -> float:
        return time.time() - self.path(sha256).stat().st_mtime

    def check(self) -> None:
        there = next(parent for parent in (self.root, *self.root.parents) if parent.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise StorageError(f"{self.root} may not be written to")

    def names(self) -> Iterator[str]:
        for found in sorted(self.root.glob("[0-9a-f][0-9a-f]/*")):
            if NAME.fullmatch(found.name):
                yield found.name

    def remove(self, sha256: str) -> None:
        with told(self.root), suppress(FileNotFoundError):
            self.place(sha256).unlink()

    def remove_older(self, sha256: str, seconds: float) -> bool:
        """It is put aside first: who keeps it again meanwhile either made it young, which is seen then, or finds no
        such file and writes it anew."""
        place, aside = self.path(sha256), self.incoming / uuid4().hex
        if time.time() - place.stat().st_mtime < seconds:
            return False
        with told(self.root):
            self.incoming.mkdir(parents=True, exist_ok=True)
            place.rename(aside)
            young = time.time() - aside.stat().st_mtime < seconds
            if young:
                with suppress(FileExistsError):
                    os.link(aside, place)
            aside.unlink()
        return not young

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
            while not self.is_there(place):
                pass
            flush_folder(place.parent)
            flush_folder(self.store.root)

    def is_there(self, place: Path) -> bool:
        """Linked, or there already and made young again, so that nobody lets it go while its row is being written;
        False where it was let go between the two."""
        with suppress(FileExistsError):
            os.link(self.path, place)
            return True
        with suppress(FileNotFoundError):
            os.utime(place)
            return True
        return False


def blob_place(sha256: str) -> str:
    """Where a blob stands below the root. StorageError for what is no SHA-256, which could lead elsewhere."""
    if not NAME.fullmatch(sha256):
        raise StorageError(f"{sha256[:80]!r} is no name of a stored file")
    return f"{sha256[:2]}/{sha256}"


def part(name: str) -> str:
    """The name, once it is sure to be one of ours; StorageError for any other, which could lead elsewhere."""
    if not PART.fullmatch(name):
        raise StorageError(f"{name[:80]!r} is no name of a part")
    return name


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
