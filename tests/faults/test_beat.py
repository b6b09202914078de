"""What is periodic is called by one beat at a time, and goes on whatever dies."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.service import EACH_DATABASE, ROOT, Service, wait_until

# a beat rings nobody, so one broker for each database is enough
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.parametrize("whole_service", EACH_DATABASE, indirect=True, scope="session"),
]
Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def beat(service: Service) -> Iterator[Start]:
    """Starts beats; what earlier tests left behind is forgotten."""
    (service.folder / "var" / "hang").unlink(missing_ok=True)
    for name in ("often", "failing", "endless", "seldom"):
        (service.folder / "var" / name).unlink(missing_ok=True)
    for table in ("jobs_beat", "jobs_periodic"):
        service.call("sql", f"DELETE FROM {table}")
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (service.folder / "beats.log").open("ab") as log:
            command = [sys.executable, "manage.py", "beat"]
            started.append(subprocess.Popen(command, cwd=ROOT, env=service.environment, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def calls(service: Service, name: str) -> list[tuple[int, float]]:
    """(process, moment) of each call."""
    file = service.folder / "var" / name
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(pid), float(at)) for pid, at in (line.split() for line in lines)]


def wait_for_calls(service: Service, name: str, number: int) -> list[tuple[int, float]]:
    wait_until(lambda: len(calls(service, name)) >= number, f"call {number} of {name}")
    return calls(service, name)


def test_of_two_beats_one_calls_and_the_other_takes_over_at_once_when_it_is_told_to_end(
    service: Service, beat: Start
) -> None:
    first = beat()
    wait_for_calls(service, "often", 2)
    second = beat()
    wait_for_calls(service, "often", 4)
    assert {pid for pid, _ in calls(service, "often")} == {first.pid}
    asked = time.monotonic()
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0
    assert time.monotonic() - asked < 10
    wait_until(lambda: calls(service, "often")[-1][0] == second.pid, "the second to take over", 20)
    moments = [at for _, at in calls(service, "often")]
    assert min(later - at for at, later in itertools.pairwise(moments)) > 0.5, "called twice at once"


def test_a_beat_that_was_killed_is_followed_once_its_right_has_run_out(service: Service, beat: Start) -> None:
    first = beat()
    wait_for_calls(service, "often", 1)
    first.kill()
    first.wait()
    ran_out = "strftime('%Y-%m-%d %H:%M:%f', 'now')" if "DATABASE_URL" not in service.environment else "now()"
    assert service.call("sql", f"UPDATE jobs_beat SET until = {ran_out}") == ""
    second = beat()
    wait_until(lambda: calls(service, "often")[-1][0] == second.pid, "the second to take over")


def test_a_call_that_was_cut_off_is_made_again_at_once_and_one_that_ended_is_not(service: Service, beat: Start) -> None:
    hang = service.folder / "var" / "hang"
    hang.touch()
    first = beat()
    wait_for_calls(service, "endless", 1)
    wait_for_calls(service, "seldom", 1)
    wait_for_calls(service, "often", 3)
    assert len(calls(service, "endless")) == 1, "called while it still ran"
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0, "a call that hangs kept it from ending"
    hang.unlink()
    second = beat()
    assert wait_for_calls(service, "endless", 2)[1][0] == second.pid
    wait_for_calls(service, "often", len(calls(service, "often")) + 2)
    assert len(calls(service, "seldom")) == 1


def test_one_that_fails_is_told_and_called_again_and_keeps_no_other_waiting(service: Service, beat: Start) -> None:
    beat()
    wait_for_calls(service, "failing", 3)
    wait_for_calls(service, "often", 3)
    wait_until(lambda: service.call("periodic", "failing")["failures"] >= 2, "its failures")
    assert service.call("periodic", "failing")["error"] == "RuntimeError: it fails every time"
    assert service.call("periodic", "often")["error"] == ""


def test_a_database_that_is_blocked_or_cut_off_ends_no_beat(service: Service, beat: Start) -> None:
    process = beat()
    wait_for_calls(service, "often", 1)
    service.call("block_database", 3)
    before = len(calls(service, "often"))
    wait_for_calls(service, "often", before + 2)
    assert process.poll() is None


def test_a_broker_that_is_down_ends_no_beat(service: Service, beat: Start) -> None:
    url = service.environment.get("CELERY_BROKER_URL")
    try:
        service.environment["CELERY_BROKER_URL"] = "redis://127.0.0.1:1/0"
        process = beat()
    finally:
        if url is None:
            del service.environment["CELERY_BROKER_URL"]
        else:
            service.environment["CELERY_BROKER_URL"] = url
    wait_for_calls(service, "often", 2)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(10) == 0
