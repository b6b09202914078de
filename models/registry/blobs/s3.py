"""Blobs in an S3-compatible store, with copies on this machine for whoever reads them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from models.registry.blobs.bucket import Bucket, Reading
from models.registry.blobs.disk import NAME, DiskStore, StagedFile, blob_place, part
from models.registry.blobs.store import (
    BLOCK,
    BlobStore,
    ChecksumMismatch,
    Staged,
    StorageError,
    check_part,
    check_whole,
    larger,
    too_long,
)

# a copy that was asked for within this time is not let go, since somebody may be about to open it
NEEDED_SECONDS = 3600
# what was kept again within this time is not sent again
YOUNG_SECONDS = 24 * 3600
PARTS = "parts"


class S3Store(BlobStore):
    """prefix/ab/abcdef...: received and hashed on this machine first, then sent. An object appears whole or not at all.

    `cache` holds copies: at most about `cache_bytes`, the longest unasked-for going first.
    """

    def __init__(self, bucket: Bucket, cache: Path, cache_bytes: int) -> None:
        self.bucket, self.cache, self.cache_bytes = bucket, DiskStore(cache), cache_bytes

    @contextmanager
    def stage(self, source: BinaryIO, limit: int, expected: str | None = None) -> Iterator[Staged]:
        self.cache.sweep()
        with self.cache.received(source, limit, larger(limit)) as received:
            check_whole(received.sha256, expected)
            yield StagedObject(self, received)

    def path(self, sha256: str) -> Path:
        copy = self.cache.place(sha256)
        with suppress(FileNotFoundError):
            os.utime(copy)
            return copy
        try:
            source = cast(BinaryIO, Reading(self.bucket, blob_place(sha256)))
            with source, self.cache.stage(source, 1 << 62, sha256) as staged:
                staged.keep()
        except FileNotFoundError:
            raise StorageError(f"the stored file {sha256} is missing from {self.bucket}") from None
        except ChecksumMismatch as error:
            raise StorageError(f"the stored file {sha256} is damaged in {self.bucket}") from error
        self.make_room(spared=copy)
        return copy

    def make_room(self, spared: Path) -> None:
        """Let copies go until no more than the limit is left, or only such as may be needed now."""
        copies = []
        for name in self.cache.names():
            with suppress(FileNotFoundError):
                found = self.cache.place(name).stat()
                copies.append((found.st_mtime, found.st_size, self.cache.place(name)))
        held, needed = sum(size for _, size, _ in copies), time.time() - NEEDED_SECONDS
        for asked, size, copy in sorted(copies):
            if held <= self.cache_bytes or asked > needed:
                return
            if copy != spared:
                copy.unlink(missing_ok=True)
                held -= size

    def send(self, file: Path, size: int, name: str) -> None:
        """A file of this machine, under a name below the prefix; what arrived is measured."""
        place = self.bucket.place(name)
        with self.bucket.told("writing"):
            with file.open("rb") as source, self.bucket.client.open_output_stream(place) as target:
                while block := source.read(BLOCK):
                    target.write(block)
            arrived = self.bucket.client.get_file_info(place).size
        if arrived != size:
            raise StorageError(f"the file store {self.bucket} has {arrived} of {size:,} bytes of {name}")

    def age(self, sha256: str) -> float:
        age = self.known_age(sha256)
        if age is None:
            raise StorageError(f"the stored file {sha256} is missing from {self.bucket}")
        return age

    def known_age(self, sha256: str) -> float | None:
        with self.bucket.told("asking"):
            found = self.bucket.client.get_file_info(self.bucket.place(blob_place(sha256)))
        return time.time() - found.mtime.timestamp() if found.is_file else None

    def check(self) -> None:
        self.known_age("0" * 64)

    def names(self) -> Iterator[str]:
        names = (path.rsplit("/", 1)[-1] for path in self.listed("", files=True))
        yield from sorted(name for name in names if NAME.fullmatch(name))

    def remove(self, sha256: str) -> None:
        self.bucket.remove(blob_place(sha256))
        self.cache.remove(sha256)

    def put_part(self, area: str, name: str, source: BinaryIO, size: int, sha256: str) -> None:
        place = f"{PARTS}/{part(area)}/{part(name)}"
        with self.cache.received(source, size, too_long(size)) as received:
            check_part(size, sha256, received.size, received.sha256)
            self.send(received.path, size, place)

    def open_part(self, area: str, name: str) -> BinaryIO:
        try:
            return cast(BinaryIO, Reading(self.bucket, f"{PARTS}/{part(area)}/{part(name)}"))
        except FileNotFoundError as error:
            raise StorageError(f"a part of the upload {area} is missing from {self.bucket}") from error

    def drop_parts(self, area: str) -> None:
        folder = f"{PARTS}/{part(area)}"
        for path in list(self.listed(folder, files=True)):
            self.bucket.remove(f"{folder}/{path.rsplit('/', 1)[-1]}")

    def areas(self) -> Iterator[str]:
        yield from sorted(path.rsplit("/", 1)[-1] for path in self.listed(PARTS, files=False))

    def listed(self, below: str, *, files: bool) -> Iterator[str]:
        """All files below a folder, or the folders in it."""
        from pyarrow.fs import FileSelector

        selector = FileSelector(self.bucket.place(below), allow_not_found=True, recursive=files)
        with self.bucket.told("listing"):
            found = self.bucket.client.get_file_info(selector)
        yield from (each.path for each in found if each.is_file is files)


class StagedObject(Staged):
    def __init__(self, store: S3Store, received: StagedFile) -> None:
        self.store, self.received = store, received
        self.path, self.sha256, self.size = received.path, received.sha256, received.size

    def keep(self) -> None:
        """Sent even where it is there already, which makes it young again, unless it still is."""
        age = self.store.known_age(self.sha256)
        if age is None or age > YOUNG_SECONDS:
            self.store.send(self.path, self.size, blob_place(self.sha256))
        self.received.keep()
        self.store.make_room(spared=self.store.cache.place(self.sha256))
