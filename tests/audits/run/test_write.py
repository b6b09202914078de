"""Results are whole or not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from audits.run.write import check_writable, write_atomically
from models.errors import InputError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "audit.json"
    target.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_atomically(target, b"new")

    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["audit.json"]


def test_a_folder_that_is_not_there_is_named_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        check_writable(tmp_path / "nowhere" / "audit.json")


def test_what_is_written_is_what_was_given(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"\x00\x01")
    assert (tmp_path / "a").read_bytes() == b"\x00\x01"
