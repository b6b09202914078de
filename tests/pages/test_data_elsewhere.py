"""Registering data that stay where they lie: what is offered, what is refused, and what the page says of it."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from models.registry.models import Dataset, DatasetVersion
from tests.databases import frame
from tests.models.people import organisation, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files", "at_once")]
DATASET = "/datasets/register/"


@pytest.fixture
def table(client, database, settings, tmp_path) -> str:
    """The name of a table in a warehouse that Acme Bank may use, whose engineer is signed in."""
    settings.DATA_SOURCES = str(tmp_path / "sources.toml")
    (tmp_path / "sources.toml").write_text(
        f'[warehouse]\nurl = {json.dumps(database.source.url)}\norganisations = ["Acme Bank"]\n'
    )
    client.force_login(person())
    return database.add(frame(300))


def register(client, place: str, source: str = "warehouse", **more):
    said = {"name": "Clients", "source": source, "place": place, "label": "label", "sensitive": "sex"}
    return client.post(DATASET, said | more, follow=True)


def test_a_table_is_registered_and_its_page_says_where_it_lies(client, table):
    assert "The data lie elsewhere" in client.get(DATASET).content.decode()
    page = register(client, table).content.decode()
    assert "Registered as Clients version 1." in page
    assert f"read where they lie, at <bdi>warehouse: {table}</bdi>" in page
    assert "300 rows" in page
    assert "7 columns, read where they lie" in page
    version = DatasetVersion.unscoped.get()
    assert version.stored_reference == {"source": "warehouse", "table": table}
    assert "The same file was registered before" in register(client, table).content.decode()


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("", "name a table in it, as schema.table"),
        ("nowhere.nothing", "warehouse has no table"),
        ("pg_catalog.pg_authid", "warehouse has no table"),
        ("clients", "Name the table as schema.table"),
        ("x" * 1_001, "at most 1000 characters"),
        ("postgres://127.0.0.1/x.y", "warehouse has no table"),
        ("<script>alert(1)</script>.x", "warehouse has no table"),
    ],
)
def test_what_is_not_there_is_told_beside_the_field(client, table, place, complaint):
    answer = register(client, place)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert complaint in page
    assert '<a href="#id_place">' in page
    assert "<script>alert" not in page
    assert not Dataset.unscoped.exists()


def test_a_wrong_column_and_a_file_beside_a_place_are_refused(client, table):
    assert "There is no column" in register(client, table, label="nowhere").content.decode()
    beside = register(client, table, file=SimpleUploadedFile("a.csv", b"a,b\n1,2\n"))
    assert "one of the two" in beside.content.decode()
    assert not Dataset.unscoped.exists()


def test_another_organisation_is_offered_nothing_and_finds_nothing(client, table):
    client.force_login(person(at=organisation("Brick Bank")))
    assert "The data lie elsewhere" not in client.get(DATASET).content.decode()
    for name in ("warehouse", "nowhere"):
        assert register(client, table, source=name).status_code == 404


def test_a_list_of_places_that_is_wrong_hides_them_and_the_form_still_takes_files(client, table, settings, tmp_path):
    (tmp_path / "sources.toml").write_text("[warehouse\n")
    assert "The data lie elsewhere" not in client.get(DATASET).content.decode()
    done = client.post(DATASET, {"name": "P", "file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n3,4\n")}, follow=True)
    assert "Registered as P version 1." in done.content.decode()
