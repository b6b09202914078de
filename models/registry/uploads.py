"""Receiving a file in one piece: to the disk as it comes, and no further than the limit, whatever was declared about
its size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

from models.registry.blobs.disk import FULL

TOO_LARGE = "plumbline.upload_too_large"
NO_ROOM = "plumbline.upload_no_room"


def most_in_one_piece() -> int:
    """Bytes. Larger files come in parts: a server keeps a whole body before anybody sees it."""
    return min(settings.UPLOAD_BYTES, settings.FORM_UPLOAD_BYTES)


class LimitedUpload(TemporaryFileUploadHandler):
    """A file that passes the limit, or finds the disk full, is dropped, and the request says so; the rest of the form
    is read all the same, so that the person gets the form back with what was written in it."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self.received += len(raw_data)
        if self.received > most_in_one_piece():
            self.note(TOO_LARGE)
            raise SkipFile
        with self.told():
            return super().receive_data_chunk(raw_data, start)
        raise SkipFile

    def file_complete(self, file_size: int) -> Any:
        with self.told():
            return super().file_complete(file_size)
        return None

    @contextmanager
    def told(self) -> Iterator[None]:
        """A full disk is noted; its file goes, with what could not be written of it."""
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            self.note(NO_ROOM)
            with suppress(OSError):
                self.file.close()

    def note(self, what: str) -> None:
        assert self.request is not None
        self.request.META[what] = True


def is_too_large(request: HttpRequest) -> bool:
    """Whether a file of this request was dropped for its size; asked once its form has been read."""
    return bool(request.META.get(TOO_LARGE))


def had_no_room(request: HttpRequest) -> bool:
    """Whether a file of this request was dropped since there was no room for it; asked once its form has been read."""
    return bool(request.META.get(NO_ROOM))
