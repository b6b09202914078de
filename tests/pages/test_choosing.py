"""Choosing a version where there are too many for a list: by its name, without script, on a page that stays small."""

from __future__ import annotations

import re

import pytest

from models.registry.choosing import MOST_LISTED
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion
from tests.models.people import organisation, person

START, MODEL = "/audits/new/", "/models/register/"


def versions(at, user, things: int, kind=DatasetVersion, name="Clients") -> None:
    """One version for each of so many datasets (models), by the numbers 1000 and up."""
    mine = {"organisation": at, "created_by": user}
    owned, of = (Dataset, "dataset") if kind is DatasetVersion else (Model, "model")
    read = {"rows": 1, "kind": "csv", "stored_profile": {}} if of == "dataset" else {"stored_signature": {}}
    made = owned.unscoped.bulk_create(owned(name=f"{name} {1000 + i}", **mine) for i in range(things))
    kind.unscoped.bulk_create(
        kind(
            **{of: each},
            number=1,
            sha256=f"{int(i):032x}{sum(map(ord, name)):032x}",
            size=1,
            file_name="a",
            **read,
            **mine,
        )
        for i, each in enumerate(made)
    )


@pytest.fixture
def engineer(client, db):
    user = person("engineer", organisation("Acme Bank"))
    client.force_login(user)
    return user


@pytest.fixture
def many(engineer):
    """Datasets and models, 300 of each."""
    at = engineer.memberships.get().organisation
    versions(at, engineer, 300)
    versions(at, engineer, 300, ModelVersion, "Scores")
    return at


def control(page: str, name: str) -> str:
    return re.search(rf'<(select|input)[^>]*name="{name}"', page)[1]


def test_few_are_a_list(client, engineer):
    versions(engineer.memberships.get().organisation, engineer, MOST_LISTED)
    page = client.get(START).content.decode()
    assert control(page, "dataset") == "select"
    assert page.count("<option") == MOST_LISTED + 2


def test_of_many_the_newest_are_suggested_and_the_page_stays_small(client, many):
    for address, name in ((START, "dataset"), (START, "model"), (MODEL, "trained_on"), (MODEL, "derived_from")):
        answer = client.get(address)
        page = answer.content.decode()
        assert control(page, name) == "input"
        assert page.count("<option") < 3 * MOST_LISTED
        assert len(answer.content) < 40_000


@pytest.mark.parametrize("written", ["Clients 1277 version 1", "clients 1277", "1277", "Clients 1277, version 1"])
def test_a_name_or_enough_of_it_is_one(client, many, written):
    wanted = DatasetVersion.unscoped.get(dataset__name="Clients 1277")
    model = ModelVersion.unscoped.get(model__name="Scores 1003")
    answer = client.get(START, {"dataset": written, "model": "Scores 1003 version 1"})
    assert answer["Location"] == f"{START}?dataset={wanted.pk}&model={model.pk}"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "Choose the data."),
        ("clients 127", "11 versions fit “clients 127”. Choose one of them."),
        ("clients", "More than 50 versions fit “clients”. Write more of the name."),
        ("nobody", "Nothing is called “nobody”."),
        ("' OR 1=1 --", "Nothing is called “&#x27; OR 1=1 --”."),
        ("a\x00b", "Null characters|no such letters"),
        ("x" * 10_000, "Nothing is called “xxx"),
        ("version 999999999", "Nothing is called"),
    ],
)
def test_what_is_not_one_is_said_at_the_field(client, many, written, said):
    answer = client.get(START, {"dataset": written})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(said, page)
    assert '<a href="#id_dataset">' in page
    if "Choose one of them" in said:
        assert control(page, "dataset") == "select"
        assert page.count("Clients 127") >= 10
        assert "id_dataset_helptext" not in page


def test_anothers_version_is_found_by_no_name_and_no_id(client, many):
    stranger = person("engineer", organisation("Brick Bank"))
    versions(stranger.memberships.get().organisation, stranger, 1, name="Theirs")
    theirs = DatasetVersion.unscoped.get(dataset__name="Theirs 1000")
    assert "Nothing is called" in client.get(START, {"dataset": "Theirs"}).content.decode()
    assert client.get(START, {"dataset": theirs.pk}).status_code == 404
    assert client.post(MODEL, {"name": "a", "trained_on": str(theirs.pk)}).status_code == 404


def test_a_form_with_a_file_names_one_too(client, many):
    answer = client.post(MODEL, {"name": "a", "trained_on": "clients 12"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "versions fit “clients 12”" in page
    assert '<a href="#id_trained_on">' in page
