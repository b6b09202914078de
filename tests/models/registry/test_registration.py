"""Registration as a job: refused, cut off, repeated, cancelled, and at once; never twice and never half."""

from __future__ import annotations

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from models.accounts.permission import Forbidden, NotFound
from models.errors import InputError
from models.jobs.kinds import kind_named
from models.jobs.models import Job, State
from models.jobs.perform import perform
from models.jobs.submit import cancel, retry
from models.registry import job_kinds
from models.registry.blobs.store import StorageError
from models.registry.describe import begin
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion, Upload, UploadState
from models.registry.storage import store
from models.registry.submit import submit_dataset, submit_model
from models.registry.uploading import Gone, abandon, open_upload, take_whole
from models.trail.models import Entry
from tests.models.people import organisation, person
from tests.models.registry.formats.examples import lightgbm_example

pytestmark = pytest.mark.django_db(transaction=True)
CSV = b"income,years,home,label\n1.5,3,own,1\n2.5,4,rent,0\n"


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGE_URL = f"file://{tmp_path / 'blobs'}"
    return tmp_path / "blobs"


def brought(user: Any, content: bytes = CSV, name: str = "clients.csv") -> Upload:
    file = io.BytesIO(content)
    file.name, file.size = name, len(content)  # type: ignore[attr-defined]
    return take_whole(user, user.memberships.get().organisation, file)


def asked(user: Any, upload: Upload | None = None, name: str = "Clients", **more: Any) -> Job:
    at = user.memberships.get().organisation
    return submit_dataset(user, at, name=name, upload=upload or brought(user), **more)


def done(job: Job) -> Job:
    assert perform(job.pk)
    job.refresh_from_db()
    return job


def nothing_is_left() -> bool:
    kinds = (Dataset, DatasetVersion, Model, ModelVersion)
    return not any(kind.unscoped.exists() for kind in kinds) and not list(store().names())


def test_a_job_registers_the_file_tells_the_trail_and_lets_the_parts_go(files: Path) -> None:
    job = done(asked(person(), words={"owner": "Risk", "licence": "CC0"}, roles={"home": "sensitive"}))
    version = DatasetVersion.unscoped.get()
    assert job.state == State.SUCCEEDED, job.error
    assert job.result is not None
    assert job.result["dataset_version"] == str(version.pk)
    assert version.path.read_bytes() == CSV
    assert (version.dataset.owner, version.file_name) == ("Risk", "clients.csv")
    assert [column.role for column in version.profile.columns if column.name == "home"] == ["sensitive"]
    assert kind_named(job.kind).page(job) == f"/datasets/{version.dataset_id}/1/"
    assert list(store().areas()) == []
    assert Upload.unscoped.get().state == UploadState.EXPIRED
    verbs = list(Entry.unscoped.order_by("sequence").values_list("verb", flat=True))
    assert verbs == ["submitted", "started", "registered", "succeeded"]


def test_a_model_is_registered_with_the_words_of_its_card_and_its_lineage(tmp_path: Path) -> None:
    user = person()
    at = user.memberships.get().organisation
    done(asked(user))
    data = DatasetVersion.unscoped.get()
    upload = brought(user, lightgbm_example(tmp_path).path.read_bytes(), "model.txt")
    card = "---\nlicense: mit\nmodel_name: Scoring\n---\nWhat it is.\n\n## Intended use\n\nCredit.\n"
    job = done(submit_model(user, at, upload=upload, trained_on=data, card=card, words={"licence": "", "owner": "Me"}))
    assert job.state == State.SUCCEEDED, job.error
    version = ModelVersion.unscoped.get()
    assert (version.format, version.trained_on, version.model.name) == ("lightgbm", data, "Scoring")
    assert (version.model.licence, version.model.purpose, version.model.owner) == ("mit", "Credit.", "Me")


def test_the_card_of_a_first_version_fills_in_what_was_not_said_and_a_later_one_nothing() -> None:
    user = person()
    at = user.memberships.get().organisation
    model = begin(user, at, Model, {"name": "Scoring", "purpose": "Loans."})
    for licence, scores in (("mit", b"score\n0.5\n"), ("apache-2.0", b"score\n0.6\n")):
        card = f"---\nlicense: {licence}\n---\nWhat it is.\n\n## Intended use\n\nCredit.\n"
        job = done(submit_model(user, at, model=model, upload=brought(user, scores, "scores.csv"), card=card))
        assert job.state == State.SUCCEEDED, job.error
    model.refresh_from_db()
    assert (model.licence, model.purpose, model.description) == ("mit", "Loans.", "What it is.")
    told = Entry.unscoped.get(verb="described")
    assert told.facts == {
        "from": {"licence": "", "description": ""},
        "to": {"licence": "mit", "description": "What it is."},
    }


def test_a_version_for_a_known_dataset_takes_its_name(files: Path) -> None:
    user = person()
    done(asked(user))
    known = Dataset.unscoped.get()
    done(asked(user, brought(user, CSV + b"3,3,own,1\n"), dataset=known, name=""))
    assert [version.number for version in known.versions.all()] == [2, 1]


def test_a_version_for_a_known_dataset_stays_its_own_whatever_the_names_become() -> None:
    user = person()
    done(asked(user))
    known = Dataset.unscoped.get()
    job = asked(user, brought(user, CSV + b"3,3,own,1\n"), dataset=known, name="")
    Dataset.unscoped.filter(pk=known.pk).update(name="Clients of 2025")
    other = Dataset.unscoped.create(organisation=known.organisation, name="Clients", created_by=user)
    assert done(job).result["dataset"] == str(known.pk)
    assert not other.versions.exists()


def test_an_upload_on_its_way_to_one_dataset_is_refused_to_another() -> None:
    user = person()
    upload = brought(user)
    first = asked(user, upload)
    with pytest.raises(InputError, match="taken already: Registration of Clients"):
        asked(user, upload, name="Others")
    assert done(first).state == State.SUCCEEDED


REFUSED = {
    "a pickle": pickle.dumps({"a": 1}),
    "an open quote": b'a,b\n1,"2\n',
    "an archive": b"PK\x03\x04" + b"\0" * 99,
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_file_fails_the_job_with_the_reason_and_is_not_kept(what: str) -> None:
    user = person()
    job = done(asked(user, brought(user, REFUSED[what])))
    assert (job.state, job.result, job.suspicious) == (State.FAILED, None, False)
    assert "clients.csv" in job.error
    assert nothing_is_left()
    assert list(store().areas()) == []
    with pytest.raises(Gone, match="Begin it again"):
        retry(job, user)


def test_a_wrong_role_keeps_the_upload_for_another_try() -> None:
    user = person()
    upload = brought(user)
    job = done(asked(user, upload, roles={"nowhere": "label"}))
    assert "no column 'nowhere'" in job.error
    assert nothing_is_left()
    assert done(asked(user, upload)).state == State.SUCCEEDED


def test_a_store_that_is_away_fails_the_job_clearly_and_it_can_be_tried_again(files: Path, monkeypatch: Any) -> None:
    user = person()
    job = asked(user)
    away = files.rename(files.with_name("away"))
    files.write_text("a file where the folder should be")
    assert "is missing from" in done(job).error or "could not be stored" in job.error
    assert "Try again later" in job.error
    files.unlink()
    away.rename(files)
    assert done(retry(job, user)).state == State.SUCCEEDED


def test_a_worker_killed_after_the_blob_was_kept_is_followed_by_one_that_ends_it(monkeypatch: Any) -> None:
    """The blob is there before the row; nothing refers to it, and the second attempt finds all it needs."""
    job, saved = asked(person()), []

    def killed(job: Job, outcome: Any) -> Any:
        saved.append(list(store().names()))
        raise StorageError("the power went")

    kind = kind_named("registration")
    monkeypatch.setitem(job_kinds.register.__globals__["_KINDS"], kind.name, type(kind)(kind.name, kind.run, killed))
    done(job)
    assert len(saved[0]) == 1
    assert not DatasetVersion.unscoped.exists()
    monkeypatch.undo()
    Job.unscoped.filter(pk=job.pk).update(state=State.QUEUED, finished_at=None)
    assert done(job).state == State.SUCCEEDED
    assert list(store().names()) == saved[0]


def test_the_same_upload_asked_for_twice_is_one_job_and_cannot_be_thrown_away_meanwhile() -> None:
    user = person()
    upload = brought(user)
    first, second = asked(user, upload), asked(user, upload)
    assert first.pk == second.pk
    with pytest.raises(InputError, match="being registered"):
        abandon(upload)
    done(first)
    with pytest.raises(Gone):
        asked(user, upload)


def test_a_cancelled_job_leaves_the_upload_and_can_be_tried_again() -> None:
    user = person()
    job = cancel(asked(user), user)
    assert job.state == State.CANCELLED
    assert nothing_is_left()
    assert done(retry(job, user)).state == State.SUCCEEDED


def test_ten_users_with_the_same_file_at_once_get_one_version() -> None:
    people = [person(email=f"engineer.{number}@example.org") for number in range(10)]
    jobs = [asked(user, name=f"Clients {number}") for number, user in enumerate(people)]

    def work(job: Job) -> bool:
        try:
            return perform(job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, jobs))
    found = [Job.unscoped.get(pk=job.pk) for job in jobs]
    assert {job.state for job in found} == {State.SUCCEEDED}, [job.error for job in found]
    assert sum(job.result["new"] for job in found if job.result) == 1
    assert DatasetVersion.unscoped.count() == Dataset.unscoped.count() == 1


def test_who_may_not_register_and_another_organisations_upload_are_refused() -> None:
    user, stranger = person(), person(at=organisation("Other Bank"))
    with pytest.raises(NotFound):
        asked(stranger, brought(user))
    auditor = person("auditor")
    with pytest.raises(Forbidden):
        asked(auditor, brought(user))
    unfinished = open_upload(user, user.memberships.get().organisation, "a.csv", 5)
    with pytest.raises(InputError, match="not complete"):
        asked(user, unfinished)
    assert not Job.unscoped.exists()
