"""A job's life in one process: every way it can end, and who may change its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models.functions import Now

from models.accounts.models import Organisation
from models.accounts.permission import Forbidden, NotFound
from models.accounts.roles import Role
from models.errors import InputError
from models.jobs import kinds
from models.jobs.context import JobContext
from models.jobs.heartbeat import LOG_LENGTH
from models.jobs.kinds import JobKind, kind_named, register
from models.jobs.lease import LeaseLost, take
from models.jobs.models import Job, State
from models.jobs.perform import perform
from models.jobs.reaper import Reaped, reap
from models.jobs.signals import job_finished
from models.jobs.submit import cancel, submit
from models.trail.models import Entry
from models.trail.verify import verify_chain
from tests.models.people import organisation, person

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[[JobContext], Any]
Make = Callable[..., Job]


@pytest.fixture
def job_of() -> Iterator[Make]:
    """Submit a job of a kind made for this test: its run, and its save if it is not to keep the outcome as it is."""
    names: list[str] = []

    def make(run: Run, save: Callable[[Job, Any], Any] = lambda job, outcome: outcome, **options: Any) -> Job:
        names.append(f"test-{len(names)}")
        register(JobKind(names[-1], run, save, title="A test"))
        known = organisation().memberships.filter(role=Role.ENGINEER).first()
        user = known.user if known else person()
        return submit(names[-1], organisation=organisation(), user=user, params={"number": 7}, **options)

    yield make
    for name in names:
        kinds._KINDS.pop(name)


def done(job: Job) -> Job:
    assert perform(job.pk)
    job.refresh_from_db()
    return job


def verbs(job: Job) -> list[str]:
    return list(Entry.unscoped.filter(object_id=str(job.pk)).order_by("sequence").values_list("verb", flat=True))


def rings() -> int:
    folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
    return len(list(folder.glob("*.msg")))


def run_out(job: Job) -> None:
    """Its worker was not heard of for long."""
    Job.unscoped.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


def test_a_job_succeeds_with_result_log_progress_and_trail(job_of: Make) -> None:
    def run(context: JobContext) -> dict[str, Any]:
        context.progress(0.5, "half way")
        context.log("a line")
        (context.workdir / "scratch").write_text("gone afterwards")
        return {"twice": 2 * context.params["number"], "folder": str(context.workdir)}

    job = done(job_of(run))
    assert (job.state, job.progress, job.attempt, job.error) == (State.SUCCEEDED, 1.0, 1, "")
    assert job.result["twice"] == 14
    assert job.log == "a line\n"
    assert job.started_at is not None
    assert job.finished_at is not None
    assert not Path(job.result["folder"]).exists()
    assert verbs(job) == ["submitted", "started", "succeeded"]
    assert verify_chain(organisation()).whole


def test_a_job_is_rung_for_once_its_transaction_has_committed(job_of: Make) -> None:
    before = rings()
    with transaction.atomic():
        job_of(lambda context: None)
        assert rings() == before
    assert rings() == before + 1


def test_a_request_that_is_rolled_back_leaves_no_job_and_no_ring(job_of: Make) -> None:
    before = rings()
    with transaction.atomic():
        job_of(lambda context: None)
        transaction.set_rollback(True)
    assert rings() == before
    assert not Job.unscoped.exists()
    assert not Entry.unscoped.exists()


def test_an_input_error_is_the_reason_as_it_was_written(job_of: Make) -> None:
    def run(context: JobContext) -> None:
        raise InputError("column age is missing: add it")

    job = done(job_of(run))
    assert (job.state, job.error, job.suspicious) == (State.FAILED, "column age is missing: add it", False)
    assert verbs(job)[-1] == "failed"


def test_a_fault_of_our_own_says_so_and_keeps_the_traceback(job_of: Make) -> None:
    job = done(job_of(lambda context: 1 // 0))
    assert job.state == State.FAILED
    assert job.error.startswith("a fault of our own, ZeroDivisionError")
    assert "Traceback" in job.log


def test_what_the_sandbox_refused_fails_the_job_as_suspicious(job_of: Make) -> None:
    def run(context: JobContext) -> Any:
        payload = {"where": "/var/tmp/plumbline-should-not-be.txt"}
        task = "tests.models.jobs.sandbox_tasks:write_elsewhere"
        return context.run_sandboxed(task, payload, inputs={}, output=context.workdir / "out")

    job = done(job_of(run))
    assert (job.state, job.suspicious) == (State.FAILED, True)
    assert "not allowed" in job.error
    assert Entry.unscoped.get(object_id=str(job.pk), verb="failed").facts["suspicious"] is True


def test_saving_and_ending_are_one_transaction(job_of: Make) -> None:
    def save(job: Job, outcome: Any) -> None:
        Organisation.objects.create(name="made while saving")
        raise InputError("no room for the result")

    job = done(job_of(lambda context: None, save))
    assert (job.state, job.error) == (State.FAILED, "no room for the result")
    assert not Organisation.objects.filter(name="made while saving").exists()


def test_the_end_is_announced_inside_its_transaction(job_of: Make) -> None:
    heard: list[tuple[str, bool]] = []

    def listen(sender: Any, job: Job, **kwargs: Any) -> None:
        heard.append((job.state, transaction.get_connection().in_atomic_block))

    job_finished.connect(listen)
    try:
        done(job_of(lambda context: None))
    finally:
        job_finished.disconnect(listen)
    assert heard == [(State.SUCCEEDED, True)]


def test_a_job_out_of_time_stops_at_its_next_progress(job_of: Make) -> None:
    def run(context: JobContext) -> None:
        while True:
            context.progress(0.1, "still at it")

    job = done(job_of(run, time_limit=1))
    assert (job.state, job.error) == (State.FAILED, "stopped after 1 seconds, its time limit")


def test_a_database_that_is_away_puts_the_job_back_three_times_at_most(job_of: Make) -> None:
    def run(context: JobContext) -> None:
        raise OperationalError("server closed the connection")

    job = job_of(run)
    for attempt in (1, 2):
        assert (done(job).state, job.attempt) == (State.QUEUED, attempt)
    assert done(job).state == State.FAILED
    assert "server closed the connection" in job.error


def test_a_job_is_taken_once(job_of: Make) -> None:
    job = job_of(lambda context: None)
    assert take(job.pk) is not None
    assert take(job.pk) is None
    assert perform(job.pk) is False


def test_a_finished_job_is_never_taken_again(job_of: Make) -> None:
    job = done(job_of(lambda context: {"answer": 42}))
    assert perform(job.pk) is False
    job.refresh_from_db()
    assert job.result == {"answer": 42}


def test_a_result_that_comes_after_the_lease_was_given_to_another_is_refused(job_of: Make) -> None:
    saved: list[int] = []

    def run(context: JobContext) -> int:
        if context.job.attempt == 1:
            run_out(context.job)
            reap()
            take(context.job.pk)
        return context.job.attempt

    job = done(job_of(run, lambda job, outcome: saved.append(outcome)))
    assert (job.state, job.attempt, saved) == (State.RUNNING, 2, [])


def test_an_old_lease_opens_nothing(job_of: Make) -> None:
    job = job_of(lambda context: None)
    old = take(job.pk)
    assert old is not None
    run_out(job)
    reap()
    new = take(job.pk)
    assert new is not None
    assert not old.renew(sentence="too late")
    with transaction.atomic(), pytest.raises(LeaseLost):
        old.locked_job()
    assert new.renew(sentence="mine")


def test_cancel_while_the_result_is_on_its_way_wins(job_of: Make) -> None:
    def run(context: JobContext) -> int:
        cancel(context.job, context.job.created_by)
        return 1

    job = done(job_of(run))
    assert (job.state, job.result) == (State.CANCELLED, None)


def test_cancelling_twice_or_after_the_end_changes_nothing(job_of: Make) -> None:
    job = job_of(lambda context: None)
    for _ in range(2):
        cancel(job, job.created_by)
    assert verbs(job) == ["submitted", "cancelled"]
    finished = done(job_of(lambda context: None))
    assert cancel(finished, finished.created_by).state == State.SUCCEEDED


def test_only_who_may_can_submit_and_cancel(job_of: Make) -> None:
    job = job_of(lambda context: None)
    auditor, stranger = person(Role.AUDITOR), person(Role.ENGINEER, organisation("Other Bank"))
    for user, error in ((auditor, Forbidden), (stranger, NotFound)):
        with pytest.raises(error):
            cancel(job, user)
        with pytest.raises(error):
            submit(job.kind, organisation=organisation(), user=user, params={})
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_a_lease_that_ran_out_goes_back_to_the_queue_and_the_third_time_fails(job_of: Make) -> None:
    job = job_of(lambda context: None)
    for attempt in (1, 2, 3):
        assert take(job.pk) is not None
        assert reap() == Reaped(rung=0)
        run_out(job)
        assert reap() == (Reaped(put_back=1) if attempt < 3 else Reaped(failed=1))
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "its worker died 3 times in the middle of it")
    assert verbs(job).count("failed") == 1


def test_a_cancelled_job_whose_worker_died_is_cancelled(job_of: Make) -> None:
    job = job_of(lambda context: None)
    take(job.pk)
    cancel(job, job.created_by)
    run_out(job)
    assert reap().failed == 1
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_ring_that_nobody_heard_is_rung_again_but_not_at_once(job_of: Make) -> None:
    job = job_of(lambda context: None)
    assert reap().rung == 0
    Job.unscoped.filter(pk=job.pk).update(rung_at=Now() - timedelta(seconds=settings.JOB_RING_AGAIN_SECONDS + 1))
    assert reap().rung == 1
    assert reap().rung == 0


def test_one_job_that_cannot_be_settled_does_not_hold_up_the_reaper(job_of: Make) -> None:
    jobs = [job_of(lambda context: None) for _ in range(2)]
    for job in jobs:
        Job.unscoped.filter(pk=job.pk).update(attempt=2)
        take(job.pk)
        run_out(job)

    def listen(sender: Any, job: Job, **kwargs: Any) -> None:
        if job.pk == jobs[0].pk:
            raise RuntimeError("whoever listens failed")

    job_finished.connect(listen)
    try:
        assert reap().failed == 1
    finally:
        job_finished.disconnect(listen)


def test_the_log_keeps_its_end_when_it_grows_too_long(job_of: Make) -> None:
    def run(context: JobContext) -> None:
        context.log("x" * LOG_LENGTH)
        context.log("the last line")

    job = done(job_of(run))
    assert len(job.log) == LOG_LENGTH
    assert job.log.endswith("the last line\n")


def test_two_kinds_cannot_have_one_name(job_of: Make) -> None:
    job = job_of(lambda context: None)
    with pytest.raises(ValueError, match="two kinds"):
        register(JobKind(job.kind, lambda context: None, lambda job, outcome: None))
    with pytest.raises(KeyError):
        kind_named("no such kind")
