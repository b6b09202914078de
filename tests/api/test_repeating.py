"""Idempotency-Key: done once and answered twice, whatever happens between."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from audits.models import Audit
from models.accounts.models import Token
from models.jobs.models import Job
from models.registry.models import Model
from models.rest import idempotency
from models.rest.models import Remembered
from models.trail.models import Entry
from tests.api.conftest import Caller, is_problem
from tests.api.ways import ASKED
from tests.models.people import organisation, person

KEY = "monday's import, first try"


def test_a_repeated_request_is_done_once_and_answered_alike(engineer, world):
    body, before = {"dataset": str(world.dataset.pk), "parameters": ASKED}, Audit.unscoped.count()
    first, again = (engineer.post("/audits", body, Idempotency_Key=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["ETag"] == first["ETag"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Audit.unscoped.filter(pk=first.json()["id"]).count() == 1
    assert Job.unscoped.filter(pk=first.json()["job"]).count() == 1
    assert Audit.unscoped.count() == before + 1


@pytest.mark.parametrize("other", [{"name": "B"}, {"name": "A", "owner": "x"}])
def test_another_body_under_the_same_key_is_refused(engineer, other):
    assert engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY).status_code == 201
    answer = engineer.post("/models", other, Idempotency_Key=KEY)
    assert is_problem(answer, 422, "idempotency-key-reused")
    assert Model.unscoped.filter(name__in=("A", "B")).count() == 1


def test_another_address_under_the_same_key_is_refused(engineer):
    assert engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY).status_code == 201
    assert is_problem(engineer.post("/datasets", {"name": "A"}, Idempotency_Key=KEY), 422, "idempotency-key-reused")


def test_without_a_key_it_is_done_twice(engineer):
    answers = [engineer.post("/uploads", {"file_name": "a.csv", "size": 1}) for _ in range(2)]
    assert answers[0].json()["id"] != answers[1].json()["id"]
    assert not Remembered.objects.exists()


def test_keys_of_two_people_have_nothing_to_do_with_each_other(engineer, administrator):
    one, other = (
        caller.post("/uploads", {"file_name": "a.csv", "size": 1}, Idempotency_Key=KEY)
        for caller in (engineer, administrator)
    )
    assert one.json()["id"] != other.json()["id"]


def test_another_token_of_the_same_person_gets_the_same_answer(engineer, as_role):
    first = engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)
    again = as_role("engineer").post("/models", {"name": "A"}, Idempotency_Key=KEY)
    assert again.content == first.content


def test_a_token_without_the_scope_gets_no_remembered_answer(engineer, as_role):
    engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)
    answer = as_role("engineer", "read").post("/models", {"name": "A"}, Idempotency_Key=KEY)
    assert is_problem(answer, 403, "insufficient-scope")


def test_what_was_refused_may_be_mended_and_sent_again_under_its_key(engineer):
    engineer.post("/models", {"name": "A"})
    assert is_problem(engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY), 409, "conflict")
    assert is_problem(engineer.post("/models", {"nam": "B"}, Idempotency_Key=KEY), 422, "invalid")
    assert engineer.post("/models", {"name": "B"}, Idempotency_Key=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "naïve", "two\tparts", "\x7f"])
def test_a_key_that_cannot_be_is_refused(engineer, key):
    answer = engineer.post("/models", {"name": "A"}, Idempotency_Key=key)
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"
    assert not Model.unscoped.filter(name="A").exists()


def test_after_a_day_a_key_is_as_new(engineer):
    engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)
    Remembered.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert engineer.post("/models", {"name": "B"}, Idempotency_Key=KEY).status_code == 201
    assert Remembered.objects.count() == 1


def test_a_secret_is_answered_again_but_stands_nowhere_in_the_database(engineer):
    body = {"name": "ci", "scopes": ["read"]}
    first, again = (engineer.post("/tokens", body, Idempotency_Key=KEY) for _ in range(2))
    secret = first.json()["token"]
    assert again.json()["token"] == secret
    assert Token.unscoped.filter(name="ci").count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM rest_remembered")
        (stored,) = cursor.fetchone()
    assert secret.encode() not in bytes(stored)
    assert KEY not in {row.key for row in Remembered.objects.all()}


def test_a_request_that_is_being_worked_on_is_told_so(engineer):
    engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)
    Remembered.objects.update(answer=None)
    answer = engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)
    assert is_problem(answer, 409, "idempotency-in-progress")
    assert answer["Retry-After"] == "1"
    assert Remembered.objects.count() == 1


def test_a_request_whose_process_died_is_done_by_the_next(engineer):
    """The row of a request that was killed before its transaction committed, a minute ago."""
    engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)
    Model.unscoped.filter(name="A").delete()
    Remembered.objects.update(answer=None, started_at=timezone.now() - timedelta(seconds=61))
    assert engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY).status_code == 201
    assert engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)["Idempotency-Replayed"] == "true"


def test_who_lost_the_turn_has_its_work_undone(engineer, monkeypatch):
    """It was so slow that another took over, in the middle of its work."""
    real = idempotency.sealed

    def overtaken(response, key):
        idempotency.take_over(Remembered.objects.get())
        return real(response, key)

    monkeypatch.setattr(idempotency, "CUT_OFF_AFTER", timedelta(seconds=-1))
    monkeypatch.setattr(idempotency, "sealed", overtaken)
    entries = Entry.unscoped.count()
    answer = engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)
    assert is_problem(answer, 409, "idempotency-in-progress")
    assert not Model.unscoped.filter(name="A").exists()
    assert Entry.unscoped.count() == entries


def test_a_fault_leaves_nothing_behind_but_the_next_try(engineer, monkeypatch):
    def fault(*args):
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "sealed", fault)
        with pytest.raises(RuntimeError):
            engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY)
    assert not Model.unscoped.filter(name="A").exists()
    assert engineer.post("/models", {"name": "A"}, Idempotency_Key=KEY).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_ten_identical_requests_at_once_make_one():
    at = organisation()
    user, answers, start = person(at=at), [], threading.Barrier(10)
    callers = [Caller(user, at) for _ in range(10)]

    def ask(caller):
        start.wait()
        answers.append(caller.post("/models", {"name": "A"}, Idempotency_Key=KEY))
        connections.close_all()

    threads = [threading.Thread(target=ask, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Model.unscoped.filter(name="A").count() == 1
    made = {answer.content for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    for answer in answers:
        assert answer.status_code == 201 or is_problem(answer, 409, "idempotency-in-progress")
    assert callers[0].post("/models", {"name": "A"}, Idempotency_Key=KEY).content in made
