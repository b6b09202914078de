"""Jobs on pages: found, watched with their log, tried again; a failure says what, what is safe and what to do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from models.jobs.kinds import _KINDS, JobKind
from models.jobs.models import Job, State, Worker
from models.jobs.submit import again, submit
from models.trail.models import Entry
from tests.pages.conftest import ODD
from tests.pages.crowd import crowd

TITLE = re.compile(r'<a href="/jobs/[0-9a-f-]+/"><bdi>([^<]*)</bdi></a>')


@pytest.fixture
def engineer(client, world):
    client.force_login(world.people["engineer"])
    return client


@pytest.fixture
def kind(monkeypatch):
    """A kind of job that can be tried again."""
    made = JobKind("counting", run=lambda context: None, save=lambda job, outcome: None, title="Counting", retry=again)
    monkeypatch.setitem(_KINDS, "counting", made)
    return made


def job(world, state: State = State.QUEUED, **more) -> Job:
    made = submit("counting", organisation=world.organisation, user=world.people["engineer"], params={"to": 3})
    lease = {"lease_token": made.pk, "lease_until": timezone.now()} if state == State.RUNNING else {}
    Job.unscoped.filter(pk=made.pk).update(state=state, started_at=timezone.now(), **lease, **more)
    return Job.unscoped.get(pk=made.pk)


def page(client, found: Job) -> str:
    answer = client.get(f"/jobs/{found.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_jobs_are_found_by_state_kind_person_and_text(engineer, world, kind):
    crowd(world, range(4))
    job(world)

    def listed(asked: str) -> list[str]:
        return TITLE.findall(engineer.get(f"/jobs/?{asked}").content.decode())

    assert listed("kind=counting") == ["Counting"]
    assert len(listed("state=failed&q=broken")) == 4
    assert len(listed("q=Audit+0002")) == 3
    assert {*listed("state=going&kind=audit")} >= {"Audit 0000", "Audit 0003"}
    assert "4 jobs fit" in engineer.get("/jobs/?state=failed&q=broken").content.decode().replace("Four", "4")
    Job.unscoped.filter(kind="counting").update(created_by=world.people["officer"])
    assert listed("kind=counting&by=me") == []
    assert listed("kind=counting&q=OFFICER") == ["Counting"]


def test_the_log_of_a_running_job_is_shown_live_and_stays_text(engineer, world, kind):
    running = job(world, State.RUNNING, log="one\n" + ODD, sentence="counting")
    shown = page(engineer, running)
    assert "&lt;script&gt;alert(1)" in shown.split('id="log"')[1]
    (address,) = re.findall(r'hx-get="([^"]+)"', shown)
    address = address.replace("&amp;", "&")
    assert engineer.get(address, headers={"HX-Request": "true"}).status_code == 204
    Job.unscoped.filter(pk=running.pk).update(log="\n".join(f"line {i}" for i in range(500)))
    moved = engineer.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-swap-oob="true"' in moved
    assert "line 499" in moved
    assert "line 100" not in moved
    Job.unscoped.filter(pk=running.pk).update(state=State.SUCCEEDED, lease_token=None, lease_until=None)
    assert engineer.get(address)["HX-Refresh"] == "true"


def test_without_a_script_the_page_of_a_running_job_loads_itself_again(engineer, world, kind):
    assert '<noscript><meta http-equiv="refresh"' in page(engineer, job(world, State.RUNNING))
    assert "http-equiv" not in page(engineer, job(world, State.SUCCEEDED))


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("a fault of our own, KeyError: 'x'", "not your doing"),
        ("stopped after 60 seconds, its time limit", "more time"),
        ("stopped at 4.0 GB of memory, its limit", "more memory"),
        ("its worker died 3 times in the middle of it", "workers&#x27; logs"),
        ("the column age is not in the file", "Mend what the sentence above names"),
    ],
)
def test_a_failure_says_what_happened_what_is_safe_and_what_to_do(engineer, world, kind, error, advice):
    shown = page(engineer, job(world, State.FAILED, error=error, log="the last words"))
    assert "No result was stored" in shown
    assert "as they were" in shown
    assert advice in shown
    assert "the last words" in shown
    assert "Try it again" in shown


def test_a_failure_keeps_its_lines_and_the_names_of_files(engineer, world, kind):
    failed = job(world, State.FAILED, error="model.pkl is a pickle.\n\nTo convert:\n\n    skops.io.dump(model)")
    shown = page(engineer, failed)
    assert '<p class="wrongs"><bdi>model.pkl is a pickle.</bdi></p>' in shown
    assert "To convert:\n\n    skops.io.dump(model)</pre>" in shown
    assert 'href="/help/converting/"' in shown
    assert "Model.pkl" not in engineer.get("/jobs/").content.decode() + engineer.get("/").content.decode()


def test_a_job_is_tried_again_once_however_often_it_is_pressed(engineer, world, kind):
    failed = job(world, State.FAILED, error="broken")
    first = engineer.post(f"/jobs/{failed.pk}/retry/")
    second = engineer.post(f"/jobs/{failed.pk}/retry/")
    assert first["Location"] == second["Location"]
    made = failed.retries.get()
    assert (made.params, made.state) == ({"to": 3}, State.QUEUED)
    assert "Tries again" in page(engineer, made)
    assert "Tried again by" in page(engineer, failed)
    assert Entry.unscoped.filter(verb="tried again").count() == 1


def test_what_cannot_be_tried_again_offers_nothing_and_says_why(engineer, world, kind):
    done = job(world, State.SUCCEEDED)
    assert "Try it again" not in page(engineer, done)
    answer = engineer.post(f"/jobs/{done.pk}/retry/", follow=True)
    assert "Only a job that failed or was cancelled" in answer.content.decode()
    assert not done.retries.exists()


def test_who_may_not_run_is_offered_neither_cancel_nor_retry(client, world, kind):
    running, failed = job(world, State.RUNNING), job(world, State.FAILED, error="x")
    client.force_login(world.people["auditor"])
    assert "Cancel it" not in page(client, running)
    assert "Try it again" not in page(client, failed)
    assert client.post(f"/jobs/{failed.pk}/retry/").status_code == 403


def test_who_waits_for_a_worker_that_is_not_there_is_told(engineer, world, kind):
    waiting = job(world)
    assert "No worker that takes such jobs" in page(engineer, waiting)
    Worker.objects.create(name="one:1", queues=["light"], seen_at=timezone.now())
    assert "No worker that takes such jobs" in page(engineer, waiting)
    Worker.objects.create(name="two:1", queues=["heavy"], seen_at=timezone.now() - timedelta(minutes=5))
    assert "No worker that takes such jobs" in page(engineer, waiting)
    Worker.objects.create(name="three:1", queues=["heavy", "light"], seen_at=timezone.now())
    assert "No worker that takes such jobs" not in page(engineer, waiting)


def test_a_job_of_a_kind_that_is_no_more_still_has_a_page(engineer, world, kind, monkeypatch):
    gone = job(world, State.FAILED, error="broken")
    monkeypatch.delitem(_KINDS, "counting")
    assert "Try it again" not in page(engineer, gone)
    assert "counting" in engineer.get("/jobs/").content.decode()
