"""What machines ask: whether it lives, whether it is ready, its figures; and who may know why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from governance import metrics, probes
from governance.health import Finding
from models.jobs.models import Job, State
from tests.models.people import organisation

pytestmark = pytest.mark.django_db
LOCAL = {"host": "127.0.0.1:8000"}
TOKEN = "a token that nobody guesses"


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    probes._asked = (-probes.FRESH, {})
    yield
    probes._asked = (-probes.FRESH, {})


@pytest.mark.parametrize("path", ["/livez", "/healthy"])
def test_it_lives_whatever_else_does_not(client: Client, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", broken)
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post(path).status_code == 405


def broken(*args: Any, **kwargs: Any) -> None:
    raise DatabaseError("the database is away")


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "nobody.example.org"])
def test_probes_are_answered_by_any_name_and_without_https(client: Client, settings: Any, host: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["audit.example.org"]
    for path in ("/livez", "/readyz"):
        assert client.get(path, headers={"host": host}).status_code == 200


def test_ready_says_what_it_looked_at_to_this_machine_only(client: Client) -> None:
    near, far = client.get("/readyz", headers=LOCAL), client.get("/readyz", REMOTE_ADDR="192.0.2.7")
    assert near.status_code == far.status_code == 200
    assert near.json()["status"] == "ready"
    assert set(near.json()["checks"]) == {"database", "migrations", "storage", "broker"}
    assert far.content == b"ready\n"


@pytest.mark.parametrize(("name", "status", "word"), [
    ("database", 503, "not ready"), ("migrations", 503, "not ready"), ("reachable_storage", 503, "not ready"),
    ("broker", 200, "degraded"),
])  # fmt: skip
def test_what_a_request_cannot_do_without_makes_it_unready(
    client: Client, monkeypatch: pytest.MonkeyPatch, name: str, status: int, word: str
) -> None:
    def away() -> Finding:
        raise OSError("it is away")

    away.__name__ = name
    looks = [away if look.__name__ == name else look for look in (*probes.NEEDED, *probes.HELPFUL)]
    monkeypatch.setattr(probes, "NEEDED", tuple(looks[:3]))
    monkeypatch.setattr(probes, "HELPFUL", tuple(looks[3:]))
    answer = client.get("/readyz", headers=LOCAL)
    assert (answer.status_code, answer.json()["status"]) == (status, word)
    assert "it is away" in answer.json()["checks"][name.removeprefix("reachable_")]["message"]
    assert b"it is away" not in client.get("/readyz", REMOTE_ADDR="192.0.2.7").content


@pytest.mark.parametrize("more", [
    {"REMOTE_ADDR": "192.0.2.7"},
    {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_FORWARDED": "for=192.0.2.7"},
    {"HTTP_X_REAL_IP": "192.0.2.7"},
    {"HTTP_X_FORWARDED_PROTO": "https"},
    {"HTTP_VIA": "1.1 proxy"},
    {"HTTP_HOST": "audit.example.org"},
    {"HTTP_HOST": "127.0.0.1.example.org"},
    {"HTTP_AUTHORIZATION": "Bearer another token", "REMOTE_ADDR": "192.0.2.7"},
    {"HTTP_AUTHORIZATION": "Bearer ", "REMOTE_ADDR": "192.0.2.7"},
])  # fmt: skip
def test_figures_are_not_for_who_comes_from_elsewhere_or_through_a_proxy(
    client: Client, settings: Any, more: dict[str, str]
) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", **{"HTTP_HOST": "localhost", **more})  # type: ignore[arg-type]
    assert answer.status_code == 403
    assert b"plumbline_" not in answer.content


def test_an_empty_token_opens_nothing(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    far = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics", headers={"authorization": "Bearer "}, **far).status_code == 403


def test_behind_a_declared_proxy_only_the_token_opens(client: Client, settings: Any) -> None:
    settings.BEHIND_PROXY, settings.METRICS_TOKEN = True, TOKEN
    assert client.get("/metrics", headers=LOCAL).status_code == 403
    assert client.get("/metrics", headers={**LOCAL, "authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert (
        client.get("/metrics", headers={"authorization": f"bearer {TOKEN}"}, REMOTE_ADDR="192.0.2.7").status_code == 200
    )


def sample(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not told"
    return float(found[1])


def test_figures_tell_of_queues_times_and_requests(client: Client) -> None:
    from datetime import timedelta

    from django.utils import timezone

    now, at = timezone.now(), organisation()
    keep = {"organisation": at, "time_limit": 1, "memory_limit": 1}
    Job.unscoped.create(kind="audit", queue="gpu", created_at=now - timedelta(minutes=5), **keep)
    for seconds in (10, 20):
        ended = {"state": State.FAILED, "started_at": now - timedelta(seconds=seconds), "finished_at": now}
        Job.unscoped.create(kind="audit", **ended, **keep)
    client.get("/livez")
    text = client.get("/metrics", headers=LOCAL).content.decode()
    assert sample(text, 'plumbline_jobs{queue="gpu",state="queued"}') == 1
    assert sample(text, 'plumbline_jobs{queue="heavy",state="failed"}') == 2
    assert sample(text, 'plumbline_job_seconds_sum{kind="audit",state="failed"}') == pytest.approx(30, abs=0.1)
    assert sample(text, 'plumbline_job_seconds_count{kind="audit",state="failed"}') == 2
    assert 299 < sample(text, 'plumbline_oldest_waiting_seconds{queue="gpu"}') < 400
    assert sample(text, 'plumbline_oldest_waiting_seconds{queue="light"}') == 0
    assert sample(text, 'plumbline_requests_total{route="livez",status="200"}') >= 1
    assert sample(text, "plumbline_uploads_open") == 0
    assert sample(text, "plumbline_deliveries_due") == 0
    assert sample(text, "plumbline_up") == 1
    assert sample(text, "plumbline_disk_free_bytes") > 0


def test_a_label_is_an_addresss_name_and_never_what_a_stranger_typed(client: Client) -> None:
    client.get("/jobs/00000000-0000-4000-8000-00000000abcd/?q=plb_something")
    client.get("/nowhere/at-all-9f3a")
    text = client.get("/metrics", headers=LOCAL).content.decode()
    assert 'route="job"' in text
    assert "abcd" not in text
    assert "9f3a" not in text
    assert "plb_" not in text


def test_without_a_database_the_rest_is_still_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "LOOKS", (broken,))
    text = client.get("/metrics", headers=LOCAL).content.decode()
    assert sample(text, "plumbline_up") == 0
    assert sample(text, "plumbline_disk_bytes") > 0
