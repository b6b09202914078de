"""Prefer: wait, and how often one may ask."""

from __future__ import annotations

import threading
import time
from uuid import UUID

import pytest
from django.db import connections

from models.jobs.models import Job, State
from models.rest import rates
from models.rest.prefer import seconds_to_wait
from models.rest.rates import METER, Meter, Rate, handed_out, rate_of
from tests.api.conftest import Caller, is_problem
from tests.api.ways import ASKED
from tests.models.people import organisation, person


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("wait=10", 10), ("wait=10, respond-async", 10), ("respond-async;x=1, WAIT = 7", 7), ('wait="5"', 5), ("", 0),
     ("wait", 0), ("wait=soon", 0), ("wait=-1", 0), ("wait=100000", 60), ("await=3", 0), ("wait=" + "9" * 400, 0)],
)  # fmt: skip
def test_how_long_to_wait_is_read_from_the_header(rf, header, seconds):
    assert seconds_to_wait(rf.get("/", headers={"Prefer": header})) == seconds


@pytest.fixture
def waiting(transactional_db):
    """A caller and its job, which is queued."""
    at = organisation()
    user = person(at=at)
    job = Job.unscoped.create(organisation=at, created_by=user, kind="audit", params={"audit": str(UUID(int=1))},
                              time_limit=60, memory_limit=2**30)  # fmt: skip
    return Caller(user, at), job


def end(job: Job, after: float) -> threading.Thread:
    def run():
        time.sleep(after)
        Job.unscoped.filter(pk=job.pk).update(state=State.SUCCEEDED, progress=1.0)
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_answer_comes_when_the_job_is_finished(waiting):
    caller, job = waiting
    thread = end(job, 0.3)
    answer = caller.get(f"/jobs/{job.pk}", Prefer="wait=30")
    thread.join()
    assert answer.json()["state"] == "succeeded"
    assert answer["Preference-Applied"] == "wait"
    assert answer.json()["links"]["result"] == f"/api/v1/audits/{UUID(int=1)}"


def test_a_job_that_takes_longer_is_told_as_it_is(waiting):
    caller, job = waiting
    answer = caller.get(f"/jobs/{job.pk}", Prefer="wait=1")
    assert (answer.status_code, answer.json()["state"]) == (200, "queued")
    assert "Preference-Applied" not in answer


def test_waiting_never_happens_within_a_transaction(engineer, world):
    """It would keep the database waiting too; the answer is the one without the preference."""
    body = {"dataset": str(world.dataset.pk), "parameters": ASKED}
    answer = engineer.post("/audits", body, Prefer="wait=60")
    assert answer.status_code == 202
    assert answer["Location"] == f"/api/v1/jobs/{answer.json()['job']}"


def test_each_answer_tells_what_is_left_until_none_is(engineer, settings):
    settings.API_RATE = "5/hour"
    left = []
    for _ in range(5):
        answer = engineer.get("/me")
        assert answer["RateLimit-Limit"] == "5"
        assert 0 < int(answer["RateLimit-Reset"]) <= 3600
        left.append(int(answer["RateLimit-Remaining"]))
    assert left == [4, 3, 2, 1, 0]
    refused = engineer.get("/me")
    assert is_problem(refused, 429, "rate-limited")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert refused["RateLimit-Remaining"] == "0"


def test_one_tokens_requests_are_not_anothers(engineer, administrator, settings):
    settings.API_RATE = "1/hour"
    assert engineer.get("/me").status_code == 200
    assert engineer.get("/me").status_code == 429
    assert administrator.get("/me").status_code == 200


def test_requests_that_are_refused_count_too(engineer, settings):
    settings.API_RATE = "2/hour"
    assert engineer.get("/nothing").status_code == 404  # no one's address: asks nothing of us
    assert engineer.get("/trail").status_code == 403
    assert engineer.get("/models?x=1").status_code == 422
    assert engineer.get("/me").status_code == 429


def test_a_rate_can_be_switched_off(engineer, settings):
    settings.API_RATE = "off"
    assert "RateLimit-Limit" not in engineer.get("/me")


@pytest.mark.parametrize("text", ["many", "0/min", "10", "10/fortnight", "-1/min", "/min", "1.5/s"])
def test_a_rate_that_cannot_be_is_named(text):
    with pytest.raises(ValueError, match="API_RATE"):
        rate_of(text)


@pytest.mark.django_db
def test_several_processes_together_never_hand_out_more_than_the_limit():
    """Each meter stands for a process; they share the database alone."""
    rate, meters, taken = Rate(100, 60), [Meter() for _ in range(5)], 0
    for turn in range(300):
        try:
            meters[turn % 5].spend("token:x", rate, 1_000_000.0)
            taken += 1
        except rates.Problem:
            pass
    assert taken == 100
    for meter in meters:
        meter.spend("token:x", rate, 1_000_060.0)


@pytest.mark.django_db
def test_most_requests_write_nothing(django_assert_num_queries):
    rate, meter = Rate(600, 60), Meter()
    meter.spend("token:x", rate, 1_000_000.0)
    with django_assert_num_queries(0):
        for _ in range(29):
            meter.spend("token:x", rate, 1_000_000.0)


@pytest.mark.django_db
def test_a_clock_that_goes_back_begins_a_new_window_and_blocks_nobody():
    rate = Rate(3, 60)
    assert handed_out("token:x", rate, 10) == (1, 2)
    assert handed_out("token:x", rate, 9) == (1, 2)


def test_the_meter_is_one_for_the_process():
    assert rates.METER is METER
