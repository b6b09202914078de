"""ETag, If-Match and If-None-Match; creating and changing models, datasets, members and webhooks."""

from __future__ import annotations

import pytest

from models.accounts.models import Membership
from models.registry.models import Model
from models.trail.models import Entry
from tests.api.conftest import Caller, is_problem
from tests.api.ways import WAYS

CHANGES = [
    name
    for name, way in WAYS.items()
    if way.headers.get("If-Match") and not way.by_person and way.status < 400  # those have tests of their own
]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_says_which_state_it_changes(name, world):
    way = WAYS[name]
    caller = Caller(world.people[way.role], world.organisation)
    path, body = way.address(world), way.body(world)
    seen = caller.get(path)
    assert is_problem(caller(way.method, path, body), 428, "precondition-required")
    stale = caller(way.method, path, body, If_Match='"0123"')
    assert is_problem(stale, 412, "precondition-failed")
    assert stale["ETag"] == seen["ETag"]
    assert caller.get(path).content == seen.content
    done = caller(way.method, path, body, If_Match=f'"other", {seen["ETag"]}')
    assert done.status_code == way.status
    if way.method == "PATCH":
        assert done["ETag"] == caller.get(path)["ETag"] != seen["ETag"]
        assert is_problem(caller(way.method, path, body, If_Match=seen["ETag"]), 412, "precondition-failed")
    else:
        assert is_problem(caller.get(path), 404, "not-found")


def test_of_two_who_change_the_same_the_second_is_told(world, as_role):
    path = f"/models/{world.model.model_id}"
    one, other = as_role("engineer"), as_role("officer")
    seen = one.get(path)["ETag"]
    assert one.patch(path, {"owner": "One"}, If_Match=seen).status_code == 200
    assert is_problem(other.patch(path, {"owner": "Other"}, If_Match=seen), 412, "precondition-failed")
    assert one.get(path).json()["owner"] == "One"


def test_what_one_has_is_not_sent_again(engineer, world):
    for name, way in WAYS.items():
        if not way.is_read or way.role != "engineer":
            continue
        path = way.address(world)
        answer = engineer.get(path)
        same = engineer.get(path, If_None_Match=answer["ETag"])
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", answer["ETag"]), name
        assert engineer.get(path, If_None_Match=f"W/{answer['ETag']}").status_code == 304
        assert engineer.get(path, If_None_Match='"0123"').status_code == 200
        assert "no-cache" in answer["Cache-Control"]


def test_a_model_begins_without_a_version_and_its_words_can_be_changed(engineer, world):
    said = {"name": "  Credit   scoring ", "purpose": "Decides.", "role": "deployer", "owner": "Retail"}
    made = engineer.post("/models", said)
    assert made.status_code == 201
    model = made.json()
    assert made["Location"] == f"/api/v1/models/{model['id']}"
    assert (model["name"], model["latest"], model["role"]) == ("Credit scoring", None, "deployer")
    changed = engineer.patch(made["Location"], {"owner": "", "licence": "MIT", "purpose": None}, If_Match=made["ETag"])
    assert (changed.json()["owner"], changed.json()["licence"]) == ("", "MIT")
    assert changed.json()["purpose"] == "Decides."
    entry = Entry.unscoped.filter(verb="described").get()
    assert entry.facts == {"from": {"owner": "Retail", "licence": ""}, "to": {"owner": "", "licence": "MIT"}}


def test_a_change_that_changes_nothing_is_not_in_the_trail(engineer, world):
    path = f"/models/{world.model.model_id}"
    before = Entry.unscoped.count()
    assert engineer.patch(path, {"owner": world.model.model.owner}, If_Match="*").status_code == 200
    assert engineer.patch(path, {}, If_Match="*").status_code == 200
    assert Entry.unscoped.count() == before


def test_a_name_that_is_taken_is_a_conflict_that_names_the_other(engineer, world, elsewhere):
    first = engineer.post("/models", {"name": "Credit"}).json()
    second = engineer.post("/models", {"name": "Other"}).json()
    for answer in (
        engineer.post("/models", {"name": " Credit"}),
        engineer.patch(f"/models/{second['id']}", {"name": "Credit"}, If_Match="*"),
    ):
        assert is_problem(answer, 409, "conflict")
        assert answer.json()["existing"] == first["id"]
    theirs = Caller(elsewhere.people["engineer"], elsewhere.organisation)
    assert theirs.post("/models", {"name": "Credit"}).status_code == 201
    assert Model.unscoped.filter(name="Credit").count() == 2


@pytest.mark.parametrize(
    ("field", "value", "slug"),
    [
        ("name", "x" * 10_000, "invalid"), ("name", "", "invalid"), ("name", "   ", "refused"),
        ("name", "a\u0007b", "refused"), ("name", 5, "invalid"), ("name", ["x"], "invalid"),
        ("description", "x" * 10_001, "invalid"), ("role", "boss", "invalid"), ("owner", {"a": 1}, "invalid"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_are_refused_where_they_stand(engineer, world, field, value, slug):
    for answer in (
        engineer.post("/models", {"name": "A", field: value}),
        engineer.patch(f"/models/{world.model.model_id}", {field: value}, If_Match="*"),
    ):
        if field == "name" and value == "" and answer.status_code == 422:
            continue
        assert is_problem(answer, 422, slug)
        if slug == "invalid":
            assert answer.json()["errors"][0]["pointer"].startswith(f"/body/{field}")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7*7 }}", "\u202egnp.exe", "é" * 200, "😀"])
def test_odd_text_comes_back_as_it_went_in(engineer, text):
    made = engineer.post("/models", {"name": text, "description": text})
    assert (made.json()["name"], made.json()["description"]) == (text, text)
    assert made["Content-Type"] == "application/json"
    assert made["X-Content-Type-Options"] == "nosniff"


def test_an_invitation_is_shown_once_and_leads_to_a_page(administrator, client):
    made = administrator.post("/members", {"email": "New@Example.org", "role": "auditor", "name": "New"})
    assert made.status_code == 201
    said = made.json()
    assert said["email"] == "new@example.org"
    assert said["invitation"].startswith("http://testserver/")
    assert client.get(said["invitation"], follow=True).status_code == 200
    assert said["invitation"].rsplit("/", 2)[1] not in administrator.get("/members").content.decode()


def test_nobody_changes_their_own_role_nor_leaves_nobody_in_charge(administrator, world):
    own = Membership.unscoped.get(user=world.people["administrator"])
    assert is_problem(administrator.patch(f"/members/{own.pk}", {"role": "auditor"}, If_Match="*"), 403, "forbidden")
    assert is_problem(administrator.delete(f"/members/{own.pk}", If_Match="*"), 403, "forbidden")


def test_a_token_is_shown_once_and_hands_on_no_more_than_it_may(as_role, world):
    narrow = as_role("engineer", "manage", "read")
    assert is_problem(narrow.post("/tokens", {"name": "x", "scopes": ["run"]}), 403, "insufficient-scope")
    late = {"name": "x", "scopes": ["read"], "expires_at": "2090-01-01T00:00:00Z"}
    assert is_problem(narrow.post("/tokens", late), 422, "refused")
    made = narrow.post("/tokens", {"name": "x", "scopes": ["read"]}).json()
    listed = narrow.get("/tokens").content.decode()
    assert made["id"] in listed
    assert made["token"] not in listed
    program = as_role("engineer")
    assert program.get("/me", Authorization=f"Bearer {made['token']}").json()["scopes"] == ["read"]
    assert narrow.delete(f"/tokens/{made['id']}").status_code == 204
    assert is_problem(program.get("/me", Authorization=f"Bearer {made['token']}"), 401, "unauthenticated")
    assert narrow.delete(f"/tokens/{made['id']}").status_code == 204


def test_a_token_of_another_person_is_not_there_but_for_administrators(world, as_role):
    other = as_role("engineer").token
    assert is_problem(as_role("officer").delete(f"/tokens/{other.pk}"), 404, "not-found")
    assert as_role("administrator").delete(f"/tokens/{other.pk}").status_code == 204


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://10.0.0.1/",
     "https://localhost/", "file:///etc/passwd", "ftp://example.org/", "https://2130706433/", "nonsense", "https://"],
)  # fmt: skip
def test_a_webhook_to_an_address_inside_is_refused(administrator, world, url):
    answer = administrator.post("/webhooks", {"url": url, "events": ["job.finished"]})
    assert is_problem(answer, 422, "refused")
    answer = administrator.patch(f"/webhooks/{world.hook.pk}", {"url": url}, If_Match="*")
    assert is_problem(answer, 422, "refused")


def test_a_webhooks_secret_is_shown_once(administrator):
    said = {"url": "https://93.184.215.14/hook", "events": ["audit.finished"]}
    made = administrator.post("/webhooks", said).json()
    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in administrator.get(f"/webhooks/{made['id']}").content.decode()
    rotated = administrator.post(f"/webhooks/{made['id']}/rotate").json()["secret"]
    assert rotated != made["secret"]
