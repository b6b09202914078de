"""Sending a file in parts, each with its SHA-256; what broke off goes on where it was."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from plumbline_client.connection import Connection
from plumbline_client.errors import InvalidInput, Problem, Unreachable, UploadStopped
from plumbline_client.records import Upload, read_as

BLOCK = 1 << 20
# one part as it was sent is lost where the line corrupts it; again is enough
ATTEMPTS = 3
Sent = Callable[[int, int], object]
Source = str | os.PathLike[str] | BinaryIO


class Uploads:
    """`client.uploads`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def get(self, upload: str) -> Upload:
        return read_as(Upload, self.connection.get(f"/uploads/{upload}"))

    def send(
        self,
        source: Source,
        *,
        name: str | None = None,
        part_size: int | None = None,
        resume: str | None = None,
        sent: Sent | None = None,
    ) -> Upload:
        """Send a file, whole and checked, and give the completed upload.

        Args:
            source: a path, or a file opened for reading bytes.
            name: the file's name, where `source` has none.
            part_size: bytes of a part; the server chooses where it is None.
            resume: the id of an upload of the same file that broke off; only what is missing is sent.
            sent: called with (bytes that are there, bytes of the file) after each part.

        Raises:
            UploadStopped: the line broke for longer than is borne; it names the upload to resume.
            Problem: the server refused. InvalidInput: there is no such file, it is empty, or it is not the same one.
        """
        with opened(source) as (file, found):
            named = name or found
            size, sha256 = measured(file)
            if not size:
                raise InvalidInput(f"{named} is empty.")
            upload = self._resumed(resume, size, sha256) if resume else self._begun(named, size, sha256, part_size)
            try:
                self._send_missing(file, upload, sent)
                return read_as(Upload, self.connection.post(f"/uploads/{upload.id}/complete", {"sha256": sha256}))
            except Unreachable as error:
                raise UploadStopped(
                    f"{error} What was sent is kept for a day: upload {upload.id}.", upload.id
                ) from error

    def abandon(self, upload: str) -> None:
        """Its parts are removed."""
        self.connection.delete(f"/uploads/{upload}")

    def _begun(self, name: str, size: int, sha256: str, part_size: int | None) -> Upload:
        body = {"file_name": name, "size": size, "sha256": sha256}
        return read_as(Upload, self.connection.post("/uploads", body | ({"part_size": part_size} if part_size else {})))

    def _resumed(self, resume: str, size: int, sha256: str) -> Upload:
        upload = self.get(resume)
        if upload.state == "expired":
            raise InvalidInput("The upload to resume is over; send the file anew.")
        if upload.size != size or (upload.sha256 and upload.sha256 != sha256):
            raise InvalidInput(f"The upload to resume is of another file ({upload.file_name}, {upload.size:,} bytes).")
        return upload

    def _send_missing(self, file: BinaryIO, upload: Upload, sent: Sent | None) -> None:
        there = {part.number: part.sha256 for part in upload.parts}
        done = 0
        for number, start in enumerate(range(0, upload.size, upload.part_size)):
            file.seek(start)
            content = file.read(min(upload.part_size, upload.size - start))
            digest = hashlib.sha256(content)
            if there.get(number) != digest.hexdigest() and upload.state != "complete":
                self._send_part(upload, number, content, digest.digest())
            done += len(content)
            if sent:
                sent(done, upload.size)

    def _send_part(self, upload: Upload, number: int, content: bytes, digest: bytes) -> None:
        """PUT is repeated by the connection where no answer comes; here where the bytes changed on the way."""
        headers = {
            "Content-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
            "Content-Type": "application/octet-stream",
        }
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self.connection.send("PUT", f"/uploads/{upload.id}/parts/{number}", content=content, headers=headers)
                return
            except Problem as problem:
                if problem.slug != "checksum-mismatch" or attempt == ATTEMPTS:
                    raise


@contextmanager
def opened(source: Source) -> Iterator[tuple[BinaryIO, str]]:
    """The file, which can be read from any place, and its name. What cannot go back is copied to a temporary file."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        try:
            with path.open("rb") as file:
                yield file, path.name
        except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
        return
    name = Path(str(getattr(source, "name", "") or "data")).name
    if source.seekable():
        yield source, name
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(source, copy, BLOCK)
        yield copy, name


def measured(file: BinaryIO) -> tuple[int, str]:
    """The size and the SHA-256 of the whole file."""
    file.seek(0)
    size, digest = 0, hashlib.sha256()
    while block := file.read(BLOCK):
        size += len(block)
        digest.update(block)
    return size, digest.hexdigest()
