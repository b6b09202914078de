"""Models and data: found, narrowed, put in order, described and compared; every page cheap however much there is."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from models.accounts.roles import ACTIONS
from models.registry.models import DatasetVersion, Erasure, Model, ModelVersion
from models.trail.models import Entry
from tests.pages.conftest import ODD, table
from tests.pages.crowd import crowd
from tests.pages.places import PLACES

MOST_QUERIES = 20
ROW = re.compile(r'<th scope="row"><a href="/(?:models|datasets)/[0-9a-f-]+/"><bdi>([^<]*)</bdi>')


@pytest.fixture
def engineer(client, world):
    client.force_login(world.people["engineer"])
    return client


def listed(client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return ROW.findall(answer.content.decode())


def queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200, address
    return len(asked)


def test_no_page_asks_the_database_more_than_twenty_times_nor_more_where_there_is_more(client, world):
    """As somebody who may see it, and the administrator where that is one of them."""
    read = {name: (world.people[min(ACTIONS[place.action])], place.address(name, world))
            for name, place in PLACES.items() if place.is_read and place.action}  # fmt: skip

    def asked() -> dict[str, int]:
        found = {}
        for name, (who, address) in read.items():
            client.force_login(who)
            if client.get(address).status_code == 200:
                found[name] = queries(client, address)
        return found

    crowd(world, range(5))
    few = asked()
    crowd(world, range(5, 65))
    many = asked()
    assert {name: number for name, number in many.items() if number > MOST_QUERIES} == {}
    assert {name: (few[name], number) for name, number in many.items() if number > few[name] + 1} == {}
    everyday = {"home", "models", "datasets", "jobs", "audits", "model", "dataset", "webhooks", "webhook-delivery"}
    assert everyday | {"start-audit", "register-dataset", "register-model", "audit"} <= set(many)


def test_a_model_is_found_by_its_name_its_owner_and_what_it_is_for(engineer, world):
    crowd(world, range(60))
    assert listed(engineer, "/models/?q=coring+0042") == ["Scoring 0042"]
    assert len(listed(engineer, "/models/?q=TEAM+3")) == 9
    assert len(listed(engineer, "/models/?q=lending")) == 30
    assert listed(engineer, "/models/?q=lending&owner=Team+3")[0] == "Scoring 0003"
    page = engineer.get("/models/?q=lending").content.decode()
    assert "<h1>30 models fit</h1>" in page
    assert 'value="lending"' in page


def test_lists_are_narrowed_by_format_kind_and_the_last_audit(engineer, world):
    crowd(world, range(6))
    everything = listed(engineer, "/models/")
    assert len(everything) == 7
    assert len(listed(engineer, "/models/?format=onnx")) == 7
    assert listed(engineer, "/models/?format=predictions") == []
    assert len(listed(engineer, "/datasets/?kind=csv")) == 7
    # the last of each model's three audits has the outcome that counts
    assert len(listed(engineer, "/models/?verdict=inconclusive")) == 6
    assert listed(engineer, "/models/?verdict=pass") == []
    assert len(listed(engineer, "/datasets/?verdict=inconclusive")) == 1


def test_lists_come_in_the_order_that_is_asked_for_and_page_by_page(engineer, world):
    crowd(world, range(60))
    by_name = listed(engineer, "/models/") + listed(engineer, "/models/?page=2")
    assert by_name == sorted(by_name)
    assert len(by_name) == 61
    newest = listed(engineer, "/models/?sort=-latest&q=Scoring")
    assert newest[:3] == ["Scoring 0059", "Scoring 0058", "Scoring 0057"]
    assert listed(engineer, "/models/?sort=latest&q=Scoring")[0] == "Scoring 0000"
    page = engineer.get("/models/?sort=-latest&q=Scoring").content.decode()
    assert "?sort=-latest&amp;q=Scoring&amp;page=2" in page


@pytest.mark.parametrize("address", ["/models/", "/datasets/", "/jobs/"])
@pytest.mark.parametrize("page", ["10000", "-1", "0", "x", "", "1e9", "99999999999999999999", "\u0663"])
def test_a_page_that_is_not_there_is_the_nearest_that_is(engineer, world, address, page):
    crowd(world, range(55))
    assert engineer.get(address, {"page": page}).status_code == 200


SQL = ["'; DROP TABLE registry_model; --", '" OR 1=1', "%' OR '1'='1", "1) UNION SELECT password FROM accounts_user--",
       "%", "_", "\\", "{{ 7*7 }}", "<script>alert(1)</script>", "\u202e", "' || pg_sleep(9) || '"]  # fmt: skip


@pytest.mark.parametrize("text", SQL)
@pytest.mark.parametrize("address", ["/models/", "/datasets/", "/jobs/"])
def test_a_search_that_is_sql_finds_what_has_these_letters_and_does_nothing_else(engineer, world, address, text):
    crowd(world, range(3))
    before = Model.unscoped.count()
    answer = engineer.get(address, {"q": text})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Scoring 00" not in page
    assert "Applicants 00" not in page
    assert "<script>alert" not in page
    assert Model.unscoped.count() == before


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("/models/", {"sort": "password"}), ("/models/", {"sort": "created_by__password"}),
        ("/models/", {"format": "' OR 1=1 --"}), ("/models/", {"owner": "nobody at all"}),
        ("/models/", {"verdict": "fail' --"}), ("/models/", {"q": "a\x00b"}), ("/models/", {"q": "x" * 10_000}),
        ("/datasets/", {"kind": "exe"}), ("/datasets/", {"sort": "-name; DROP"}), ("/jobs/", {"state": "x"}),
        ("/jobs/", {"kind": "\x00"}), ("/jobs/", {"by": "everybody"}),
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_said_and_lists_nothing(engineer, world, address, asked):
    answer = engineer.get(address, asked)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a problem" in page
    assert not ROW.findall(page)


def test_what_is_another_organisations_is_in_no_list_and_no_choice(engineer, world, elsewhere):
    crowd(elsewhere, range(5))
    for address in ("/models/", "/datasets/", "/jobs/", "/", "/models/?q=Scoring", "/datasets/?q=Team"):
        page = engineer.get(address).content.decode()
        assert "Scoring 00" not in page
        assert "Team 1" not in page
        assert "Brick Bank" not in page
    assert engineer.get("/models/", {"owner": "Team 1"}).status_code == 422


def words_of(client, address: str) -> dict[str, str]:
    """The form as a browser would send it back."""
    form = client.get(address).context["form"]
    return {bound.name: bound.value() or "" for bound in form}


@pytest.mark.parametrize("kind", ["models", "datasets"])
def test_words_are_changed_and_the_trail_keeps_those_before(engineer, world, kind):
    thing = world.model.model if kind == "models" else world.dataset.dataset
    address = f"/{kind}/{thing.pk}/words/"
    said = words_of(engineer, address) | {"owner": "Risk", "description": ODD, "name": "Renamed"}
    assert engineer.post(address, said).status_code == 302
    thing.refresh_from_db()
    assert (thing.owner, thing.name) == ("Risk", "Renamed")
    page = engineer.get(f"/{kind}/{thing.pk}/").content.decode()
    assert "<script>alert" not in page
    entry = Entry.unscoped.filter(verb="described").latest("sequence")
    assert entry.facts["to"]["owner"] == "Risk"
    assert entry.facts["from"]["name"].startswith(("Model of", "People of"))


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten_unseen(engineer, world):
    address = f"/models/{world.model.model_id}/words/"
    mine = words_of(engineer, address) | {"owner": "mine", "purpose": "my purpose"}
    theirs = words_of(engineer, address) | {"owner": "theirs"}
    assert engineer.post(address, theirs).status_code == 302
    answer = engineer.post(address, mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody changed this while you were writing" in page
    assert "theirs" in page
    assert "my purpose" in page
    assert Model.unscoped.get(pk=world.model.model_id).owner == "theirs"
    again = {bound.name: bound.value() or "" for bound in answer.context["form"]}
    assert engineer.post(address, again).status_code == 302
    assert Model.unscoped.get(pk=world.model.model_id).owner == "mine"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "Give it a name"),
        ({"name": "Taken"}, "There is one named"),
        ({"name": "x" * 10_000}, "200 characters"),
        ({"purpose": "x" * 10_001}, "10000 characters"),
        ({"role": "king"}, "Select a valid choice"),
        ({"owner": "a\x07b"}, "unprintable"),
    ],
)
def test_words_that_will_not_do_are_refused_and_nothing_changes(engineer, world, changed, said):
    mine = {"organisation": world.organisation, "created_by": world.people["engineer"]}
    Model.unscoped.create(name="Taken", **mine)
    address = f"/models/{world.model.model_id}/words/"
    before = Model.unscoped.filter(pk=world.model.model_id).values().get()
    answer = engineer.post(address, words_of(engineer, address) | changed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Model.unscoped.filter(pk=world.model.model_id).values().get() == before


def test_extra_fields_change_nothing(engineer, world, elsewhere):
    address = f"/models/{world.model.model_id}/words/"
    extra = {"organisation": elsewhere.organisation.pk, "created_by": 1, "id": "x", "pk": "x"}
    assert engineer.post(address, words_of(engineer, address) | extra).status_code == 302
    assert Model.unscoped.get(pk=world.model.model_id).organisation == world.organisation


def test_what_has_no_version_yet_has_a_page_that_leads_on(engineer, world):
    mine = {"organisation": world.organisation, "created_by": world.people["engineer"]}
    bare = Model.unscoped.create(name="Only words", **mine)
    page = engineer.get(f"/models/{bare.pk}/").content.decode()
    assert "has no version yet" in page
    assert f"/models/register/?of={bare.pk}" in page
    assert engineer.get(f"/models/{bare.pk}/1/").status_code == 404
    assert "nothing to compare" in engineer.get(f"/models/{bare.pk}/compare/").content.decode()
    assert "Only words" in listed(engineer, "/models/")


def test_of_an_erased_version_the_page_says_when_and_why_and_offers_no_audit(engineer, world):
    Erasure.unscoped.create(
        model_version=world.model, sha256=world.model.sha256, reason=f"asked for {ODD}", by=world.people["officer"],
        organisation=world.organisation,
    )  # fmt: skip
    page = engineer.get(f"/models/{world.model.model_id}/").content.decode()
    assert "The file was erased on" in page
    assert "asked for &lt;script&gt;" in page
    assert "Audit this version" not in page
    assert ">Erased<" in page


def test_rows_that_are_read_where_they_lie_are_said_to_lie_there(engineer, world):
    mine = {"organisation": world.organisation, "created_by": world.people["engineer"]}
    DatasetVersion.unscoped.create(
        dataset=world.dataset.dataset, number=2, sha256="d" * 64, size=0, file_name="public.people", rows=240,
        kind="postgresql", stored_profile=world.dataset.stored_profile, **mine,
        stored_reference={"source": "warehouse", "table": "public.people", "path": ""},
    )  # fmt: skip
    page = engineer.get(f"/datasets/{world.dataset.dataset_id}/").content.decode()
    assert "read where they lie" in page
    assert re.search(r"warehouse, <bdi>public\.people</bdi>; no copy is kept here", page)


def test_lineage_says_where_a_version_comes_from_and_what_came_of_it(engineer, world):
    crowd(world, range(12))
    page = engineer.get(f"/models/{world.model.model_id}/2/").content.decode()
    assert re.search(r"Made from <a .*version 1</bdi>.*which was trained on <a", page)
    assert re.search(r"Trained on <a href=\"/datasets/", page)
    root = engineer.get(f"/datasets/{world.dataset.dataset_id}/1/").content.decode()
    assert root.count("Made from it:") == 5
    assert root.count("Trained on it:") == 5
    assert root.count("Audited on it:") == 5
    assert root.count("<rect") == 11
    assert re.search(r"And \d+ more", root)


def second(world, **columns) -> DatasetVersion:
    """The world's dataset again, read by our own intake, with what is said changed."""
    from models.registry.intake.profile import profile
    from models.registry.intake.read import open_table
    from models.registry.storage import store

    text = table(240).replace(",female,", ",other,", 40) if not columns else columns["text"]
    name = store().put(BytesIO(text.encode()), 10**6)
    found = profile(open_table(store().path(name))).to_json()
    return DatasetVersion.unscoped.create(
        dataset=world.dataset.dataset, number=2, sha256=name, size=len(text), file_name="second.csv", kind="csv",
        rows=found["rows"], stored_profile=found, organisation=world.organisation, created_by=world.people["engineer"],
    )  # fmt: skip


def test_two_versions_of_data_are_compared_column_by_column(engineer, world):
    second(world)
    page = engineer.get(f"/datasets/{world.dataset.dataset_id}/compare/").content.decode()
    assert "Version 2 against version 1: one column changed" in page
    assert re.search(r"<bdi>female</bdi> 67% → 50%", page)
    assert re.search(r"<bdi>other</bdi> 0% → 17%", page)
    assert "17% of the rows" in page
    other_way = engineer.get(f"/datasets/{world.dataset.dataset_id}/compare/?from=2&to=1").content.decode()
    assert re.search(r"<bdi>female</bdi> 50% → 67%", other_way)


def test_new_and_lost_columns_and_rows_are_named(engineer, world):
    lines = [line.rsplit(",", 1)[0] + ("," + ("age" if i == 0 else str(20 + i % 50))) for i, line in
             enumerate(table(300).splitlines())]  # fmt: skip
    second(world, text="\n".join(lines) + "\n")
    page = engineer.get(f"/datasets/{world.dataset.dataset_id}/compare/").content.decode()
    assert "60 rows more, one column new, one column gone" in page


def test_two_versions_of_a_model_are_compared_with_their_audits(engineer, world):
    signature = world.model.stored_signature | {"format": "onnx", "rows": None, "kind": "label", "classes": ["a", "b"],
                "inputs": [{"name": "age", "type": "number", "missing": True}]}  # fmt: skip
    ModelVersion.unscoped.create(
        model=world.model.model, number=2, sha256="c" * 64, size=10, file_name="m.onnx", format="onnx",
        stored_signature=signature, organisation=world.organisation, created_by=world.people["engineer"],
    )  # fmt: skip
    page = engineer.get(f"/models/{world.model.model_id}/compare/").content.decode()
    assert "Version 2 is of another kind than version 1" in page
    assert "New columns it reads" in page
    assert "not audited" in page
    assert (
        "is the same version twice"
        in engineer.get(f"/models/{world.model.model_id}/compare/?from=2&to=2").content.decode()
    )


@pytest.mark.parametrize(
    "asked", ["from=9&to=1", "from=x&to=1", "from=1&to=", "from=1&to=-1", "to=99999999999999999999"]
)
def test_a_version_that_is_not_there_cannot_be_compared(engineer, world, asked):
    assert engineer.get(f"/models/{world.model.model_id}/compare/?{asked}").status_code == 404
