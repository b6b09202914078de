"""The blob store that the settings name."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from models.registry.blobs.store import BlobStore, open_store
from models.registry.intake.limits import DataLimits


def store() -> BlobStore:
    """Where this installation keeps its files."""
    return opened(settings.STORAGE_URL)


@cache
def opened(url: str) -> BlobStore:
    return open_store(url, settings.VAR / "blob-cache", settings.BLOB_CACHE_BYTES)


def data_limits() -> DataLimits:
    """The largest table that people may bring here."""
    return DataLimits(
        bytes=settings.UPLOAD_BYTES,
        unpacked_bytes=16 * settings.UPLOAD_BYTES,
        rows=settings.UPLOAD_ROWS,
        columns=settings.UPLOAD_COLUMNS,
        cell_length=settings.UPLOAD_CELL_LENGTH,
    )
