"""What must hold whatever dies: nothing lost, nothing twice, and the reason told."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from models.jobs.sandbox import processes
from tests.faults.service import (
    EACH_DATABASE,
    RunningJob,
    Service,
    broken_broker,
    empty_broker,
    wait_until,
    waiting_messages,
)

pytestmark = pytest.mark.timeout(180)
each_database = pytest.mark.parametrize("whole_service", EACH_DATABASE, indirect=True, scope="session")


def assert_finished_once(job: RunningJob) -> None:
    assert job.verbs().count("succeeded") == 1
    assert job.verbs()[-1] == "succeeded"
    assert job.service.call("chain") == ""


def sandboxed_by(worker: int) -> list[int]:
    """Processes of the sandboxed runs that this process started; they carry its number."""
    mark = f"PLUMBLINE_SANDBOX_RUN={worker}-".encode()
    return [process.pid for process in processes.all_processes() if processes.carries(process.pid, mark)]


def test_kill_9_of_the_whole_worker_in_mid_job_and_another_finishes_it_once(service: Service) -> None:
    job = service.job("wait_for_go")
    service.worker()
    job.wait_for_run()
    service.kill_workers()
    assert job.row()["state"] == "running"
    service.worker()
    job.wait_for_run(2)
    job.go()
    row = job.wait_for("succeeded")
    assert (row["attempt"], row["result"]) == (2, {"attempt": 2})
    assert job.verbs() == ["submitted", "started", "put back", "started", "succeeded"]
    assert_finished_once(job)


def test_kill_9_at_random_moments_still_finishes_every_job_once(service: Service) -> None:
    """Kills that come too late or in the queue are part of it; three in the same job would fail it, so two at most."""
    moments = random.Random(7)
    jobs = [service.job("quick") for _ in range(6)]
    for _ in range(2):
        service.worker()
        time.sleep(moments.uniform(1.2, 2.6))
        service.kill_workers()
    service.worker()
    for job in jobs:
        job.wait_for("succeeded")
        assert_finished_once(job)


@each_database
def test_kill_9_of_one_pool_process_and_the_same_worker_resumes(at_work: Service) -> None:
    job = at_work.job("wait_for_go")
    os.kill(job.wait_for_run(), signal.SIGKILL)
    job.wait_for_run(2)
    job.go()
    assert job.wait_for("succeeded")["result"] == {"attempt": 2}
    assert_finished_once(job)


def test_a_broker_that_lost_everything_loses_no_job(service: Service) -> None:
    empty_broker(service)
    jobs = [service.job("quick") for _ in range(3)]
    assert waiting_messages(service) > 0
    empty_broker(service)
    service.worker()
    for job in jobs:
        job.wait_for("succeeded")
        assert_finished_once(job)


def test_a_broker_that_is_down_fails_no_request_and_loses_no_job(service: Service) -> None:
    with broken_broker(service) as web:
        started = time.monotonic()
        job = web.job("quick")
        assert time.monotonic() - started < 5
        assert web.call("ring", job.id) is False
        assert job.row()["state"] == "queued"
    job.service = service
    service.worker()
    job.wait_for("succeeded")
    assert_finished_once(job)


def test_a_job_delivered_many_times_to_two_workers_runs_once(service: Service) -> None:
    jobs = [service.job("quick") for _ in range(4)]
    for _ in range(4):
        for job in jobs:
            assert service.call("ring", job.id)
    service.worker("--no-reaper")
    service.worker()
    for job in jobs:
        job.wait_for("succeeded")
    wait_until(lambda: waiting_messages(service) == 0, "every ring to be heard")
    for job in jobs:
        assert len(job.runs()) == 1
        assert job.row()["attempt"] == 1
        assert_finished_once(job)


@each_database
def test_a_worker_that_wakes_after_its_lease_ran_out_is_refused(at_work: Service) -> None:
    job = at_work.job("wait_for_go")
    sleeper = job.wait_for_run()
    os.kill(sleeper, signal.SIGSTOP)
    job.wait_for_run(2)
    job.go()
    row = job.wait_for("succeeded")
    os.kill(sleeper, signal.SIGCONT)
    wait_until(lambda: "attempt 1 came too late" in at_work.log(), "the refusal in the log")
    assert row["result"] == {"attempt": 2} == job.row()["result"]
    assert_finished_once(job)


@each_database
def test_cancelling_a_running_job_ends_its_sandbox_within_five_seconds(at_work: Service) -> None:
    job = at_work.job("hang")
    worker = job.wait_for_run()
    wait_until(lambda: job.row()["sentence"] == "hanging", "the sandbox to hang")
    assert sandboxed_by(worker)
    started = time.monotonic()
    at_work.call("cancel", job.id)
    wait_until(lambda: not sandboxed_by(worker), "the sandbox to end", 5)
    assert time.monotonic() - started < 5
    assert job.wait_for("cancelled")["error"] == "cancelled"
    assert job.verbs() == ["submitted", "started", "asked to cancel", "cancelled"]


@each_database
def test_work_that_listens_to_nobody_is_given_up_with_its_process_and_the_worker_goes_on(service: Service) -> None:
    deaf = service.job("deaf")
    service.worker("--concurrency", "1")
    deaf.wait_for_run()
    service.call("cancel", deaf.id)
    assert deaf.wait_for("cancelled")["attempt"] == 1
    next_one = service.job("quick")
    next_one.wait_for("succeeded")
    assert next_one.runs()[0][1] != deaf.runs()[0][1]


@each_database
def test_cancelling_a_queued_job_needs_no_worker(service: Service) -> None:
    job = service.job("quick")
    service.call("cancel", job.id)
    assert job.row()["state"] == "cancelled"
    assert job.verbs() == ["submitted", "cancelled"]


@each_database
def test_a_job_out_of_time_fails_and_its_sandbox_is_gone(at_work: Service) -> None:
    job = at_work.job("hang", time_limit=2)
    worker = job.wait_for_run()
    assert "its time limit" in job.wait_for("failed")["error"]
    assert not sandboxed_by(worker)


@each_database
def test_a_job_that_always_kills_its_worker_fails_after_three_and_the_queue_goes_on(at_work: Service) -> None:
    poison = at_work.job("crash")
    good = [at_work.job("quick") for _ in range(3)]
    for job in good:
        job.wait_for("succeeded")
    row = poison.wait_for("failed")
    assert row["error"] == "its worker died 3 times in the middle of it"
    assert [attempt for attempt, _ in poison.runs()] == [1, 2, 3]
    assert poison.verbs().count("failed") == 1


def test_sigterm_gives_the_running_job_back_and_another_worker_finishes_it(service: Service) -> None:
    job = service.job("wait_for_go")
    worker = service.worker()
    job.wait_for_run()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    row = job.row()
    assert (row["state"], row["attempt"], row["returned"]) == ("queued", 1, 1)
    service.worker()
    job.wait_for_run(2)
    job.go()
    job.wait_for("succeeded")
    assert_finished_once(job)


@each_database
def test_a_database_that_is_blocked_or_cut_off_in_mid_job_costs_no_result(at_work: Service) -> None:
    job = at_work.job("wait_for_go")
    job.wait_for_run()
    at_work.call("block_database", 4)
    job.go()
    job.wait_for("succeeded")
    assert_finished_once(job)
