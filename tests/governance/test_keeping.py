"""What goes and what stays: pruning, erasing a version's file, forgetting a person."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from audits.run.parameters import Parameters
from audits.start import start_audit
from governance import backup, health
from governance.forget import forget
from governance.prune import prune, stored_files
from models.accounts import tokens
from models.accounts.members import LastAdministrator
from models.accounts.models import Membership, SignInFailure, Token, User
from models.accounts.permission import Forbidden, NotFound
from models.accounts.roles import Role
from models.errors import InputError
from models.jobs.models import Job, State
from models.registry.erasure import erase, remove_what_is_left
from models.registry.models import DatasetVersion, Erased
from models.registry.register import register_dataset
from models.registry.storage import store
from models.rest.models import Remembered
from models.trail.models import Entry
from models.trail.record import record
from models.trail.verify import verify_chain
from models.webhooks.models import Delivery, Endpoint, Event
from tests.models.people import PASSWORD, organisation, person

pytestmark = pytest.mark.django_db(transaction=True)
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def fresh_storage(tmp_path: Path, settings: Any) -> None:
    settings.STORAGE_URL = f"file://{tmp_path / 'blobs'}"
    settings.JOB_WORK_FOLDER = tmp_path / "work"


def table(mark: str = "a") -> bytes:
    return f"a,b\n{''.join(f'{n},{mark}{chr(10)}' for n in range(30))}".encode()


def registered(user: User, content: bytes = table(), name: str = "People") -> DatasetVersion:
    at = user.memberships.get().organisation
    return register_dataset(user, at, name=name, source=io.BytesIO(content), file_name="people.csv").version


def grow_old(sha256: str, seconds: float = 30 * DAY) -> None:
    past = time.time() - seconds
    os.utime(store().path(sha256), (past, past))


def counts(**options: Any) -> dict[str, int]:
    return {done.what: done.count for done in prune(**options)}


def test_only_old_files_that_no_row_names_go() -> None:
    user = person()
    version = registered(user)
    old, young = (store().put(io.BytesIO(text), 100) for text in (b"old", b"young"))
    job = Job.unscoped.create(
        organisation=organisation(), kind="x", time_limit=1, memory_limit=1, state=State.SUCCEEDED,
        result={"figures": store().put(io.BytesIO(b"figures"), 100)},
    )  # fmt: skip
    for sha256 in (version.sha256, old, job.result["figures"]):
        grow_old(sha256)
    assert counts(dry_run=True)["stored files that nothing names"] == 1
    assert old in set(store().names())
    assert counts()["stored files that nothing names"] == 1
    assert set(store().names()) == {version.sha256, young, job.result["figures"]}


def test_the_doctor_tells_how_much_room_is_taken_until_a_file_is_erased() -> None:
    user = person(Role.OFFICER)
    version = registered(user)
    assert f"models 0 bytes, datasets {version.size} bytes, uploads that go on 0 bytes" in health.room().message
    erase(user, version, "enough")
    assert "datasets 0 bytes" in health.room().message


def test_what_only_the_trail_names_goes() -> None:
    """The trail tells what was; a file that is erased or was never registered stands there for good."""
    version = registered(person())
    other = store().put(io.BytesIO(b"other"), 100)
    grow_old(other)
    with transaction.atomic():
        record(organisation(), None, "mentioned", version, {"sha256": other})
    assert stored_files(False) == 1


def test_what_is_registered_or_erased_while_a_backup_is_taken_is_not_missed_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = person(Role.OFFICER)
    version = registered(user)
    grow_old(version.sha256)
    writing = backup.writing

    def later(file: Path) -> Any:
        registered(user, table("b"), "Later")
        erase(user, version, "in the meantime")
        return writing(file)

    monkeypatch.setattr(backup, "writing", later)
    taken = backup.back_up(tmp_path / "backup.tar")
    assert (taken.blobs, taken.missing) == (0, [])


def test_a_file_that_is_kept_again_at_the_last_moment_stays() -> None:
    sha256 = store().put(io.BytesIO(b"again"), 100)
    grow_old(sha256)
    store().put(io.BytesIO(b"again"), 100)
    assert store().remove_older(sha256, 60) is False
    assert store().path(sha256).read_bytes() == b"again"


def test_what_is_past_its_time_goes_and_the_rest_stays(settings: Any) -> None:
    at, now = organisation(), timezone.now()
    keep = {"time_limit": 1, "memory_limit": 1, "kind": "x", "organisation": at, "log": "lines", "state": State.FAILED}
    old = Job.unscoped.create(finished_at=now - timedelta(days=4000), **keep)
    young = Job.unscoped.create(finished_at=now - timedelta(days=3000), **keep)
    for days in (-1, 1):
        Remembered.objects.create(principal="u", key=f"{days}", fingerprint="f", expires_at=now + timedelta(days=days))
    left = settings.JOB_WORK_FOLDER / f"{old.pk}-left"
    left.mkdir(parents=True)
    os.utime(left, (time.time() - 2 * DAY, time.time() - 2 * DAY))
    dry = counts(dry_run=True)
    assert left.exists()
    assert counts() == dry
    assert (dry["logs of jobs"], dry["answers to repeated requests"], dry["work folders"]) == (1, 1, 1)
    assert not left.exists()
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.log, young.log) == ("", "lines")
    assert Remembered.objects.count() == 1
    assert sum(counts().values()) == 0


def test_old_messages_go_with_their_events_but_for_what_still_waits(settings: Any) -> None:
    at, now = organisation(), timezone.now()
    past = now - timedelta(days=settings.KEEP_DELIVERIES_DAYS + 1)
    endpoint = Endpoint.unscoped.create(organisation=at, url="https://example.org/", created_by=person())
    for name, ended in (("old", past), ("young", now), ("waits", None)):
        event = Event.unscoped.create(organisation=at, type="audit.finished", body=name)
        Event.unscoped.filter(pk=event.pk).update(created_at=past)
        state = Delivery.State.DELIVERED if ended else Delivery.State.PENDING
        Delivery.unscoped.create(
            organisation=at, endpoint=endpoint, event=event, state=state, finished_at=ended, due_at=past
        )
    assert counts(dry_run=True)["webhook deliveries"] == 1
    assert counts()["webhook deliveries"] == 1
    assert set(Event.unscoped.values_list("body", flat=True)) == {"young", "waits"}


def test_a_session_and_a_failed_sign_in_go_when_they_are_over() -> None:
    now = timezone.now()
    for name, ends in (("over", -1), ("goes on", 1)):
        Session.objects.create(session_key=name, session_data="x", expire_date=now + timedelta(hours=ends))
    for days in (0, 3):
        SignInFailure.objects.create(key=f"{days}", at=now - timedelta(days=days))
    assert (counts()["sessions that ended"], Session.objects.get().session_key) == (1, "goes on")
    assert SignInFailure.objects.get().key == "0"


def test_a_folder_of_a_job_that_runs_stays(settings: Any) -> None:
    job = Job.unscoped.create(
        organisation=organisation(), kind="x", time_limit=1, memory_limit=1, state=State.RUNNING,
        lease_token="00000000-0000-4000-8000-000000000000", lease_until=timezone.now(),
    )  # fmt: skip
    folder = settings.JOB_WORK_FOLDER / f"{job.pk}-x"
    folder.mkdir(parents=True)
    os.utime(folder, (time.time() - 9 * DAY, time.time() - 9 * DAY))
    assert counts()["work folders"] == 0
    assert folder.exists()


def test_erasing_removes_the_bytes_and_keeps_hash_trail_and_words() -> None:
    officer = person(Role.OFFICER)
    version = registered(officer)
    grow_old(version.sha256)
    done = erase(officer, version, "a person asked for it")
    assert done.removed_at is not None
    assert list(store().names()) == []
    again = DatasetVersion.unscoped.get(pk=version.pk)
    assert (again.sha256, again.erased) == (version.sha256, done)
    with pytest.raises(Erased, match=r"erased on 20.* because: a person asked for it"):
        _ = again.path
    entry = Entry.unscoped.get(verb="erased")
    assert entry.facts == {"sha256": version.sha256, "reason": "a person asked for it"}
    assert verify_chain(organisation()).whole


def test_the_same_file_is_not_taken_again_and_nothing_new_is_found_out_with_it() -> None:
    officer = person(Role.OFFICER)
    version = registered(officer)
    erase(officer, version, "a person asked for it")
    with pytest.raises(Erased, match="It is not taken again"):
        registered(officer)
    version = DatasetVersion.unscoped.get(pk=version.pk)
    with pytest.raises(Erased, match="can no longer be used"):
        start_audit(officer, version, Parameters(sensitive=("b",), label="a", prediction="a"))
    with pytest.raises(Erased):
        erase(officer, version, "twice")


def test_bytes_that_another_organisation_has_too_stay_for_it_until_it_erases_them() -> None:
    here, there = person(Role.OFFICER), person(Role.OFFICER, organisation("Brick Bank"))
    ours, theirs = registered(here), registered(there)
    grow_old(ours.sha256)
    assert erase(here, ours, "ours").removed_at is None
    assert theirs.path.read_bytes() == table()
    with pytest.raises(Erased):
        _ = DatasetVersion.unscoped.get(pk=ours.pk).path
    assert erase(there, theirs, "theirs").removed_at is not None
    assert list(store().names()) == []
    assert DatasetVersion.unscoped.get(pk=ours.pk).erased.removed_at is not None  # type: ignore[union-attr]


def test_a_file_that_was_just_stored_goes_a_little_later() -> None:
    officer = person(Role.OFFICER)
    version = registered(officer)
    assert erase(officer, version, "at once").removed_at is None
    grow_old(version.sha256, 120)
    assert remove_what_is_left() == 1
    assert list(store().names()) == []


def test_who_may_erase() -> None:
    version = registered(person())
    with pytest.raises(Forbidden):
        erase(version.created_by, version, "no")
    with pytest.raises(NotFound):
        erase(person(Role.OFFICER, organisation("Brick Bank")), version, "no")
    with pytest.raises(InputError, match="Say why"):
        erase(person(Role.OFFICER), version, "  ")


def test_the_operators_command_erases_in_a_persons_name() -> None:
    version, boss = registered(person()), person(Role.ADMINISTRATOR)
    said = io.StringIO()
    call_command("erase", dataset_version=version.pk, reason="a request", by=boss.email, stdout=said)
    assert "erased on" in said.getvalue()
    assert Entry.unscoped.get(verb="erased").actor == boss
    for by, why in ((boss.email, "erased on"), ("nobody@example.org", "There is no user")):
        with pytest.raises(CommandError, match=why):
            call_command("erase", dataset_version=version.pk, reason="a request", by=by)


def test_forgetting_a_person_leaves_no_way_in_and_keeps_what_the_trail_says(client: Client) -> None:
    boss, user = person(Role.ADMINISTRATOR), person(Role.ENGINEER)
    user.name = "Ada Lovelace"
    user.save()
    version = registered(user)
    token, secret = tokens.issue(user, organisation(), "Ada's laptop", ["read"], timezone.now() + timedelta(days=1))
    client.force_login(user)
    assert client.get("/").status_code == 200
    forget(user, boss, "she left")
    user.refresh_from_db()
    assert "Ada" not in f"{user} {user.email} {user.name}"
    assert client.get("/").status_code == 302
    assert not Client().login(username=user.email, password=PASSWORD)
    assert tokens.authenticate(secret) is None
    assert "Ada" not in Token.unscoped.get(pk=token.pk).name
    assert not Membership.unscoped.filter(user=user).exists()
    assert DatasetVersion.unscoped.get(pk=version.pk).created_by == user
    assert verify_chain(organisation()).whole
    assert Entry.unscoped.get(verb="registered").actor_name == "Ada Lovelace"
    assert "Ada" not in Entry.unscoped.get(verb="forgot").body
    person(Role.ENGINEER, email="ada@example.org")


def test_the_last_administrator_is_not_forgotten() -> None:
    boss = person(Role.ADMINISTRATOR)
    with pytest.raises(LastAdministrator):
        forget(boss, None, "left")
    boss.refresh_from_db()
    assert boss.is_active
