"""The sandbox: what it lets through, what it stops, and that nothing is left behind; with bubblewrap and without."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.errors import InputError
from models.jobs.sandbox import jail, processes
from models.jobs.sandbox.errors import SandboxError
from models.jobs.sandbox.limits import MIB
from models.jobs.sandbox.run import Limits, run_sandboxed

TASKS = "tests.models.jobs.sandbox_tasks"
QUICK = Limits(seconds=30)


@pytest.fixture(params=["bubblewrap", "limits"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "bubblewrap" and not jail.bubblewrap_works():
        pytest.skip("bubblewrap is not installed or may not create namespaces here")
    monkeypatch.setenv("PLUMBLINE_SANDBOX", request.param)
    jail.isolation.cache_clear()
    yield request.param
    jail.isolation.cache_clear()


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "some text.txt"
    path.write_text("hello")
    return path


def run(task: str, tmp_path: Path, payload: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    options = {"inputs": {}, "limits": QUICK, **options}
    return run_sandboxed(f"{TASKS}:{task}", payload or {}, output=tmp_path / "output", **options)


def fails(task: str, tmp_path: Path, payload: dict[str, Any] | None = None, **options: Any) -> SandboxError:
    with pytest.raises(SandboxError) as caught:
        run(task, tmp_path, payload, **options)
    assert_nothing_left()
    return caught.value


def assert_nothing_left() -> None:
    """No process of a run is alive: every one carries the mark in its environment."""
    mark = f"PLUMBLINE_SANDBOX_RUN={os.getpid()}-".encode()
    assert [process for process in processes.all_processes() if processes.carries(process.pid, mark)] == []


def test_result_progress_and_log_come_back(how: str, tmp_path: Path, text: Path) -> None:
    seen: list[tuple[float, str]] = []
    logs: list[str] = []
    result = run(
        "copy",
        tmp_path,
        {"more": " world"},
        inputs={"text": text},
        on_progress=lambda fraction, sentence: seen.append((fraction, sentence)),
        on_log=logs.append,
    )
    assert result == {"names": ["some text.txt"], "rows": 3}
    assert (tmp_path / "output" / "copy.txt").read_text() == "hello world"
    assert seen == [(0.5, "half way"), (1.0, "done")]
    assert "said on stdout" in logs[0]
    assert "said on stderr" in logs[0]
    assert_nothing_left()


def test_an_input_error_arrives_as_it_was_raised(how: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="column age is missing: add it, or name another"):
        run("refuse", tmp_path)


def test_a_crash_says_what_happened_and_keeps_the_log(how: str, tmp_path: Path) -> None:
    error = fails("stumble", tmp_path)
    assert (error.kind, str(error)) == ("crash", "KeyError: 'weight'")
    assert "about to stumble" in error.log
    assert "Traceback" in error.log


def test_a_hanging_task_is_stopped_at_its_time_limit(how: str, tmp_path: Path) -> None:
    started = time.monotonic()
    error = fails("hang", tmp_path, limits=Limits(seconds=1))
    assert error.kind == "time"
    assert "1 seconds" in str(error)
    assert time.monotonic() - started < 6


def test_cancel_ends_a_task_that_ignores_sigterm_within_five_seconds(how: str, tmp_path: Path) -> None:
    progress: list[float] = []
    error = fails(
        "hang",
        tmp_path,
        on_progress=lambda fraction, _: progress.append(time.monotonic()),
        cancelled=lambda: bool(progress),
    )
    assert error.kind == "cancelled"
    assert time.monotonic() - progress[0] < 5


def test_what_a_callback_raises_ends_the_run_and_is_raised(how: str, tmp_path: Path) -> None:
    def cancelled() -> bool:
        raise ConnectionError("the database is gone")

    with pytest.raises(ConnectionError):
        run("hang", tmp_path, cancelled=cancelled)
    assert_nothing_left()


def test_a_memory_hog_is_stopped(how: str, tmp_path: Path) -> None:
    error = fails("eat_memory", tmp_path, limits=Limits(seconds=30, memory=200 * MIB))
    assert error.kind == "memory"
    assert "200 MiB" in str(error)


def test_one_request_for_far_too_much_memory_is_a_memory_error(how: str, tmp_path: Path) -> None:
    assert fails("ask_too_much", tmp_path).kind == "memory"


def test_writing_outside_the_output_folder_is_refused_and_told_even_if_the_task_swallows_it(
    how: str, tmp_path: Path
) -> None:
    target = Path(f"/var/tmp/plumbline-elsewhere-{os.getpid()}.txt")
    error = fails("write_elsewhere", tmp_path, {"where": str(target)})
    assert error.kind == "suspicious"
    assert target.name in str(error)
    assert not target.exists()


def test_an_input_cannot_be_changed(how: str, tmp_path: Path, text: Path) -> None:
    assert fails("change_input", tmp_path, inputs={"text": text}).kind == "suspicious"
    assert text.read_text() == "hello"


def test_filling_the_disk_is_stopped(how: str, tmp_path: Path) -> None:
    error = fails("fill_disk", tmp_path, limits=Limits(seconds=60, output=50 * MIB))
    assert "more than 50 MiB" in str(error)
    assert processes.folder_size(tmp_path / "output") < 500 * MIB


def test_a_connection_is_refused_and_told(how: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        error = fails("connect", tmp_path, {"port": server.getsockname()[1]})
        assert error.kind == "suspicious"
        assert "connection" in str(error)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_socket_opened_below_python_is_refused(how: str, tmp_path: Path) -> None:
    result = run("connect_from_below", tmp_path)
    assert result["socket"] == -1
    assert result["errno"] == 1


def test_a_file_opened_below_python_is_refused(how: str, tmp_path: Path) -> None:
    target = Path(f"/var/tmp/plumbline-elsewhere-{os.getpid()}.txt")
    result = run("write_from_below", tmp_path, {"where": str(target)})
    assert result["file"] == -1
    assert not target.exists()


def test_a_link_left_in_the_output_is_not_handed_on(how: str, tmp_path: Path, text: Path) -> None:
    error = fails("leave_link", tmp_path, {"where": str(text)})
    assert error.kind == "suspicious"
    assert "report.pdf" in str(error)


def test_a_fork_bomb_is_stopped(how: str, tmp_path: Path) -> None:
    error = fails("fork_bomb", tmp_path, limits=Limits(seconds=20, processes=32))
    assert error.kind == "suspicious"
    assert "processes" in str(error)


def test_an_orphan_that_left_the_process_group_is_found_and_ended(how: str, tmp_path: Path) -> None:
    assert run("leave_the_group", tmp_path) == {"left": True}
    assert_nothing_left()


@pytest.mark.parametrize(("signal", "kind"), [("SIGKILL", "memory"), ("SIGSEGV", "crash"), ("SIGXCPU", "time")])
def test_death_by_a_signal_is_named(how: str, tmp_path: Path, signal: str, kind: str) -> None:
    assert fails("die", tmp_path, {"signal": signal}).kind == kind


def test_no_credentials_reach_the_task(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("SECRET_KEY", "secret")
    seen = run("look_around", tmp_path, {"paths": []}, limits=Limits(seconds=30, threads=3))
    assert not {"DATABASE_URL", "SECRET_KEY"} & set(seen["environment"])
    assert seen["threads"] == "3"


def test_the_world_of_the_task_is_nearly_empty(how: str, tmp_path: Path) -> None:
    """Neither passwords nor the folder of the data: the checkout's own var/ is where the key and the blobs lie."""
    key = tmp_path / "secret_key"
    key.write_text("secret")
    paths = ["/etc/passwd", str(key), str(Path.home() / ".ssh"), "/var/lib"]
    seen = run("look_around", tmp_path, {"paths": paths})
    assert seen["readable"] == dict.fromkeys(paths, False)
    assert (seen["processes"] or 0) <= 3


def test_numeric_libraries_run_within_the_limits(how: str, tmp_path: Path) -> None:
    result = run("compute", tmp_path, limits=Limits(seconds=60, memory=1024 * MIB))
    assert result["total"] == 499500.0
    assert result["product"] == 300.0
    assert "CPUExecutionProvider" in result["providers"]


def test_a_flood_of_events_does_no_harm(how: str, tmp_path: Path) -> None:
    seen: list[tuple[float, str]] = []
    logs: list[str] = []
    limits = Limits(seconds=30, result=100_000)
    result = run(
        "flood", tmp_path, {"size": 1000}, limits=limits, on_progress=lambda *p: seen.append(p), on_log=logs.append
    )
    assert len(result["big"]) == 1000
    assert len(logs[0]) <= 16 * 1024
    assert all(0 <= fraction <= 1 and len(sentence) <= 200 for fraction, sentence in seen)
    assert "larger than" in str(fails("flood", tmp_path, {"size": 2_000_000}, limits=limits))


def test_a_result_that_is_not_json_is_a_crash(how: str, tmp_path: Path) -> None:
    assert fails("not_json", tmp_path).kind == "crash"


def test_a_missing_input_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="model"):
        run("copy", tmp_path, inputs={"model": tmp_path / "none.onnx"})


def test_insisting_on_bubblewrap_where_it_cannot_run_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SANDBOX", "bubblewrap")
    monkeypatch.setenv("PATH", "/nonexistent")
    jail.isolation.cache_clear()
    with pytest.raises(RuntimeError, match="bwrap is not installed"):
        jail.isolation()
    jail.isolation.cache_clear()
