"""Lists in pages: nothing twice and nothing left out while rows come in; filters are values, never SQL."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core import signing
from django.utils import timezone

from models.jobs.models import Job
from models.registry.erasure import erase
from models.registry.models import Dataset, Model
from tests.api.conftest import is_problem

SQL = [
    "' OR 1=1 --",
    "%'; DROP TABLE registry_model; --",
    "\\",
    "%",
    "_",
    "a' UNION SELECT hash FROM accounts_token --",
]


def model(world, name, **more):
    return Model.unscoped.create(
        organisation=world.organisation, created_by=world.people["engineer"], name=name, **more
    )


def walked(caller, path, between=lambda page: None):
    """Every page, by `next` and no knowledge of ours."""
    names, page = [], 0
    while path:
        answer = caller.get(path)
        assert answer.status_code == 200, answer.content
        said = answer.json()
        names.append([item["name"] for item in said["items"]])
        assert answer.headers.get("Link") == (f'<{said["next"]}>; rel="next"' if said["next"] else None)
        path, page = said["next"], page + 1
        between(page)
    return names


def test_pages_stay_right_while_rows_come_in_and_go(engineer, world):
    now = timezone.now()
    for i in range(10):
        # three at the same moment: the id decides between them
        model(world, f"m{i}", created_at=now + timedelta(seconds=i // 3))

    def meanwhile(page):
        model(world, f"new{page}", created_at=now + timedelta(hours=1))
        if page == 1:
            Model.unscoped.filter(name="m0").delete()

    pages = walked(engineer, "/models?limit=3&q=m", meanwhile)
    seen = [name for page in pages for name in page]
    assert len(seen) == len(set(seen))
    assert {name for name in seen if name.startswith("m") and name[1:].isdigit()} == {f"m{i}" for i in range(1, 10)}
    assert not [name for name in seen if name.startswith("new")]
    assert [len(page) for page in pages[:-1]] == [3] * (len(pages) - 1)


def test_filters_stay_with_the_pages(engineer, world):
    for i in range(5):
        model(world, f"a {i}", owner="Retail & Co")
        model(world, f"b {i}", owner="Other")
    pages = walked(engineer, "/models?limit=2&owner=Retail%20%26%20Co")
    assert sorted(name for page in pages for name in page) == [f"a {i}" for i in range(5)]


@pytest.mark.parametrize(
    "path", ["/models", "/datasets", "/jobs", "/audits", "/members", "/trail", "/webhooks", "/tokens"]
)
def test_every_list_can_be_walked_one_by_one(administrator, world, path):
    whole = administrator.get(f"{path}?limit=100").json()["items"]
    found, following = [], f"{path}?limit=1"
    while following:
        said = administrator.get(following).json()
        found += said["items"]
        following = said["next"]
    assert found == whole
    assert len(found) >= 1


def test_an_audits_figures_can_be_walked_and_filtered(engineer, world):
    path = f"/audits/{world.done.pk}/measurements"
    whole = engineer.get(f"{path}?limit=100").json()["items"]
    seen, following = [], f"{path}?limit=7"
    while following:
        said = engineer.get(following).json()
        seen += said["items"]
        following = said["next"]
    assert seen == whole
    assert len({row["id"] for row in whole}) == len(whole) > 7
    rates = engineer.get(f"{path}?metric=selection_rate&group=sex%3Dfemale").json()["items"]
    assert [(row["metric"], row["group"]) for row in rates] == [("selection_rate", {"sex": "female"})]
    by = engineer.get(f"{path}?attribute=sex&limit=100").json()["items"]
    assert {row["id"] for row in by} == {row["id"] for row in whole if row.get("attribute") == "sex"} != set()
    assert is_problem(engineer.get(f"{path}?group=female"), 422, "invalid")
    assert engineer.get(f"/audits/{world.waiting.pk}/measurements").json() == {"items": [], "next": None}


@pytest.mark.parametrize("text", SQL)
def test_a_filter_that_is_sql_is_a_text_like_any_other(engineer, administrator, world, text):
    model(world, f"odd {text}", owner=text)
    before = Model.unscoped.count()
    asked = quote(text)
    assert [m["owner"] for m in engineer.get(f"/models?owner={asked}").json()["items"]] == [text]
    assert all(text.lower().split()[0] in (m["name"] + m["description"] + m["purpose"]).lower()
               for m in engineer.get(f"/models?q={asked}").json()["items"])  # fmt: skip
    assert engineer.get(f"/jobs?kind={asked}").json()["items"] == []
    assert administrator.get(f"/trail?verb={asked}").json()["items"] == []
    group = engineer.get(f"/audits/{world.done.pk}/measurements?group={asked}%3D{asked}")
    assert group.json()["items"] == []
    assert is_problem(engineer.get(f"/audits?dataset={asked}"), 422, "invalid")
    assert is_problem(engineer.get(f"/jobs?state={asked}"), 422, "invalid")
    assert is_problem(engineer.get(f"/models?cursor={asked}"), 422, "invalid")
    assert Model.unscoped.count() == before


def test_words_are_looked_for_in_what_people_wrote(engineer, world):
    model(world, "First", purpose="Decides about loans")
    model(world, "Loans, old")
    found = engineer.get("/models?q=LOANS").json()["items"]
    assert sorted(m["name"] for m in found) == ["First", "Loans, old"]
    assert [m["name"] for m in engineer.get("/models?q=loans%20old").json()["items"]] == ["Loans, old"]
    assert [m["name"] for m in engineer.get("/models?name=First").json()["items"]] == ["First"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "", "1e9", "9" * 400])
def test_a_limit_that_cannot_be_is_refused(engineer, limit):
    answer = engineer.get(f"/models?limit={limit}")
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"


def test_a_cursor_is_good_for_its_own_list_only_and_as_it_was_given(engineer, world):
    for i in range(3):
        model(world, f"m{i}")
    following = engineer.get("/models?limit=1").json()["next"]
    cursor = following.split("cursor=")[1]
    salt = "place:/api/v1/models"
    forged = signing.Signer(key="another key", salt=salt).sign_object(["s2026-01-01", "s1"])
    shorter = signing.Signer(salt=salt).sign_object(["s2026-01-01"])
    timed = signing.dumps(["s2026-01-01", "s1"], salt="cursor:/api/v1/models")  # as an earlier version made them
    for path in (
        f"/datasets?cursor={cursor}", f"/models?cursor={cursor}x", f"/models?cursor={cursor[:-3]}",
        f"/models?cursor={quote(forged)}", f"/models?cursor={quote(shorter)}", f"/models?cursor={quote(timed)}",
        "/models?cursor=10000", "/models?cursor=",
    ):  # fmt: skip
        answer = engineer.get(path)
        assert is_problem(answer, 422, "invalid"), path
        assert answer.json()["errors"][0]["pointer"] == "/query/cursor"
    assert engineer.get(following).status_code == 200


def test_a_list_that_did_not_change_is_not_sent_again_however_long_it_took(engineer, world, monkeypatch):
    model(world, "another")
    found = engineer.get("/models?limit=1")
    assert found.json()["next"]
    monkeypatch.setattr(signing.TimestampSigner, "timestamp", lambda self: "later")
    assert engineer.get("/models?limit=1", If_None_Match=found["ETag"]).status_code == 304


def test_another_organisations_cursor_shows_nothing_of_it(engineer, world, elsewhere):
    from tests.api.conftest import Caller

    for i in range(3):
        Dataset.unscoped.create(
            organisation=elsewhere.organisation, created_by=elsewhere.people["engineer"], name=f"secret {i}"
        )
    theirs = Caller(elsewhere.people["engineer"], elsewhere.organisation).get("/datasets?limit=1").json()["next"]
    assert "secret" not in engineer.get(theirs).content.decode()


def test_a_list_takes_few_queries_however_long_it_is(engineer, world, django_assert_max_num_queries):
    for i in range(30):
        model(world, f"m{i}")
    for path in ("/models?limit=100", "/datasets?limit=100", "/audits?limit=100", "/jobs?limit=100"):
        engineer.get(path)
        with django_assert_max_num_queries(9):
            assert engineer.get(path).status_code == 200


def test_a_version_whose_file_was_erased_says_so(engineer, world):
    erase(world.people["officer"], world.dataset, "A person asked for it.")
    for path in (f"/dataset-versions/{world.dataset.pk}", f"/datasets/{world.dataset.dataset_id}"):
        said = engineer.get(path).json()
        assert "A person asked for it." in (said.get("latest") or said)["erased"]
    assert engineer.get(f"/model-versions/{world.model.pk}").json()["erased"] is None
    asked = {"sensitive": ["sex"], "label": "label", "prediction": "prediction"}
    refused = engineer.post("/audits", {"dataset": str(world.dataset.pk), "parameters": asked})
    assert is_problem(refused, 422, "refused")


def test_audits_are_found_by_what_they_are_of(engineer, world):
    def found(query):
        return {item["id"] for item in engineer.get(f"/audits?{query}").json()["items"]}

    every = {str(audit.pk) for audit in world.dataset.audits.all()}
    assert found(f"dataset={world.dataset.pk}") == found(f"dataset={world.dataset.dataset_id}") == every
    assert found(f"model={world.model.pk}") == set()
    assert found("state=succeeded") == {str(world.earlier.pk), str(world.done.pk)}
    assert found("state=failed") == {str(a.pk) for a in world.dataset.audits.filter(job=world.failed)}
    assert found(f"verdict={world.done.verdict}") == {str(world.earlier.pk), str(world.done.pk)}
    assert Job.unscoped.count() == len(every)
