"""Registering where no worker is free at once: the person is led to the job, and the job to the version."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from models.jobs.models import Job
from models.jobs.perform import perform
from models.registry import registering
from models.registry.models import DatasetVersion, Upload
from models.registry.storage import store
from tests.models.people import person
from tests.models.registry.blobs.test_disk import room_for
from tests.pages.conftest import table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files")]
DATASET = "/datasets/register/"


@pytest.fixture
def engineer(client, monkeypatch):
    monkeypatch.setattr(registering, "PATIENCE", 0.1)
    user = person()
    client.force_login(user)
    return user


def bring(client, content: bytes = table().encode()):
    return client.post(DATASET, {"name": "People", "file": SimpleUploadedFile("people.csv", content)})


def test_the_jobs_page_leads_to_the_version(client, engineer):
    answer = bring(client)
    job = Job.unscoped.get()
    assert (job.queue, job.kind) == ("light", "registration")
    assert answer.url == f"/jobs/{job.pk}/"
    assert "It is being read. This page shows how far it is." in client.get(answer.url).content.decode()
    assert perform(job.pk)
    version = DatasetVersion.unscoped.get()
    assert f'href="/datasets/{version.dataset_id}/1/"' in client.get(answer.url).content.decode()
    job.refresh_from_db()
    assert job.result == {
        "dataset_version": str(version.pk), "dataset": str(version.dataset_id), "number": 1, "new": True,
        "message": "Registered as People version 1.",
    }  # fmt: skip


def test_a_form_sent_twice_is_one_job(client, engineer):
    bring(client)
    upload = Upload.unscoped.get()
    again = client.post(DATASET, {"name": "People", "upload": upload.pk})
    assert again.url == f"/jobs/{Job.unscoped.get().pk}/"


@pytest.mark.parametrize("rows", [240, 200_000])
def test_a_full_disk_is_told_and_nothing_is_kept(client, engineer, files, rows):
    content = table(rows).encode()
    with room_for(1 << 10):
        answer = bring(client, content)
    assert answer.status_code == 507
    assert "no room left" in answer.content.decode()
    assert not Upload.unscoped.exists()
    assert not Job.unscoped.exists()
    assert [path for path in files.rglob("*") if path.is_file()] == []
    assert list(store().names()) == []


def test_after_a_failure_the_form_has_what_was_written_and_sent(client, engineer):
    said = {"name": "People", "label": "nowhere", "sensitive": "sex, note", "owner": "Risk"}
    answer = client.post(DATASET, said | {"file": SimpleUploadedFile("people.csv", table().encode())})
    job = Job.unscoped.get()
    perform(job.pk)
    again = f"{DATASET}?again={job.pk}"
    assert f'href="{again}"' in client.get(answer.url).content.decode()
    page = client.get(again).content.decode()
    for written in ('value="People"', 'value="nowhere"', 'value="sex, note"', 'value="Risk"'):
        assert written in page
    upload = Upload.unscoped.get()
    assert f'name="upload" value="{upload.pk}"' in page
    client.post(DATASET, {**said, "label": "label", "upload": upload.pk})
    assert perform(Job.unscoped.get(state="queued").pk)
    assert DatasetVersion.unscoped.get().file_name == "people.csv"


@pytest.mark.parametrize("again", ["x", "", "0" * 32])
def test_a_failure_that_is_none_is_an_empty_form(client, engineer, again):
    page = client.get(DATASET, {"again": again})
    assert page.status_code == 200
    assert 'name="upload"' not in page.content.decode()
