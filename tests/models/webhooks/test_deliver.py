"""From what happened to what a receiver has: signed, tried again, never twice at once, and given up in the end."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from models.accounts.roles import Role
from models.jobs.endings import end
from models.jobs.kinds import _KINDS, JobKind
from models.jobs.models import Job, State
from models.jobs.submit import submit
from models.trail.models import Entry
from models.webhooks import deliver as module
from models.webhooks.announce import announce, ping
from models.webhooks.deliver import WAITS, claim_due, deliver, settle
from models.webhooks.endpoints import change_endpoint, register_endpoint, rotate
from models.webhooks.models import Delivery, Endpoint, Event
from models.webhooks.post import Answer
from tests.models.people import organisation, person


def due_now() -> Delivery:
    """The only delivery, as if its time had come."""
    Delivery.unscoped.filter(state="pending").update(due_at=timezone.now() - timedelta(seconds=1))
    return Delivery.unscoped.get()


def test_what_happens_arrives_signed_as_the_library_of_the_standard_verifies_it(registered, receiver):
    secret = registered[1]
    event = announce(organisation(), "audit.finished", {"id": "a1", "title": "Müller & <Co>"})
    assert deliver() == 1
    (got,) = receiver.got
    told = Webhook(secret).verify(got.body, got.headers)
    assert told["type"] == "audit.finished"
    assert told["data"] == {"id": "a1", "title": "Müller & <Co>"}
    assert abs(datetime.fromisoformat(told["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert got.headers["webhook-id"] == event.message_id
    sent = Delivery.unscoped.get()
    assert (sent.state, sent.tries, sent.last["status"], sent.last["note"]) == ("delivered", 1, 204, "")
    assert deliver() == 0


@pytest.mark.parametrize("change", ["body", "id", "time", "secret", "old"])
def test_a_message_that_was_touched_does_not_verify(registered, receiver, change, monkeypatch):
    if change == "old":
        monkeypatch.setattr(module.time, "time", lambda: datetime.now(UTC).timestamp() - 600)
    secret = registered[1]
    announce(organisation(), "audit.finished", {"id": "a1"})
    deliver()
    (got,) = receiver.got
    headers, body = dict(got.headers), got.body
    match change:
        case "body":
            body = body.replace(b"a1", b"a2")
        case "id":
            headers["webhook-id"] += "0"
        case "time":
            headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
        case "secret":
            secret = "whsec_" + "A" * 43 + "="
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def test_while_a_secret_is_changed_both_verify_and_after_a_day_only_the_new_one(registered, receiver, administrator):
    endpoint, old = registered
    new = rotate(administrator, endpoint)
    assert new != old
    ping(endpoint)
    deliver()
    for secret in (old, new):
        assert Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)["type"] == "ping"
    Endpoint.unscoped.update(previous_until=timezone.now())
    ping(endpoint)
    deliver()
    assert Webhook(new).verify(receiver.got[1].body, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(receiver.got[1].body, receiver.got[1].headers)


def test_no_secret_stands_in_the_database_in_clear(registered, administrator):
    endpoint, secret = registered
    rotate(administrator, endpoint)
    row = Endpoint.unscoped.values().get()
    assert secret.removeprefix("whsec_") not in json.dumps(row, default=str)
    assert row["sealed_secret"] != row["sealed_previous"]


def test_a_refused_message_is_tried_again_with_growing_waits_and_then_given_up(registered, receiver):
    receiver.says(500)
    announce(organisation(), "audit.finished", {})
    for wait in WAITS:
        assert deliver() == 1
        delivery = Delivery.unscoped.get()
        assert delivery.state == "pending"
        assert 0.9 * wait <= (delivery.due_at - timezone.now()).total_seconds() <= 1.1 * wait
        assert deliver() == 0
        due_now()
    deliver()
    delivery = Delivery.unscoped.get()
    assert (delivery.state, delivery.tries, delivery.due_at) == ("failed", 7, None)
    assert [attempt["status"] for attempt in delivery.log] == [500] * 7
    assert delivery.last["note"] == "no, <b>thanks</b>"
    assert {got.headers["webhook-id"] for got in receiver.got} == {delivery.event.message_id}
    assert len({got.body for got in receiver.got}) == 1
    assert 0.7 < sum(WAITS) / 86400 < 1.1


def test_a_receiver_that_comes_back_gets_what_it_missed(registered, receiver):
    receiver.says(503, 204)
    announce(organisation(), "audit.finished", {})
    deliver()
    assert Endpoint.unscoped.get().failing_since is not None
    due_now()
    deliver()
    assert Delivery.unscoped.get().state == "delivered"
    assert Endpoint.unscoped.get().failing_since is None


def test_who_answers_410_is_sent_nothing_more(registered, receiver):
    receiver.says(410)
    announce(organisation(), "audit.finished", {})
    announce(organisation(), "job.finished", {})
    Delivery.unscoped.filter(event__type="job.finished").update(due_at=timezone.now() + timedelta(hours=1))
    deliver()
    endpoint = Endpoint.unscoped.get()
    assert (endpoint.state, len(receiver.got)) == ("disabled", 1)
    assert "410" in endpoint.note
    assert set(Delivery.unscoped.values_list("state", flat=True)) == {"failed"}
    assert announce(organisation(), "audit.finished", {}) is None
    entry = Entry.unscoped.filter(verb="disabled").get()
    assert entry.actor is None
    assert "410" in entry.facts["reason"]


def test_who_takes_nothing_for_days_is_disabled_and_can_be_enabled_again(registered, receiver, administrator):
    receiver.says(500)
    announce(organisation(), "audit.finished", {})
    deliver()
    due_now()
    Endpoint.unscoped.update(failing_since=timezone.now() - timedelta(days=3, minutes=1))
    deliver()
    endpoint = Endpoint.unscoped.get()
    assert (endpoint.state, endpoint.note) == ("disabled", "Disabled, since it took nothing for 3 days.")
    change_endpoint(administrator, endpoint, active=True)
    receiver.says(204)
    announce(organisation(), "audit.finished", {})
    deliver()
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.note, endpoint.failing_since) == ("active", "", None)


def test_only_who_hears_of_it_is_told_and_never_another_organisation(registered, receiver, administrator):
    elsewhere = organisation("Brick Bank")
    register_endpoint(person(Role.ADMINISTRATOR, elsewhere), elsewhere, receiver.url, ["audit.finished"])
    narrow, _ = register_endpoint(administrator, organisation(), receiver.url + "/narrow", ["job.finished"])
    announce(organisation(), "audit.finished", {})
    deliver()
    assert [got.path for got in receiver.got] == ["/hook"]
    assert not Delivery.unscoped.filter(endpoint=narrow).exists()
    with pytest.raises(ValueError, match="no event type"):
        announce(organisation(), "audit.deleted", {})


def test_a_job_that_ends_is_announced_in_the_transaction_that_ends_it(registered, receiver, monkeypatch):
    kind = JobKind("told", run=lambda context: None, save=lambda job, outcome: None, title="Counting")
    monkeypatch.setitem(_KINDS, "told", kind)
    job = submit("told", organisation=organisation(), user=None, params={})
    end(job, State.FAILED, error="it broke")
    deliver()
    data = json.loads(receiver.got[0].body)["data"]
    assert (data["id"], data["state"], data["error"], data["title"]) == (str(job.pk), "failed", "it broke", "Counting")
    assert data["finished_at"].endswith("Z")
    assert data["links"] == {"self": f"/api/v1/jobs/{job.pk}", "page": f"/jobs/{job.pk}/"}
    assert "params" not in data
    assert "log" not in data


def fails_at_last() -> None:
    announce(organisation(), "audit.finished", {})
    announce(organisation(), "no.such.event", {})


def test_what_was_undone_is_never_told(registered, receiver):
    with pytest.raises(ValueError, match="no event type"), transaction.atomic():
        fails_at_last()
    assert (deliver(), receiver.got) == (0, [])


def test_a_claim_that_ran_out_is_taken_over_and_the_late_one_changes_nothing(registered):
    announce(organisation(), "audit.finished", {})
    (first,) = claim_due()
    assert claim_due() == []
    Delivery.unscoped.update(claimed_until=timezone.now() - timedelta(seconds=1))
    (second,) = claim_due()
    settle(first, Answer(500, 0.1, "late"))
    assert Delivery.unscoped.get().log == []
    settle(second, Answer(204, 0.1))
    settle(second, Answer(500, 0.1, "twice"))
    assert (Delivery.unscoped.get().state, len(Delivery.unscoped.get().log)) == ("delivered", 1)


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_send_each_message_once(receiver, loopback_allowed):
    who = person(Role.ADMINISTRATOR, organisation())
    for number in range(6):
        register_endpoint(who, organisation(), f"{receiver.url}/{number}", ["audit.finished"])
    for _ in range(3):
        announce(organisation(), "audit.finished", {})
    sent, ready = [], threading.Barrier(3)

    def beat() -> None:
        ready.wait()
        sent.append(deliver())
        connection.close()

    threads = [threading.Thread(target=beat) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.log for row in Delivery.unscoped.all() if row.state != "delivered"] == []
    assert (sum(sent), len(receiver.got)) == (18, 18)
    assert len({(got.path, got.headers["webhook-id"]) for got in receiver.got}) == 18


def test_a_slow_receiver_does_not_keep_the_others_waiting(registered, receiver, administrator):
    """Of one endpoint only a few are taken in a pass."""
    for _ in range(30):
        announce(organisation(), "audit.finished", {})
    other, _ = register_endpoint(administrator, organisation(), receiver.url + "/other", ["job.finished"])
    announce(organisation(), "job.finished", {})
    claimed = claim_due()
    assert other.pk in {delivery.endpoint_id for delivery in claimed}
    assert len(claimed) == module.OF_ONE + 1


def test_a_secret_that_cannot_be_opened_stops_nobody_elses_message(registered, receiver, administrator):
    register_endpoint(administrator, organisation(), receiver.url + "/other", ["audit.finished"])
    Endpoint.unscoped.filter(pk=registered[0].pk).update(sealed_secret="gone")
    announce(organisation(), "audit.finished", {})
    assert deliver() == 2
    assert [got.path for got in receiver.got] == ["/hook/other"]
    assert "make a new one" in Delivery.unscoped.get(endpoint=registered[0]).last["note"]


def test_a_job_of_an_organisation_without_webhooks_leaves_nothing(db, monkeypatch):
    monkeypatch.setitem(_KINDS, "told", JobKind("told", run=lambda c: None, save=lambda j, o: None))
    end(submit("told", organisation=organisation(), user=None, params={}), State.SUCCEEDED)
    assert Job.unscoped.get().state == State.SUCCEEDED
    assert not Event.unscoped.exists()
