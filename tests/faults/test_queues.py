"""A worker takes jobs of its queues only, whatever the broker or the reaper tells it."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.faults.service import Service, empty_broker

pytestmark = pytest.mark.timeout(180)


def test_a_worker_takes_jobs_of_its_queues_only(service: Service) -> None:
    gpu, light, heavy = (service.job(kind) for kind in ("quick_gpu", "quick_light", "quick"))
    service.worker("--queues", "light,heavy")
    for job in (light, heavy):
        job.wait_for("succeeded")
    assert gpu.row()["state"] == "queued"
    service.worker("--queues", "gpu")
    gpu.wait_for("succeeded")
    assert [job.verbs().count("started") for job in (gpu, light, heavy)] == [1, 1, 1]


def test_a_lost_ring_is_rung_again_in_the_queue_that_it_belongs_to(service: Service) -> None:
    jobs = [service.job(kind) for kind in ("quick_gpu", "quick_light", "quick")]
    empty_broker(service)
    for queue in ("gpu", "light", "heavy"):
        service.worker("--queues", queue, "--concurrency", "1")
    for job in jobs:
        job.wait_for("succeeded")
        assert len(job.runs()) == 1


def test_a_job_that_was_put_back_goes_to_a_worker_of_its_queue(service: Service) -> None:
    job = service.job("wait_for_go_light")
    service.worker("--queues", "light")
    job.wait_for_run()
    service.kill_workers()
    service.worker("--queues", "heavy,gpu")
    other = service.job("quick")
    other.wait_for("succeeded")
    assert len(job.runs()) == 1
    service.worker("--queues", "light")
    job.wait_for_run(2)
    job.go()
    job.wait_for("succeeded")


@pytest.mark.parametrize("names", ["", "lite", "light,everything"])
def test_a_queue_that_there_is_not_is_refused(names: str) -> None:
    with pytest.raises(CommandError, match="light, heavy, gpu"):
        call_command("worker", "--queues", names)
