"""Files that come in parts: in any order, at once, twice, cut off, or wrong; nothing half-kept is left."""

from __future__ import annotations

import hashlib
import io
import random
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from models.accounts.permission import Forbidden
from models.errors import InputError
from models.jobs.models import Job, State
from models.registry import uploading
from models.registry.blobs.store import StorageError, StorageFull
from models.registry.models import Upload, UploadPart, UploadState
from models.registry.storage import store
from models.registry.uploading import (
    ChecksumMismatch,
    Gone,
    TooLarge,
    abandon,
    complete,
    content,
    open_upload,
    put_part,
)
from tests.models.people import person
from tests.models.registry.blobs.test_disk import room_for

pytestmark = pytest.mark.django_db

CONTENT = random.Random(3).randbytes(10_500)
WHOLE = hashlib.sha256(CONTENT).hexdigest()
PART = 1_000


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGE_URL = f"file://{tmp_path / 'blobs'}"
    return tmp_path / "blobs"


def kept(files: Path) -> list[Path]:
    return [path for path in files.rglob("*") if path.is_file()]


def begun(
    user: Any = None, size: int = len(CONTENT), part_size: int | None = PART, sha256: str | None = None
) -> Upload:
    user = user or person()
    return open_upload(user, user.memberships.get().organisation, "clients.csv", size, sha256, part_size)


def send(upload: Upload, number: int, content: bytes | None = None, sha256: str | None = None) -> UploadPart:
    block = CONTENT[number * PART : (number + 1) * PART] if content is None else content
    return put_part(upload, number, io.BytesIO(block), sha256 or hashlib.sha256(block).hexdigest())


def sent(upload: Upload) -> Upload:
    for number in range(upload.part_count):
        send(upload, number)
    return upload


def test_parts_in_any_order_and_again_become_the_file(files: Path) -> None:
    upload = begun(sha256=WHOLE.upper())
    numbers = [*range(upload.part_count), 3, 7]
    random.Random(5).shuffle(numbers)
    for number in numbers:
        assert send(upload, number).size == upload.size_of(number)
    done = complete(upload)
    assert (done.state, done.sha256, upload.parts.count()) == ("complete", WHOLE, 11)
    assert content(done).read() == CONTENT
    assert complete(upload).state == UploadState.COMPLETE
    assert send(upload, 3).number == 3
    with pytest.raises(InputError, match="no part of it can change"):
        send(upload, 3, b"x" * PART)


@pytest.mark.django_db(transaction=True)
def test_parts_that_come_at_once_are_each_there_once(files: Path) -> None:
    upload = begun()

    def work(number: int) -> None:
        try:
            send(upload, number)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, [*range(upload.part_count)] * 3))
    assert [part.number for part in upload.parts.all()] == list(range(11))
    assert content(complete(upload, WHOLE)).read() == CONTENT


@pytest.mark.django_db(transaction=True)
def test_ten_people_with_the_same_file_at_once_do_not_meet(files: Path) -> None:
    people = [person(email=f"engineer.{number}@example.org") for number in range(10)]

    def work(user: Any) -> str:
        try:
            return content(complete(sent(begun(user)), WHOLE)).read().hex()
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(work, people)) == {CONTENT.hex()}
    assert Upload.unscoped.filter(state=UploadState.COMPLETE).count() == 10


def test_an_upload_that_stopped_says_what_is_missing_and_goes_on(files: Path) -> None:
    upload = begun()
    for number in (0, 1, 5):
        send(upload, number)
    with pytest.raises(InputError, match="8 parts are missing: 2, 3, 4, 6, 7, 8, 9, 10"):
        complete(upload)
    assert {part.number for part in Upload.unscoped.get().parts.all()} == {0, 1, 5}
    for number in range(10):
        send(upload, number)
    with pytest.raises(InputError, match=r"One part is missing: 10\."):
        complete(upload)
    sent(upload)
    assert content(complete(upload)).read() == CONTENT


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "other bytes than declared": ({"sha256": "0" * 64}, ChecksumMismatch, "it changed on its way"),
    "cut off": ({"content": b"short"}, InputError, "has 5 bytes, not 1,000: it was cut off"),
    "empty": ({"content": b""}, InputError, "empty"),
    "more bytes than declared": ({"content": b"x" * (PART + 1)}, TooLarge, "longer than 1,000 bytes"),
    "no hash at all": ({"sha256": "sha-256"}, InputError, "64 hexadecimal digits"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_part_that_is_wrong_is_refused_and_the_good_one_stays(files: Path, what: str) -> None:
    given, error, message = WRONG[what]
    upload = sent(begun())
    before = kept(files)
    with pytest.raises(error, match=message):
        send(upload, 2, **given)
    assert kept(files) == before
    assert content(complete(upload, WHOLE)).read() == CONTENT


@pytest.mark.parametrize("number", [-1, 11, 10_000_000])
def test_there_are_no_other_parts_than_those_of_the_file(files: Path, number: int) -> None:
    upload = begun()
    with pytest.raises(InputError, match="numbered from 0 to 10"):
        send(upload, number, b"x")
    assert kept(files) == []


def test_another_file_than_declared_is_not_completed_and_can_be_mended(files: Path) -> None:
    upload = sent(begun(sha256=WHOLE))
    send(upload, 4, b"y" * PART)
    with pytest.raises(ChecksumMismatch):
        complete(upload)
    with pytest.raises(ChecksumMismatch, match="declared when the upload began"):
        complete(upload, "1" * 64)
    assert Upload.unscoped.get().state == UploadState.OPEN
    send(upload, 4)
    assert complete(upload).sha256 == WHOLE


SIZES: dict[str, tuple[dict[str, Any], type[InputError], str]] = {
    "nothing": ({"size": 0}, InputError, "empty"),
    "negative": ({"size": -1}, InputError, "empty"),
    "too large": ({"size": 2**62}, TooLarge, "larger than"),
    "parts of nothing": ({"part_size": 0}, InputError, "1 to 67,108,864 bytes"),
    "parts too large": ({"part_size": (64 << 20) + 1}, InputError, "1 to 67,108,864 bytes"),
    "too many parts": ({"part_size": 1}, InputError, "more than 10,000 parts; they have to have at least 2 bytes"),
    "no hash": ({"sha256": "z" * 64}, InputError, "64 hexadecimal digits"),
}


@pytest.mark.parametrize("what", SIZES)
def test_what_cannot_be_is_refused_at_the_beginning(files: Path, what: str) -> None:
    given, error, message = SIZES[what]
    with pytest.raises(error, match=message):
        begun(**given)
    assert not Upload.unscoped.exists()


def test_ten_thousand_parts_are_a_file_like_any_other(files: Path) -> None:
    """All but the last hundred are written past the function, which takes its time for each."""
    content_of = random.Random(1).randbytes(20_000)
    upload = begun(size=len(content_of), part_size=2)
    blocks = [content_of[2 * number : 2 * number + 2] for number in range(10_000)]
    before = [
        UploadPart(upload=upload, number=number, size=2, sha256=hashlib.sha256(block).hexdigest())
        for number, block in enumerate(blocks[:9_900])
    ]
    UploadPart.objects.bulk_create(before)
    folder = files / "parts" / str(upload.pk)
    folder.mkdir(parents=True)
    for part in before:
        (folder / part.name).write_bytes(blocks[part.number])
    for number in range(9_900, 10_000):
        send(upload, number, blocks[number])
    assert content(complete(upload, hashlib.sha256(content_of).hexdigest())).read() == content_of


def test_a_user_cannot_open_uploads_without_end(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "MOST_OPEN", 3)
    user = person()
    opened = [begun(user) for _ in range(3)]
    with pytest.raises(InputError, match="3 uploads of yours are not finished"):
        begun(user)
    abandon(opened[0])
    begun(user)


def test_who_may_not_register_may_not_upload(files: Path) -> None:
    with pytest.raises(Forbidden, match="engineer"):
        begun(person("auditor"))


def test_a_full_disk_refuses_the_part_and_keeps_the_others(files: Path) -> None:
    upload = begun(size=3 << 20, part_size=1 << 20)
    send(upload, 0, b"a" * (1 << 20))
    before = kept(files)
    with room_for(1 << 19), pytest.raises(StorageFull):
        send(upload, 1, b"b" * (1 << 20))
    assert kept(files) == before
    assert send(upload, 1, b"b" * (1 << 20)).number == 1


def test_a_cancelled_upload_leaves_nothing_and_takes_nothing(files: Path) -> None:
    upload = begun()
    send(upload, 0)
    abandon(upload)
    abandon(upload)
    assert kept(files) == []
    assert not Upload.unscoped.exists()
    with pytest.raises(Gone):
        send(upload, 1)
    with pytest.raises(Gone):
        complete(upload)
    assert kept(files) == []


def test_a_part_that_is_on_its_way_when_its_upload_is_cancelled_leaves_nothing(files: Path) -> None:
    upload = begun()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            abandon(upload)
            return super().read(size)

    with pytest.raises(Gone):
        put_part(upload, 0, Slow(CONTENT[:PART]), hashlib.sha256(CONTENT[:PART]).hexdigest())
    assert kept(files) == []


@pytest.mark.django_db(transaction=True)
def test_after_a_day_what_was_not_finished_goes_and_what_a_job_waits_for_stays(files: Path) -> None:
    user = person()
    stopped, waiting, young = begun(user), sent(begun(user)), begun(user)
    complete(waiting), send(stopped, 0), send(young, 0)
    job = Job.unscoped.create(organisation=waiting.organisation, kind="registration", time_limit=1, memory_limit=1)
    Upload.unscoped.filter(pk=waiting.pk).update(job=job)
    Upload.unscoped.exclude(pk=young.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    store().put_part("feed", "0-" + "a" * 64, io.BytesIO(b"x"), 1, hashlib.sha256(b"x").hexdigest())
    assert uploading.sweep() == 1
    assert set(store().areas()) == {str(waiting.pk), str(young.pk)}
    assert content(waiting).read() == CONTENT
    with pytest.raises(Gone, match="its day has passed"):
        send(stopped, 1)
    Job.unscoped.update(state=State.FAILED)
    assert uploading.sweep() == 1
    assert set(store().areas()) == {str(young.pk)}
    Upload.unscoped.exclude(pk=young.pk).update(expires_at=timezone.now() - timedelta(days=31))
    uploading.sweep()
    assert [upload.pk for upload in Upload.unscoped.all()] == [young.pk]


def test_a_part_that_changed_on_the_disk_is_noticed_when_it_is_read(files: Path) -> None:
    upload = complete(sent(begun()))
    [part] = files.rglob(f"{upload.parts.get(number=6).name}")
    part.chmod(0o600)
    part.write_bytes(b"z" * PART)
    with pytest.raises(StorageError, match="not what it was"):
        content(upload).read()
    part.unlink()
    with pytest.raises(StorageError, match="missing"):
        content(upload).read()


def test_a_large_file_never_stands_in_memory(files: Path) -> None:
    size, part_size = 64 << 20, 8 << 20
    upload = begun(size=size, part_size=part_size)
    block = b"m" * part_size
    tracemalloc.start()
    for number in range(8):
        send(upload, number, block)
    complete(upload)
    with store().stage(content(upload), size) as staged:
        assert staged.size == size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 << 20
