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


def test_a_result_beside_what_is_read_may_be_written_again(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    (tmp_path / "old.json").touch()
    check_writable(tmp_path / "old.json", None, tmp_path / "new.pdf", inputs=(tmp_path / "a.csv", None))


def test_a_hard_link_to_what_is_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    os.link(tmp_path / "a.csv", tmp_path / "b.csv")
    with pytest.raises(InputError, match="is read by this command"):
        check_writable(tmp_path / "b.csv", inputs=(tmp_path / "a.csv",))


def test_a_device_is_not_replaced_by_a_result(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="not an ordinary file"):
        check_writable(tmp_path / "fifo")
