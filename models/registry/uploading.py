"""A file that comes in parts: each is checked as it arrives, and none has to come twice when the line breaks.

The parts lie beside the blobs until the file is registered, or until a day is over.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from models.accounts.models import Organisation
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.blobs.store import BLOCK, ChecksumMismatch, StorageError, TooLarge, check_whole, larger
from models.registry.intake.shown import plain_name
from models.registry.models import Upload, UploadPart, UploadState
from models.registry.storage import store

__all__ = ["ChecksumMismatch", "Gone", "TooLarge"]

USUAL_PART = 8 << 20
LARGEST_PART = 64 << 20
MOST_PARTS = 10_000
MOST_OPEN = 100
LIFE = timedelta(days=1)
REMEMBERED = timedelta(days=30)
HASH = re.compile(r"[0-9a-f]{64}")


class Gone(InputError):
    """The upload is over: its day has passed, or it was cancelled or used."""


def open_upload(
    user: Any,
    organisation: Organisation,
    file_name: str,
    size: int,
    sha256: str | None = None,
    part_size: int | None = None,
) -> Upload:
    """Begin an upload of `size` bytes; what its parts have to be stands in what comes back.

    Args:
        sha256: the whole file's, where it is known; checked when the upload is completed.
        part_size: bytes of every part but the last; without it as large as is usual, or as the file needs.

    Raises:
        NotFound, Forbidden: the user may not. TooLarge: the file is larger than what is taken. InputError: a size or a
        SHA-256 that cannot be, or the user has too many uploads open.
    """
    authorize(user, "register", organisation)
    if size < 1:
        raise InputError("The file is empty.")
    if size > settings.UPLOAD_BYTES:
        raise TooLarge(larger(settings.UPLOAD_BYTES))
    mine = Upload.objects.of(organisation).filter(
        created_by=user, state=UploadState.OPEN, expires_at__gt=timezone.now()
    )
    if mine.count() >= MOST_OPEN:
        raise InputError(f"{MOST_OPEN} uploads of yours are not finished. Finish or cancel some of them first.")
    return Upload.unscoped.create(
        organisation=organisation,
        created_by=user,
        file_name=plain_name(file_name),
        size=size,
        part_size=checked_part_size(size, part_size),
        sha256=checked_hash(sha256) if sha256 else "",
        expires_at=timezone.now() + LIFE,
    )


def checked_part_size(size: int, asked: int | None) -> int:
    needed = -(-size // MOST_PARTS)
    if asked is None:
        return max(USUAL_PART, needed)
    if not 1 <= asked <= LARGEST_PART:
        raise InputError(f"A part has 1 to {LARGEST_PART:,} bytes, not {asked:,}.")
    if asked < needed:
        raise InputError(f"That would be more than {MOST_PARTS:,} parts; they have to have at least {needed:,} bytes.")
    return asked


def checked_hash(sha256: str) -> str:
    text = sha256.strip().lower()
    if not HASH.fullmatch(text):
        raise InputError("A SHA-256 has 64 hexadecimal digits.")
    return text


def put_part(upload: Upload, number: int, stream: BinaryIO, sha256: str) -> UploadPart:
    """Take part `number`, counted from 0. Parts may come in any order, at once, and again.

    Raises:
        Gone: the upload is over. InputError: there is no such part, it was cut off, or the upload is complete and this
        is not what it has. TooLarge: more bytes than were declared. ChecksumMismatch: other bytes than `sha256` says.
        StorageFull, StorageError: it could not be stored. In each case the part is as it was.
    """
    if not 0 <= number < upload.part_count:
        raise InputError(f"The parts are numbered from 0 to {upload.part_count - 1}; there is no part {number}.")
    part = UploadPart(upload=upload, number=number, size=upload.size_of(number), sha256=checked_hash(sha256))
    if known := known_part(upload, part):
        return known
    store().put_part(str(upload.pk), part.name, stream, part.size, part.sha256)
    try:
        return noted(upload, part)
    except Gone:
        drop(str(upload.pk))  # cancelled while the bytes were on their way: whoever did saw none of them
        raise


def noted(upload: Upload, part: UploadPart) -> UploadPart:
    with locked(upload) as current:
        if current.state == UploadState.COMPLETE:
            raise InputError(COMPLETE)
        made, _ = UploadPart.objects.update_or_create(
            upload=upload, number=part.number, defaults={"size": part.size, "sha256": part.sha256}
        )
    return made


COMPLETE = "The upload is complete; no part of it can change any more."


def known_part(upload: Upload, part: UploadPart) -> UploadPart | None:
    """The same part, where it is there already; its bytes need not be read again."""
    with locked(upload) as current:
        known = current.parts.filter(number=part.number, sha256=part.sha256).first()
        if known is None and current.state == UploadState.COMPLETE:
            raise InputError(COMPLETE)
    return known


@contextmanager
def locked(upload: Upload) -> Iterator[Upload]:
    """The upload as it is now, its row held until the end of the `with`, which is a transaction; raises Gone."""
    with transaction.atomic():
        current = held(upload)
        if current is None or is_over(current):
            raise Gone("This upload is over: it was cancelled or used, or its day has passed. Begin it again.")
        yield current


def complete(upload: Upload, sha256: str | None = None) -> Upload:
    """Close the upload once every part is there; doing it twice is harmless.

    Where the whole file's SHA-256 is known, from its beginning or now, all of it is read and compared.

    Raises:
        Gone. InputError: parts are missing; the message names them. ChecksumMismatch: it is another file than was
        declared; the upload stays open, so that single parts can be sent again.
    """
    declared = {text for text in (upload.sha256, checked_hash(sha256) if sha256 else "") if text}
    if len(declared) > 1:
        raise ChecksumMismatch("The SHA-256 is not the one that was declared when the upload began.")
    with locked(upload) as current:
        parts = list(current.parts.all())
        if current.state == UploadState.COMPLETE and declared <= {current.sha256}:
            return current
        refuse_gaps(current, parts)
    whole = next(iter(declared), "")
    if whole:
        check_whole(hash_of(parts), whole)
    with locked(upload) as current:
        if [part.name for part in current.parts.all()] != [part.name for part in parts]:
            raise InputError("A part changed while the upload was completed. Complete it again.")
        current.state, current.sha256 = UploadState.COMPLETE, whole
        current.save(update_fields=["state", "sha256"])
    return current


def refuse_gaps(upload: Upload, parts: list[UploadPart]) -> None:
    missing = sorted(set(range(upload.part_count)) - {part.number for part in parts})
    if missing:
        more = f" and {len(missing) - 10:,} more" if len(missing) > 10 else ""
        which = ", ".join(map(str, missing[:10]))
        many = "One part is" if len(missing) == 1 else f"{len(missing):,} parts are"
        raise InputError(f"{many} missing: {which}{more}.")


def abandon(upload: Upload) -> None:
    """Forget the upload with its parts; nothing happens where it is gone already.

    Raises:
        InputError: it is being registered. StorageError: its parts could not be removed.
    """
    with transaction.atomic():
        current = held(upload)
        if current is not None and in_use(current):
            raise InputError("The upload is being registered. Cancel that job first.")
        Upload.unscoped.filter(pk=upload.pk).delete()
    store().drop_parts(str(upload.pk))


def held(upload: Upload) -> Upload | None:
    """The upload's row, locked until the caller's transaction ends."""
    rows = Upload.unscoped.select_for_update(of=("self",)).select_related("job")
    return rows.filter(pk=upload.pk).first()


def is_over(upload: Upload) -> bool:
    return upload.state == UploadState.EXPIRED or (upload.expires_at <= timezone.now() and not in_use(upload))


def in_use(upload: Upload) -> bool:
    """Whether a job is about to read it."""
    return upload.job is not None and not upload.job.is_finished


def use_up(upload: Upload) -> None:
    """The upload is over: its parts go once the caller's transaction has committed."""
    Upload.unscoped.filter(pk=upload.pk).update(state=UploadState.EXPIRED)
    UploadPart.objects.filter(upload=upload.pk).delete()
    transaction.on_commit(lambda: drop(str(upload.pk)), robust=True)


def drop(area: str) -> None:
    """What cannot be removed now is removed by the next sweep."""
    with suppress(StorageError):
        store().drop_parts(area)


def take_whole(user: Any, organisation: Organisation, file: Any) -> Upload:
    """A file that came in one piece (a form without JavaScript) as a complete upload; never in memory as a whole.

    Raises what open_upload and put_part raise; then nothing is kept.
    """
    upload = open_upload(user, organisation, file.name, file.size)
    try:
        for number in range(upload.part_count):
            block = file.read(upload.part_size)
            put_part(upload, number, io.BytesIO(block), hashlib.sha256(block).hexdigest())
        return complete(upload)
    except BaseException:
        abandon(upload)
        raise


def content(upload: Upload) -> BinaryIO:
    """The bytes of a complete upload, from first to last.

    Raises Gone, InputError for one that is not complete; reading raises StorageError where a part is missing or not
    what it was.
    """
    with locked(upload) as current:
        if current.state != UploadState.COMPLETE:
            raise InputError("The upload is not complete.")
        return cast(BinaryIO, io.BufferedReader(Joined(list(current.parts.all())), BLOCK))


def hash_of(parts: list[UploadPart]) -> str:
    digest, whole = hashlib.sha256(), Joined(parts)
    while block := whole.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


class Joined(io.RawIOBase):
    """Parts one after the other, each compared with its SHA-256 again as it is read."""

    def __init__(self, parts: list[UploadPart]) -> None:
        super().__init__()
        self.waiting = iter(parts)
        self.part: UploadPart | None = None
        self.file: BinaryIO | None = None
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self.file is not None or self.next_part():
            assert self.file is not None
            block = self.file.read(len(buffer))
            if block:
                self.digest.update(block)
                buffer[: len(block)] = block
                return len(block)
            self.end_part()
        return 0

    def next_part(self) -> bool:
        self.part = next(self.waiting, None)
        if self.part is None:
            return False
        self.file, self.digest = store().open_part(str(self.part.upload_id), self.part.name), hashlib.sha256()
        return True

    def end_part(self) -> None:
        assert self.file is not None
        assert self.part is not None
        self.file.close()
        self.file = None
        if self.digest.hexdigest() != self.part.sha256:
            raise StorageError(f"{self.part} is not what it was when it arrived.")

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
        super().close()


def sweep() -> int:
    """Let go of uploads whose day has passed and that no job is about to read, and of parts that belong to none; how
    many uploads that were."""
    over = Upload.unscoped.exclude(state=UploadState.EXPIRED).filter(expires_at__lte=timezone.now())
    ended = [upload for upload in over.select_related("job") if not in_use(upload)]
    for upload in ended:
        with transaction.atomic():
            use_up(upload)
    Upload.unscoped.filter(state=UploadState.EXPIRED, expires_at__lte=timezone.now() - REMEMBERED).delete()
    areas = list(store().areas())  # before the rows are asked: a new upload's area must not seem to be nobody's
    living = set(map(str, Upload.unscoped.exclude(state=UploadState.EXPIRED).values_list("pk", flat=True)))
    for area in areas:
        if area not in living:
            drop(area)
    return len(ended)
