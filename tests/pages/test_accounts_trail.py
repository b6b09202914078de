"""The trail's page: what it shows, how it is searched, checked and taken along."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import connection, transaction

from models.jobs.models import Job, State
from models.jobs.perform import perform
from models.trail import checkpoints, keys, triggers
from models.trail.chain import GENESIS, canonical
from models.trail.models import Entry
from models.trail.record import record
from tests.models.people import organisation, person
from tests.pages.conftest import ODD

pytestmark = pytest.mark.django_db
TRAIL, EXPORT, VERIFY = "/trail/", "/trail/export.json", "/trail/verify/"


@pytest.fixture
def officer(client):
    someone = person("officer")
    client.force_login(someone)
    return someone


def act(verb: str, times: int = 1, actor=None, at=None, **facts) -> None:
    at = at or organisation()
    for _ in range(times):
        with transaction.atomic():
            record(at, actor, verb, at, facts)


def main(answer) -> str:
    return answer.content.decode().split("<main")[1]


def shown(answer) -> list[int]:
    return [entry.sequence for entry in answer.context["page"]]


def test_the_newest_acts_come_first_with_who_what_and_when(client, officer):
    act("did one thing", actor=officer)
    act("did another")
    page = client.get(TRAIL)
    assert [entry.verb for entry in page.context["page"]] == ["did another", "did one thing", "signed in"]
    assert officer.email in main(page)
    assert "the service" in main(page)
    assert "are on record" in main(page)


def test_it_is_searched_by_verb_actor_object_and_day(client, officer):
    act("did one thing", 2, actor=officer)
    act("did another", 3)
    today = Entry.unscoped.latest("at").at.date().isoformat()
    for query, expected in (
        ({"verb": "did another"}, 3),
        ({"actor": officer.pk, "verb": "did one thing"}, 2),
        ({"actor": "none"}, 3),
        ({"kind": "accounts.organisation"}, 5),
        ({"kind": "accounts.organisation", "object": organisation().pk}, 5),
        ({"object": "999"}, 0),
        ({"since": today, "until": today, "verb": "did another"}, 3),
        ({"since": "2001-01-01", "until": "2001-01-02"}, 0),
        ({"until": "9999-12-31", "since": "0001-01-01", "verb": "did another"}, 3),
    ):
        assert client.get(TRAIL, query).context["page"].paginator.count == expected, query


@pytest.mark.parametrize(
    "query",
    [
        {"verb": "' OR 1=1 --"},
        {"actor": "1; DROP TABLE trail_entry"},
        {"kind": "x" * 10_000},
        {"since": "yesterday"},
        {"since": "2026-02-02", "until": "2026-02-01"},
        {"object": "x" * 65},
        {"verb": "a\x00b"},
    ],
)
def test_a_filter_that_cannot_be_is_refused_at_its_field(client, officer, query):
    act("did one thing", 3)
    answer = client.get(TRAIL, query)
    assert answer.status_code == 422
    assert "There is a problem" in main(answer)
    assert shown(answer) == []
    assert client.get(EXPORT, query).status_code == 302


@pytest.mark.parametrize("page", ["10000", "0", "-1", "x", "9" * 30])
def test_a_page_that_is_not_there_is_the_nearest_one(client, officer, page):
    act("did one thing", 60)
    assert client.get(TRAIL, {"page": page}).status_code == 200


def test_another_organisations_acts_and_people_are_not_there(client, officer):
    stranger = person("engineer", at=organisation("Other Bank"))
    act("did a secret thing", actor=stranger, at=organisation("Other Bank"))
    page = client.get(TRAIL).content.decode()
    assert "secret" not in page
    assert stranger.email not in page
    assert client.get(TRAIL, {"actor": stranger.pk}).status_code == 422
    assert "secret" not in b"".join(client.get(EXPORT)).decode()


def test_what_people_wrote_stays_text(client, officer):
    act("did", name=ODD, nested={"<b>": "<i>"})
    page = client.get(TRAIL).content.decode()
    assert "<script>alert" not in page
    assert "<i>" not in page


def test_looking_at_the_page_does_not_check_and_checking_is_written_down(client, officer):
    act("did one thing", 2)
    before = Entry.unscoped.count()
    client.get(TRAIL)
    assert Entry.unscoped.count() == before
    assert client.post(VERIFY)["Location"] == TRAIL
    assert "The trail is whole" in main(client.get(TRAIL))
    entry = Entry.unscoped.latest("sequence")
    assert (entry.verb, entry.actor) == ("checked the trail", officer)
    assert entry.facts["whole"] is True
    assert "The trail was whole" in main(client.get(TRAIL))


def test_a_changed_entry_is_found_and_named(client, officer):
    act("did one thing", 5)
    triggers.remove(connection)
    Entry.unscoped.filter(sequence=3).update(verb="did nothing")
    triggers.install(connection)
    client.post(VERIFY)
    page = main(client.get(TRAIL))
    assert "The trail is not whole. Entry 3" in page
    assert "The trail was not whole" in page


def test_the_export_is_checked_without_the_service(client, officer):
    act("did", 3, actor=officer, text="Größe ✓ <b>")
    answer = client.get(EXPORT)
    assert answer["Content-Disposition"] == 'attachment; filename="trail.json"'
    said = json.loads(b"".join(answer))
    previous = GENESIS
    for entry in said["entries"]:
        assert hashlib.sha256(canonical(entry["entry"]).encode()).hexdigest() == entry["hash"]
        assert entry["entry"]["previous"] == previous
        previous = entry["hash"]
    assert said["head"] == {"sequence": len(said["entries"]), "hash": previous}
    assert said["complete"] is True


def test_an_export_of_a_part_says_so(client, officer):
    act("did one thing", 2)
    act("did another")
    said = json.loads(b"".join(client.get(EXPORT, {"verb": "did another"})))
    assert [entry["entry"]["verb"] for entry in said["entries"]] == ["did another"]
    assert said["complete"] is False


def test_the_page_asks_the_database_a_few_questions_however_long_it_is(client, officer, django_assert_max_num_queries):
    act("did one thing", 120, actor=officer)
    with django_assert_max_num_queries(14):
        client.get(TRAIL)


def test_a_long_trail_is_checked_by_a_job_that_anybody_who_reads_it_may_ask_for(client, monkeypatch):
    auditor = person("auditor")
    client.force_login(auditor)
    act("did one thing", 5)
    monkeypatch.setattr("models.trail.checked.MOST_AT_ONCE", 5)
    monkeypatch.setattr("models.trail.verify.AT_ONCE", 2)
    address = client.post(VERIFY)["Location"]
    assert client.post(VERIFY)["Location"] == address
    job = Job.unscoped.get()
    assert address == f"/jobs/{job.pk}/"
    perform(job.pk)
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED, job.error
    assert job.result["whole"] is True
    entry = Entry.unscoped.get(verb="checked the trail")
    assert entry.actor == auditor
    assert "The trail was whole" in main(client.get(TRAIL))


def test_what_the_service_notes_is_said_of_the_thing_and_not_of_the_service(client, officer):
    act("failed")
    shown = main(client.get(TRAIL))
    assert "<strong>Organisation failed</strong>" in shown
    assert "service</bdi></strong> failed" not in shown


def test_the_last_signed_head_is_shown_listed_and_held_to(client, officer, settings, tmp_path):
    settings.TRAIL_KEY_FILE, settings.TRAIL_CHECKPOINTS_FILE = str(tmp_path / "key"), str(tmp_path / "signed")
    act("did one thing", 2)
    assert "was signed on" not in main(client.get(TRAIL))
    number = keys.make()
    checkpoints.sign_heads()
    assert "Entry 3 was signed on" in main(client.get(TRAIL))
    assert number in main(client.get(TRAIL))
    (item,) = client.get("/api/v1/trail/checkpoints").json()["items"]
    assert (item["sequence"], item["key"]) == (3, number)
    assert keys.is_signed(item["public_key"], item["signature"], item["statement"])
    client.post(VERIFY)
    assert Entry.unscoped.latest("sequence").facts["signed"] == 1
    last = json.loads(checkpoints.file().read_text())
    last["statement"] = last["statement"].replace(item["hash"], "0" * 64)
    checkpoints.file().write_text(json.dumps(last) + "\n")
    assert "signature of its checkpoint is not good" in main(client.post(VERIFY, follow=True))
