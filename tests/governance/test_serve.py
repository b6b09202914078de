"""`manage.py serve`: one command, web, worker and beat, which end together; what ran goes on afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.jobs.sandbox import processes
from tests.faults.service import ROOT, RunningJob, Service, embedded, wait_until

pytestmark = pytest.mark.timeout(240)


@dataclass
class Served:
    process: subprocess.Popen[bytes]
    log: Path
    environment: dict[str, str]

    def said(self) -> str:
        return self.log.read_text()

    def address(self) -> str:
        wait_until(lambda: "Plumbline is at" in self.said() or self.process.poll() is not None, "an address", 60)
        found = re.search(r"Plumbline is at (\S+)\.", self.said())
        assert found, self.said()
        return found[1]

    def answers(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address() + path, timeout=10) as answer:
            return answer.read()

    def beside(self) -> dict[str, int]:
        """The processes that it started, by name."""
        found = {}
        for child in children(self.process.pid):
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if b"worker" in words or b"beat" in words:
                found["worker" if b"worker" in words else "beat"] = child
        return found

    def ready(self) -> Served:
        """Worker and beat have said that they are alive."""

        def alive() -> bool:
            told = self.answers("/metrics").decode()
            return 'plumbline_workers{queue="light"} 1.0' in told and "plumbline_beat 1.0" in told

        wait_until(alive, "worker and beat", 60)
        return self

    def everything(self) -> set[int]:
        mark = f"SERVED={self.environment['SERVED']}".encode()
        return {process.pid for process in processes.all_processes() if processes.carries(process.pid, mark)}


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


@contextlib.contextmanager
def serving(service: Service, **more: str) -> Iterator[Served]:
    environment = service.environment | {"HOST": "127.0.0.1", "PORT": "0", "SERVED": uuid.uuid4().hex} | more
    log = service.folder / f"serve-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    served = Served(process, log, environment)
    try:
        yield served
    finally:
        for pid in served.everything() | {process.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with embedded(tmp_path_factory.mktemp("serve")) as made:
        made.call("chain")
        yield made


def ended(served: Served) -> None:
    wait_until(lambda: not served.everything(), "every process to end")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_whole_and_loses_nothing_in_the_middle_of_a_job(service: Service, number: signal.Signals) -> None:
    with serving(service) as served:
        assert json.loads(served.answers("/readyz"))["status"] == "ready"
        job = service.job("wait_for_go")
        light = service.job("wait_for_go_light")
        job.wait_for_run()
        light.wait_for_run()
        served.process.send_signal(number)
        assert served.process.wait(60) == 0, served.said()
        said = served.said()
        assert said.count("Traceback") == said.count("RuntimeError: it fails every time"), said
        ended(served)
    assert [(row["state"], row["attempt"], row["returned"]) for row in (job.row(), light.row())] == [
        ("queued", 1, 1)
    ] * 2
    with serving(service) as again:
        for waiting in (job, light):
            waiting.wait_for_run(2)
            waiting.go()
            assert waiting.wait_for("succeeded")["result"] == {"attempt": 2}
            assert waiting.verbs().count("succeeded") == 1
        again.process.send_signal(number)
        assert again.process.wait(60) == 0
    assert service.call("chain") == ""


def test_a_registration_that_is_cut_off_is_made_once_when_it_starts_again(service: Service) -> None:
    with serving(service) as served:
        served.ready()
        job = RunningJob(service, service.call("submit_registration", "many rows", 6_000_000), service.folder)
        wait_until(lambda: job.row()["state"] == "running", "the registration to begin")
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0, served.said()
    assert job.row()["state"] == "queued", "it was over too soon to be cut off"
    assert service.call("blobs") == []
    with serving(service):
        row = job.wait_for("succeeded", 90)
    assert (row["attempt"], row["returned"], row["result"]["new"]) == (2, 1, True)
    assert len(service.call("blobs")) == 1
    assert service.call("content")["registry.datasetversion"][0] == 1
    assert service.call("chain") == ""


@pytest.mark.parametrize("who", ["worker", "beat"])
def test_when_one_of_them_dies_all_end_and_it_is_told(service: Service, who: str) -> None:
    with serving(service) as served:
        os.kill(served.ready().beside()[who], signal.SIGKILL)
        assert served.process.wait(60) == 1
        assert f"the {who} ended by itself" in served.said()
        ended(served)


def test_when_it_is_killed_the_others_do_not_stay_behind(service: Service) -> None:
    with serving(service) as served:
        served.ready()
        served.process.kill()
        served.process.wait()
        ended(served)


def test_a_light_job_does_not_wait_for_heavy_ones(service: Service) -> None:
    with serving(service) as served:
        served.address()
        heavy: list[RunningJob] = [service.job("wait_for_go") for _ in range(3)]
        for job in heavy[:2]:
            job.wait_for_run()
        service.job("quick_light").wait_for("succeeded")
        assert heavy[2].row()["state"] == "queued"
        for job in heavy:
            job.go()
        for job in heavy:
            job.wait_for("succeeded")


def test_a_port_in_use_is_told(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with serving(service, PORT=port) as served:
            assert served.process.wait(60) == 1
            assert f"port {port} is not to be had" in served.said()
            said = served.said()
        assert said.count("Traceback") == said.count("RuntimeError: it fails every time"), said
