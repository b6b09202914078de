"""Trying again, waiting within a request, and what is periodic: what each promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from models.accounts.models import Organisation
from models.accounts.permission import Forbidden, NotFound
from models.accounts.roles import Role
from models.errors import InputError
from models.jobs import kinds, periodic, wait
from models.jobs.kinds import JobKind, register
from models.jobs.models import Job, State
from models.jobs.periodic import every
from models.jobs.submit import again, cancel, retry, submit
from models.jobs.wait import wait_for
from models.trail.models import Entry
from models.trail.verify import verify_chain
from tests.models.people import organisation, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kind() -> Iterator[Callable[..., str]]:
    """A kind for this test, by its name."""
    names: list[str] = []

    def make(**more: Any) -> str:
        names.append(f"again-{len(names)}")
        register(JobKind(names[-1], lambda context: {}, lambda job, outcome: {}, title="A test", **more))
        return names[-1]

    yield make
    for name in names:
        kinds._KINDS.pop(name)


def ended(name: str, user: Any, state: State = State.FAILED) -> Job:
    job = submit(name, organisation=organisation(), user=user, params={"n": 7}, title="Seven", time_limit=77)
    Job.unscoped.filter(pk=job.pk).update(state=state)
    job.refresh_from_db()
    return job


def test_a_job_is_in_the_queue_of_its_kind(kind: Callable[..., str]) -> None:
    user = person()
    queues = [
        submit(name, organisation=organisation(), user=user, params={}).queue
        for name in (kind(), kind(queue="light"), kind(queue="gpu"))
    ]
    assert queues == ["heavy", "light", "gpu"]


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_trying_again_is_a_new_job_of_the_same_work_that_names_the_old(kind: Callable[..., str], state: State) -> None:
    user = person()
    old = ended(kind(retry=again, queue="light"), user, state)
    new = retry(old, user)
    assert new.pk != old.pk
    assert (new.kind, new.params, new.title, new.time_limit, new.queue) == (old.kind, {"n": 7}, "Seven", 77, "light")
    assert (new.state, new.attempt, new.retry_of) == (State.QUEUED, 0, old)
    old.refresh_from_db()
    assert old.state == state
    entry = Entry.unscoped.get(verb="tried again")
    assert (entry.object_id, entry.facts["by"]) == (str(old.pk), str(new.pk))
    assert verify_chain(organisation()).whole


def test_pressed_twice_it_is_one_new_job_and_once_that_has_failed_another(kind: Callable[..., str]) -> None:
    user = person()
    old = ended(kind(retry=again), user)
    first = retry(old, user)
    assert retry(old, user) == first
    cancel(first, user)
    assert retry(old, user) not in (first, old)


@pytest.mark.parametrize("state", [State.QUEUED, State.SUCCEEDED])
def test_what_did_not_fail_is_not_tried_again(kind: Callable[..., str], state: State) -> None:
    user = person()
    job = ended(kind(retry=again), user, state)
    with pytest.raises(InputError, match=f"this one is {state}"):
        retry(job, user)


def test_a_kind_that_cannot_says_so(kind: Callable[..., str]) -> None:
    user = person()
    with pytest.raises(InputError, match="cannot be tried again"):
        retry(ended(kind(), user), user)
    gone = ended(kind(retry=again), user)
    Job.unscoped.filter(pk=gone.pk).update(kind="a kind that is gone")
    with pytest.raises(InputError, match="cannot be tried again"):
        retry(gone, user)


def test_who_may_try_again(kind: Callable[..., str]) -> None:
    old = ended(kind(retry=again), person())
    with pytest.raises(Forbidden):
        retry(old, person(Role.AUDITOR))
    with pytest.raises(NotFound):
        retry(old, person(Role.ENGINEER, Organisation.objects.create(name="Brick Bank")))


def test_waiting_ends_with_the_job_or_with_the_time(kind: Callable[..., str]) -> None:
    job = submit(kind(), organisation=organisation(), user=person(), params={})
    began = time.monotonic()
    assert wait_for(job.pk, 0.4).state == State.QUEUED
    assert time.monotonic() - began > 0.3

    def end_soon() -> None:
        time.sleep(0.3)
        Job.unscoped.filter(pk=job.pk).update(state=State.SUCCEEDED)
        connection.close()

    thread = threading.Thread(target=end_soon)
    thread.start()
    assert wait_for(job.pk, 60).state == State.SUCCEEDED
    thread.join()
    with pytest.raises(Job.DoesNotExist):
        wait_for(uuid4(), 0)


def test_one_too_many_is_not_kept_waiting(kind: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    job = submit(kind(), organisation=organisation(), user=person(), params={})
    monkeypatch.setattr(wait, "_places", threading.BoundedSemaphore(1))
    assert wait._places.acquire()
    assert wait_for(job.pk, 3600).state == State.QUEUED
    wait._places.release()


def test_every_room_says_what_is_periodic_and_no_name_is_taken_twice() -> None:
    names = {each.name for each in periodic.discovered()}
    assert "models.webhooks.periodic.send_what_is_due" in names
    assert "governance.periodic.prune_what_is_past_its_time" in names

    def once() -> None:
        """Nothing."""

    every(60)(once)
    try:
        with pytest.raises(ValueError, match="two periodic functions"):
            every(60)(once)
    finally:
        periodic._KNOWN.pop(f"{once.__module__}.{once.__qualname__}")
