"""Registering by upload: what is taken, what is refused and how it is told; nothing half-registered is left."""

from __future__ import annotations

import pickle

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import SkipFile

from models.jobs.models import Job
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion, Upload
from models.registry.storage import store
from models.registry.uploads import LimitedUpload, is_too_large
from tests.models.people import organisation, person
from tests.pages.conftest import ODD, table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files", "at_once")]
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
    assert "Registered as People version 2." in page
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
    wrongs = page.split('<p class="wrongs" id="id_file_error">')[1].split("</p>")[0]
    assert "model.onnx is a Python pickle" in wrongs
    assert "skl2onnx" not in wrongs
    assert "skl2onnx" in page.split('<pre class="way-out"')[1].split("</pre>")[0]
    assert 'href="/help/converting/"' in page
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
    assert "Register a new version of <bdi>People</bdi>" in page


def test_what_came_with_a_wrong_word_need_not_be_sent_again(client, engineer):
    page = bring(client, label="nowhere").content.decode()
    kept = Upload.unscoped.get()
    assert f'name="upload" value="{kept.pk}"' in page
    assert "people.csv" in page
    done = client.post(DATASET, {"name": "People", "upload": kept.pk, "label": "label"}, follow=True).content.decode()
    assert "Registered as People version 1." in done
    assert list(store().areas()) == []
    assert DatasetVersion.unscoped.get().file_name == "people.csv"


def test_a_file_beside_an_upload_replaces_it(client, engineer):
    bring(client, label="nowhere")
    bring(client, table(250).encode(), upload=Upload.unscoped.get().pk)
    assert DatasetVersion.unscoped.get().rows == 250


def test_a_file_that_is_refused_is_not_kept_for_another_try(client, engineer):
    page = bring(client, pickle.dumps({"a": 1}), MODEL, "model.onnx").content.decode()
    assert 'name="upload"' not in page
    assert list(store().areas()) == []


def test_another_persons_upload_is_no_file(client, engineer, settings):
    bring(client, label="nowhere")
    client.force_login(person(at=organisation("Brick Bank")))
    answer = client.post(DATASET, {"name": "People", "upload": Upload.unscoped.get().pk})
    assert answer.status_code == 422
    assert "Choose a file." in answer.content.decode()
    assert Job.unscoped.count() == 1


@pytest.mark.parametrize("upload", ["", "x", "0" * 32, "' OR 1=1"])
def test_an_upload_that_is_none_is_no_file(client, engineer, upload):
    answer = client.post(DATASET, {"name": "People", "upload": upload})
    assert answer.status_code == 422
    assert "Choose a file." in answer.content.decode()


SCORES = b"score\n" + b"".join(b"0.%03d\n" % n for n in range(240))
CARD = "---\nlicense: apache-2.0\n---\n\nSays who pays back.\n\n## Intended use\n\nHelps an officer.\n"


def test_a_model_card_says_what_was_left_empty_and_nothing_else(client, engineer):
    bring(client, SCORES, MODEL, "scores.csv", card=CARD, purpose="Decides alone.")
    model = Model.unscoped.get()
    assert (model.licence, model.description, model.purpose) == ("apache-2.0", "Says who pays back.", "Decides alone.")


def test_a_model_card_that_cannot_be_read_is_refused_at_its_field(client, engineer):
    answer = bring(client, SCORES, MODEL, "scores.csv", card="---\na: &x [1]\nb: *x\n---\n")
    assert answer.status_code == 422
    assert '<a href="#id_card">' in answer.content.decode()
    assert Model.unscoped.count() == 0
