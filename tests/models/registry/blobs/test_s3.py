"""What is particular to a store elsewhere: it may be away, refuse us or give back other bytes; copies are kept."""

from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from models.registry.blobs.bucket import Bucket
from models.registry.blobs.s3 import S3Store
from models.registry.blobs.store import StorageError, open_store
from tests.s3 import S3Server

CONTENT = b"a table" * 10_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 64 << 20


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.bucket()


def opened(s3: S3Server, bucket: str, cache: Path, cache_bytes: int = LIMIT) -> S3Store:
    store = open_store(s3.url(bucket), cache, cache_bytes)
    assert isinstance(store, S3Store)
    return store


def test_another_machine_reads_what_one_kept(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    opened(s3, bucket, tmp_path / "one").put(io.BytesIO(CONTENT), LIMIT)
    assert (s3.folder / bucket / "blobs" / SHA256[:2] / SHA256).read_bytes() == CONTENT
    other = opened(s3, bucket, tmp_path / "other")
    assert other.path(SHA256).read_bytes() == CONTENT
    s3.stop()
    assert other.path(SHA256).read_bytes() == CONTENT, "the copy will do while the store is away"


def test_a_store_that_is_away_is_told_at_every_act_and_nothing_is_kept(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    store = opened(s3, bucket, tmp_path / "cache")
    s3.stop()
    with pytest.raises(StorageError, match=r"does not answer \(asking\)"):
        store.put(io.BytesIO(CONTENT), LIMIT)
    with pytest.raises(StorageError, match=r"does not answer \(reading\)"):
        store.path(SHA256)
    with pytest.raises(StorageError, match="does not answer"):
        store.put_part("ab", "0-ab", io.BytesIO(CONTENT), len(CONTENT), SHA256)
    with pytest.raises(StorageError, match="does not answer"):
        list(store.names())
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_wrong_credentials_are_told_without_showing_them(
    s3: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    with pytest.raises(StorageError, match="refused its credentials") as told:
        opened(s3, bucket, tmp_path / "cache").put(io.BytesIO(CONTENT), LIMIT)
    assert "not-the-secret" not in str(told.value) + repr(opened(s3, bucket, tmp_path).bucket)


def test_bytes_that_changed_in_the_store_are_not_handed_out(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    opened(s3, bucket, tmp_path / "one").put(io.BytesIO(CONTENT), LIMIT)
    (s3.folder / bucket / "blobs" / SHA256[:2] / SHA256).write_bytes(CONTENT.replace(b"t", b"T"))
    with pytest.raises(StorageError, match="is damaged"):
        opened(s3, bucket, tmp_path / "other").path(SHA256)
    assert [path for path in (tmp_path / "other").rglob("*") if path.is_file()] == []


def test_copies_are_let_go_the_longest_unasked_for_first(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    store = opened(s3, bucket, tmp_path / "cache", cache_bytes=2_500)
    names = [store.put(io.BytesIO(bytes([number]) * 1_000), LIMIT) for number in range(4)]
    assert set(store.cache.names()) == set(names), "all may be needed within the hour"
    for hours, name in enumerate(names):
        os.utime(store.cache.place(name), (time.time() - (9 - hours) * 3600,) * 2)
    store.path(names[0])
    newest = store.put(io.BytesIO(b"z" * 1_000), LIMIT)
    assert set(store.cache.names()) == {names[0], newest}
    assert store.path(names[2]).read_bytes() == b"\x02" * 1_000
    assert set(store.names()) == {*names, newest}


def test_what_is_kept_again_after_a_day_is_young_again(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    store = opened(s3, bucket, tmp_path / "cache")
    store.put(io.BytesIO(CONTENT), LIMIT)
    os.utime(s3.folder / bucket / "blobs" / SHA256[:2] / SHA256, (time.time() - 90_000,) * 2)
    assert store.age(SHA256) > 80_000
    store.put(io.BytesIO(CONTENT), LIMIT)
    assert store.age(SHA256) < 1_000


@pytest.mark.parametrize(
    "url",
    ["s3://", "s3:///prefix", "s3://bucket?endpoint=ftp://host", "s3://bucket?password=x", "s3://key:secret@bucket/x"],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"S3 address|STORAGE_URL") as told:
        open_store(url, tmp_path)
    assert "secret@" not in str(told.value)


def test_the_address_says_where(s3: S3Server) -> None:
    found = Bucket.at("s3://audits/a%20b/c?endpoint=https://store.example.org:9000&region=eu-west-1", {})
    assert (found.name, found.prefix, found.endpoint) == ("audits", "a b/c", "https://store.example.org:9000")
    assert (found.key, found.region, found.place("x")) == ("", "eu-west-1", "audits/a b/c/x")
