"""Registering by upload: what is taken, what is refused and how it is told; nothing half-registered is left."""

from __future__ import annotations

import pickle

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import SkipFile

from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion
from models.registry.storage import store
from models.registry.uploads import LimitedUpload, is_too_large
from tests.models.people import organisation, person
from tests.pages.conftest import ODD, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
DATASET, MODEL = "/datasets/register/", "/models/register/"


@pytest.fixture
def engineer(client):
    user = person()
    client.force_login(user)
    return user


def file(content: bytes, name: str = "people.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def bring(client, content: bytes = table().encode(), address: str = DATASET, called: str = "people.csv", **said):
    return client.post(address, {"name": "People", "file": file(content, called), **said}, follow=True)


def nothing_is_left() -> bool:
    kinds = (Dataset, DatasetVersion, Model, ModelVersion)
    return not any(kind.unscoped.exists() for kind in kinds) and not list(store().names())


def test_a_table_becomes_a_version_with_the_roles_that_were_chosen(client, engineer):
    page = bring(client, label="label", sensitive="sex, note", owner="Credit risk").content.decode()
    version = DatasetVersion.unscoped.get()
    roles = {column.name: column.role for column in version.profile.columns}
    assert roles == {"label": "label", "sex": "sensitive", "note": "sensitive", "prediction": "feature"}
    assert version.dataset.owner == "Credit risk"
    assert "Registered as People version 1." in page
    assert "240 rows" in page


def test_a_changed_file_under_the_same_name_is_the_next_version(client, engineer):
    bring(client)
    page = bring(client, table(250).encode()).content.decode()
    assert "People, version 2" in page
    assert client.get(f"/datasets/{Dataset.unscoped.get().pk}/1/").status_code == 200
    assert client.get(f"/datasets/{Dataset.unscoped.get().pk}/3/").status_code == 404


def test_the_same_file_twice_is_the_same_version_and_says_so(client, engineer):
    bring(client)
    page = bring(client).content.decode()
    assert "The same file was registered before, as People version 1" in page
    assert DatasetVersion.unscoped.count() == 1


def test_a_file_over_the_limit_is_refused_while_it_comes(client, engineer, settings):
    settings.UPLOAD_BYTES = 1000
    answer = bring(client)
    assert answer.status_code == 413
    page = answer.content.decode()
    assert '<a href="#id_file">The file is larger than what is taken' in page
    assert 'value="People"' in page
    assert nothing_is_left()


def test_no_more_is_written_than_the_limit_allows(rf, settings, tmp_path):
    settings.UPLOAD_BYTES = 100_000
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    request = rf.post(DATASET)
    handler = LimitedUpload(request)
    handler.new_file("file", "endless.csv", "text/csv", None)
    handler.receive_data_chunk(b"a" * 65_536, 0)
    with pytest.raises(SkipFile):
        handler.receive_data_chunk(b"a" * 65_536, 65_536)
    [written] = tmp_path.iterdir()
    assert written.stat().st_size <= 100_000
    assert is_too_large(request)


def test_a_refused_file_says_why_beside_the_field_and_keeps_what_was_typed(client, engineer):
    answer = bring(client, pickle.dumps({"a": 1}), MODEL, "model.onnx", purpose="Who is called first")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: Register a model" in page
    assert '<a href="#id_file">' in page
    assert "skl2onnx" in page
    assert "Nothing was registered." in page
    assert "Who is called first" in page
    assert nothing_is_left()


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"label": "nowhere"}, "There is no column &#x27;nowhere&#x27;"),
        ({"name": " "}, "Give it a name."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"owner": "bell \x07"}, "unprintable"),
    ],
)
def test_a_wrong_word_is_refused_and_nothing_is_registered(client, engineer, said, complaint):
    answer = bring(client, **said)
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert nothing_is_left()


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"\x00\x01\x02" * 100, b'a,b\n"never closed,1\n'])
def test_what_is_no_table_is_refused(client, engineer, content):
    assert bring(client, content).status_code == 422
    assert nothing_is_left()


def test_fields_that_the_form_does_not_have_change_nothing(client, engineer):
    stranger = organisation("Brick Bank")
    bring(client, organisation=stranger.pk, sha256="0" * 64, created_by=person("officer").pk, rows=1)
    version = DatasetVersion.unscoped.get()
    assert version.organisation_id != stranger.pk
    assert version.created_by == engineer
    assert version.rows == 240


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\evil.csv", "a\x00b.csv", ODD, "x" * 400 + ".csv"])
def test_a_files_name_goes_nowhere(client, engineer, name):
    bring(client, called=name)
    version = DatasetVersion.unscoped.get()
    assert list(store().names()) == [version.sha256]
    assert "/" not in version.file_name
    assert "\x00" not in version.file_name


def test_a_new_version_begins_with_the_name_it_belongs_to(client, engineer):
    bring(client)
    page = client.get(DATASET, {"of": Dataset.unscoped.get().pk}).content.decode()
    assert 'value="People"' in page
    assert "Register a new version of People" in page
