"""Files on disk: whole or not at all, by the hash of their bytes, whatever happens in between."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.errors import InputError
from models.registry.blobs.disk import DiskStore
from models.registry.blobs.store import BLOCK, StorageError, StorageFull, TooLarge, open_store

CONTENT = b"a table" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 64 << 20


@pytest.fixture
def store(tmp_path: Path) -> DiskStore:
    return DiskStore(tmp_path / "blobs")


def left_over(store: DiskStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_its_hash_and_read_back(store: DiskStore) -> None:
    assert store.put(io.BytesIO(CONTENT), LIMIT) == SHA256
    assert store.path(SHA256).read_bytes() == CONTENT
    assert list(store.names()) == [SHA256]
    assert not os.access(store.path(SHA256), os.W_OK) or os.geteuid() == 0
    assert store.path(SHA256).stat().st_mode & 0o222 == 0


def test_the_same_bytes_twice_are_one_file(store: DiskStore) -> None:
    for _ in range(2):
        store.put(io.BytesIO(CONTENT), LIMIT, expected=SHA256.upper())
    assert len(left_over(store)) == 1


def test_what_is_staged_is_not_visible_and_goes_unless_it_is_kept(store: DiskStore) -> None:
    with store.stage(io.BytesIO(CONTENT), LIMIT) as staged:
        assert staged.path.read_bytes() == CONTENT
        assert (staged.sha256, staged.size) == (SHA256, len(CONTENT))
        assert list(store.names()) == []
        with pytest.raises(StorageError):
            store.path(SHA256)
    assert left_over(store) == []


def test_another_hash_than_was_declared_is_refused(store: DiskStore) -> None:
    with pytest.raises(InputError, match="it changed on its way"):
        store.put(io.BytesIO(CONTENT), LIMIT, expected="0" * 64)
    assert left_over(store) == []


class Endless(io.RawIOBase):
    """An upload that never ends, and counts what was taken of it."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        self.taken += size
        return b"\0" * size


def test_an_upload_over_the_limit_is_refused_while_it_comes(store: DiskStore) -> None:
    source = Endless()
    with pytest.raises(TooLarge, match="larger than 5,000,000 bytes"):
        store.put(source, 5_000_000)  # type: ignore[arg-type]
    assert source.taken <= 5_000_000 + BLOCK
    assert left_over(store) == []


def test_an_upload_that_breaks_off_leaves_nothing(store: DiskStore) -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise ConnectionResetError("the browser went away")

    with pytest.raises(StorageError):
        store.put(Broken(), LIMIT)  # type: ignore[arg-type]
    assert left_over(store) == []


def test_an_empty_file_is_refused(store: DiskStore) -> None:
    with pytest.raises(InputError, match="empty"):
        store.put(io.BytesIO(b""), LIMIT)
    assert left_over(store) == []


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """The kernel lets no file grow beyond `size`: what a full disk or quota does to whoever writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_is_told_and_nothing_is_left(store: DiskStore) -> None:
    with room_for(1 << 20), pytest.raises(StorageFull, match="no room left"):
        store.put(io.BytesIO(b"x" * (8 << 20)), LIMIT)
    assert left_over(store) == []
    assert store.put(io.BytesIO(CONTENT), LIMIT) == SHA256


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="could not be stored"):
        DiskStore(tmp_path / "blobs").put(io.BytesIO(CONTENT), LIMIT)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_killed_in_mid_upload_leaves_nothing_visible(store: DiskStore, number: signal.Signals) -> None:
    code = (
        "import sys; from pathlib import Path; from models.registry.blobs.disk import DiskStore; "
        "DiskStore(Path(sys.argv[1])).put(sys.stdin.buffer, 1 << 30)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(store.root)], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"x" * (3 * BLOCK))
    process.stdin.flush()
    wait_for(lambda: any(path.stat().st_size for path in store.incoming.glob("*")))
    process.send_signal(number)
    process.wait(10)
    assert list(store.names()) == []
    for path in store.incoming.glob("*"):
        os.utime(path, (time.time() - 90_000,) * 2)
    store.put(io.BytesIO(CONTENT), LIMIT)
    assert left_over(store) == [store.path(SHA256)], "the next upload sweeps away what is a day old"


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in 20 seconds")


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x" * 64, SHA256.upper(), SHA256 + "/.."])
def test_only_hashes_are_names(store: DiskStore, name: str) -> None:
    with pytest.raises(StorageError):
        store.path(name)


def test_a_blob_that_nothing_refers_to_can_go(store: DiskStore) -> None:
    store.put(io.BytesIO(CONTENT), LIMIT)
    store.remove(SHA256)
    store.remove(SHA256)
    assert left_over(store) == []


def test_the_address_says_where_files_are_kept(tmp_path: Path) -> None:
    assert open_store(f"file://{tmp_path}/a%20b").put(io.BytesIO(CONTENT), LIMIT) == SHA256
    assert (tmp_path / "a b").is_dir()
    with pytest.raises(ValueError, match="STORAGE_URL"):
        open_store("ftp://example.org/blobs")
