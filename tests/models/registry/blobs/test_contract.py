"""Every store keeps the same promises: on the disk of this machine, and in an S3-compatible store."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.errors import InputError
from models.registry.blobs.store import BlobStore, ChecksumMismatch, StorageError, StorageFull, TooLarge, open_store
from tests.models.registry.blobs.test_disk import room_for

CONTENT = random.Random(2).randbytes(100_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 64 << 20
AREA = "0f0e-1"


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "disk":
        return open_store(f"file://{tmp_path / 'blobs'}")
    server = request.getfixturevalue("s3")
    return open_store(server.url(server.bucket()), tmp_path / "cache")


def part(store: BlobStore, number: int, content: bytes = CONTENT, **said: Any) -> str:
    found = hashlib.sha256(content).hexdigest()
    name = f"{number}-{found}"
    given = {"size": len(content), "sha256": found} | said
    store.put_part(AREA, name, io.BytesIO(content), **given)
    return name


def test_what_is_kept_is_read_back_named_and_let_go(store: BlobStore) -> None:
    assert list(store.names()) == []
    assert store.put(io.BytesIO(CONTENT), LIMIT, expected=SHA256) == SHA256
    assert store.path(SHA256).read_bytes() == CONTENT
    assert list(store.names()) == [SHA256]
    assert 0 <= store.age(SHA256) < 60
    assert not store.remove_older(SHA256, 3600)
    store.remove(SHA256)
    store.remove(SHA256)
    assert list(store.names()) == []
    for ask in (store.path, store.age):
        with pytest.raises(StorageError, match="missing"):
            ask(SHA256)


def test_the_same_bytes_twice_are_one_blob(store: BlobStore) -> None:
    assert store.put(io.BytesIO(CONTENT), LIMIT) == store.put(io.BytesIO(CONTENT), LIMIT)
    assert list(store.names()) == [SHA256]


def test_what_is_not_kept_is_nowhere(store: BlobStore) -> None:
    with store.stage(io.BytesIO(CONTENT), LIMIT) as staged:
        assert (staged.sha256, staged.size, staged.path.read_bytes()) == (SHA256, len(CONTENT), CONTENT)
        assert list(store.names()) == []
    with pytest.raises(StorageError):
        store.path(SHA256)


REFUSED: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "another file than declared": ({"expected": "0" * 64}, ChecksumMismatch),
    "too large": ({"limit": 10}, TooLarge),
    "empty": ({"source": io.BytesIO(b"")}, InputError),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_nowhere(store: BlobStore, what: str) -> None:
    given, error = REFUSED[what]
    with pytest.raises(error):
        store.put(**({"source": io.BytesIO(CONTENT), "limit": LIMIT} | given))
    assert list(store.names()) == []


def test_a_full_disk_is_told_and_leaves_nothing(store: BlobStore) -> None:
    with room_for(1 << 10), pytest.raises(StorageFull, match="no room left"):
        store.put(io.BytesIO(CONTENT), LIMIT)
    with room_for(1 << 10), pytest.raises(StorageFull, match="no room left"):
        part(store, 1)
    assert list(store.names()) == list(store.areas()) == []
    assert store.put(io.BytesIO(CONTENT), LIMIT) == SHA256


def test_parts_stand_beside_the_blobs_until_they_are_dropped(store: BlobStore) -> None:
    names = [part(store, 0), part(store, 1, b"the rest"), part(store, 0)]
    assert list(store.areas()) == [AREA]
    assert list(store.names()) == []
    assert [store.open_part(AREA, name).read() for name in names] == [CONTENT, b"the rest", CONTENT]
    store.drop_parts(AREA)
    store.drop_parts(AREA)
    assert list(store.areas()) == []
    with pytest.raises(StorageError, match="missing"):
        store.open_part(AREA, names[0])


WRONG: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "too long": ({"size": 99}, TooLarge),
    "cut off": ({"size": 100_001}, InputError),
    "other bytes": ({"sha256": "0" * 64}, ChecksumMismatch),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_part_is_nowhere(store: BlobStore, what: str) -> None:
    said, error = WRONG[what]
    with pytest.raises(error):
        part(store, 0, **said)
    assert list(store.areas()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x" * 64, SHA256.upper(), SHA256 + "/.."])
def test_only_names_of_ours_are_names(store: BlobStore, name: str) -> None:
    asked: list[Callable[[], Any]] = [
        lambda: store.path(name),
        lambda: store.age(name),
        lambda: store.remove(name),
        lambda: store.open_part(name, "0-" + SHA256),
        lambda: store.open_part(AREA, name),
        lambda: store.drop_parts(name),
        lambda: store.put_part(AREA, name, io.BytesIO(CONTENT), len(CONTENT), SHA256),
    ]
    for ask in asked[:3] if name == SHA256.upper() else asked:
        with pytest.raises(StorageError):
            ask()


def test_what_was_let_go_can_come_again_beside_what_stayed(store: BlobStore) -> None:
    """Whatever a store keeps of a folder that is empty now, no later file may stumble over it."""
    for area in ("0" * 36, "1" * 36):
        for number in range(2):
            store.put_part(area, f"{number}-{SHA256}", io.BytesIO(CONTENT), len(CONTENT), SHA256)
        assert store.put(io.BytesIO(CONTENT), LIMIT) == SHA256
        store.drop_parts(area)
        assert list(store.areas()) == []
        store.remove(SHA256)
        store.remove(SHA256)
        assert list(store.names()) == []
