"""Receiving a file: to the disk as it comes, and no further than the limit, whatever was declared about its size."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest


class LimitedUpload(TemporaryFileUploadHandler):
    """A file that passes the limit is dropped, and the request says so; the rest of the form is read all the same, so
    that the person gets the form back with what was written in it."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_BYTES:
            assert self.request is not None
            self.request.META[TOO_LARGE] = True
            raise SkipFile
        return super().receive_data_chunk(raw_data, start)


TOO_LARGE = "plumbline.upload_too_large"


def is_too_large(request: HttpRequest) -> bool:
    """Whether a file of this request was dropped; asked once its form has been read."""
    return bool(request.META.get(TOO_LARGE))
