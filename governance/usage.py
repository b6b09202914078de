"""What takes how much room, for `manage.py doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, Sum

from models.registry.models import DatasetVersion, ModelVersion, UploadPart


@dataclass(frozen=True, slots=True)
class Use:
    what: str
    bytes: int


def registered() -> Iterator[Use]:
    """Files of versions that are not erased, and what has come of unfinished uploads: bytes as they were brought."""
    yield Use("models", total(ModelVersion.unscoped.filter(erasure=None)))
    yield Use("datasets", total(DatasetVersion.unscoped.filter(erasure=None, stored_reference__isnull=True)))
    yield Use("uploads that go on", total(UploadPart.objects.exclude(upload__state="expired")))


def total(rows: QuerySet[Any]) -> int:
    return rows.aggregate(bytes=Sum("size"))["bytes"] or 0


def on_this_machine() -> Iterator[Use]:
    """What lies on the disk here, as far as it is ours, and what the database says of itself."""
    if files := folder_of_files():
        yield folder("stored files", files)
    yield database()
    yield folder("work folders", settings.JOB_WORK_FOLDER)


def folder_of_files() -> Path | None:
    """Where the stored files lie on this machine; None where they lie elsewhere, or there is no such folder."""
    place = urlsplit(settings.STORAGE_URL)
    found = Path(unquote(place.path))
    return found if place.scheme == "file" and found.is_dir() else None


def folder(what: str, root: Path) -> Use:
    size = 0
    for at, _, names in os.walk(root):
        for name in names:
            try:
                size += (Path(at) / name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return Use(what, size)


def database() -> Use:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return Use("database", cursor.fetchone()[0])


def readable(size: int) -> str:
    for unit, word in ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {word}"
    return f"{size} bytes"
