"""Every operation with every role, every scope, without a token, and with what belongs to somebody else."""

from __future__ import annotations

import json
import re

import pytest
from django.apps import apps
from django.test import Client

from governance.urls import urlpatterns
from models.accounts.models import Token
from models.accounts.roles import ACTIONS, Role
from models.accounts.scopes import SCOPES
from models.rest.models import Remembered, Spent
from tests.api.conftest import ROOT, Caller, is_problem
from tests.api.ways import BY_TOKEN, EMPTY, NOBODY, WAYS, upload

NOT_COUNTED = {kind._meta.label for kind in (Spent, Remembered, Token)} | {"sessions.Session"}
WRITES = [name for name, way in BY_TOKEN.items() if not way.is_read]
WITH_BODY = [
    "create_token", "invite_member", "change_member", "create_model", "change_model", "create_model_version",
    "create_dataset", "change_dataset", "create_dataset_version", "create_upload", "create_audit", "create_webhook",
    "change_webhook", "register_model", "register_dataset", "change_organisation", "create_delegation",
    "create_system", "change_system", "add_system_part", "create_answers", "create_classification",
    "change_obligation", "attach_evidence", "create_evidence",
    "start_obligation_audit", "attach_result", "dismiss_result",
    "create_risk", "change_risk", "accept_risk", "close_risk", "add_measure", "change_measure",
    "decide_risk_proposal", "write_statement",
    "create_incident", "change_incident", "close_incident", "create_notification",
    "create_assessment", "change_assessment", "send_back_assessment", "withdraw_assessment", "approve_assessment",
    "create_assessment_comment",
    "create_review", "change_review", "do_review", "change_notice_settings",
]  # fmt: skip


@pytest.fixture(scope="module")
def described() -> dict:
    """Operation by id: what the API says of it."""
    schema = json.loads(Client().get(f"{ROOT}/openapi.json").content)
    return {
        about["operationId"]: {**about, "path": path, "method": method.upper()}
        for path, ways in schema["paths"].items()
        for method, about in ways.items()
    }


def rows() -> dict[str, int]:
    return {
        kind._meta.label: kind._base_manager.count()
        for kind in apps.get_models()
        if kind._meta.label not in NOT_COUNTED
    }


def call(caller, name, world, **headers):
    way = WAYS[name]
    return caller(way.method, way.address(world), way.body(world), **{**way.headers, **headers})


def test_every_operation_is_in_the_list(described):
    assert set(described) == set(WAYS)
    for name, way in WAYS.items():
        assert described[name]["method"] == way.method
        shape = re.sub(r"\{[^}]*\}", "{}", way.path.replace("/parts/0", "/parts/{}"))
        assert re.sub(r"\{[^}]*\}", "{}", described[name]["path"]) == ROOT + shape


@pytest.mark.parametrize("name", WRITES)
def test_each_change_is_made_for_whom_it_is_for_with_the_scope_that_it_names(name, world, described):
    assert_answers_well(name, world, described)


def test_each_read_answers_whom_it_is_for_with_the_scope_that_it_names(world, described):
    for name, way in WAYS.items():
        if way.is_read:
            assert_answers_well(name, world, described)


def assert_answers_well(name, world, described):
    way = WAYS[name]
    caller = Caller(world.people[way.role], world.organisation, described[name]["x-scope"])
    answer = call(caller, name, world)
    assert answer.status_code == way.status, b"".join(answer) if answer.streaming else answer.content
    assert str(answer.status_code) in described[name]["responses"]
    assert answer["RateLimit-Limit"] == "600"
    assert not answer.cookies


def test_a_token_without_the_scope_is_refused_and_told_which(world, described):
    upload(world)
    callers = {
        (role, scope): Caller(world.people[role], world.organisation, *(set(SCOPES) - {scope}))
        for role in Role.values
        for scope in SCOPES
    }
    before = rows()
    for name, way in BY_TOKEN.items():
        scope = described[name]["x-scope"]
        answer = call(callers[way.role, scope], name, world)
        assert is_problem(answer, 403, "insufficient-scope"), name
        assert answer.json()["scope"] == scope
    assert rows() == before


@pytest.mark.parametrize("role", Role.values)
def test_every_role_does_what_it_may_and_is_told_what_it_lacks(role, world, as_role, described):
    caller = as_role(role)
    upload(world)
    before = rows()
    for name, way in BY_TOKEN.items():
        if Role(role) in ACTIONS[described[name]["x-action"]]:
            if way.is_read and name != "get_upload":
                assert call(caller, name, world).status_code == 200, name
        else:
            answer = call(caller, name, world)
            assert is_problem(answer, 403, "forbidden"), name
            assert role in answer.json()["detail"]
    assert rows() == before


@pytest.mark.parametrize("secret", [None, "", "plb_" + "x" * 43, "plb_", "Ω", "plb_" + "x" * 100_000])
def test_without_a_good_token_there_is_nothing_to_see(world, secret):
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    for name, way in WAYS.items():
        answer = Client().generic(way.method, ROOT + way.address(world), headers=headers)
        assert is_problem(answer, 401, "unauthenticated"), name
        assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("end", ["revoked", "expired", "left", "inactive"])
def test_a_token_that_ended_opens_nothing(world, as_role, end):
    from datetime import timedelta

    from django.utils import timezone

    caller = as_role("auditor")
    assert caller.get("/me").status_code == 200
    if end == "revoked":
        Token.unscoped.filter(pk=caller.token.pk).update(revoked_at=timezone.now())
    elif end == "expired":
        Token.unscoped.filter(pk=caller.token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    elif end == "left":
        world.people["auditor"].memberships.all().delete()
    else:
        caller.token.user.is_active = False
        caller.token.user.save()
    assert is_problem(caller.get("/me"), 401, "unauthenticated")


@pytest.mark.parametrize("parameter", ["token", "access_token", "Authorization", "key"])
def test_a_token_in_the_address_is_not_read(engineer, parameter):
    answer = engineer.get(f"/me?{parameter}={engineer.secret}", Authorization="")
    assert is_problem(answer, 401, "unauthenticated")
    assert is_problem(engineer.get(f"/me?{parameter}={engineer.secret}"), 422, "invalid")


def test_what_belongs_to_another_organisation_is_not_there(administrator, world, elsewhere):
    upload(world), upload(elsewhere)
    before = rows()
    for way in BY_TOKEN.values():
        # what has one address for everybody, such as a statement of the law, belongs to nobody
        if "{" in way.path and way.address(world) != way.address(elsewhere):
            same_as_nobodys(administrator, way, world, elsewhere)
    assert rows() == before


def same_as_nobodys(caller, way, world, elsewhere):
    """The answer is the same as for an id that nobody has, but for the id itself."""
    address = way.path.format(**way.parts(elsewhere))
    nowhere = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", NOBODY, address)
    nowhere = re.sub(r"/members/\d+", "/members/999999999", nowhere)
    query, body = way.query(world), way.body(world)
    theirs, nobodys = (caller(way.method, path + query, body, **way.headers) for path in (address, nowhere))
    assert is_problem(theirs, 404, "not-found")
    assert is_problem(nobodys, 404, "not-found")
    assert {**theirs.json(), "instance": ""} == {**nobodys.json(), "instance": ""}


def test_another_organisations_id_in_a_body_or_query_is_not_there(engineer, world, elsewhere):
    asked = {"sensitive": ["sex"], "label": "label"}
    mine = upload(world)
    tries = [
        ("/audits", {"dataset": elsewhere.dataset.pk, "parameters": asked | {"prediction": "prediction"}}),
        ("/audits", {"dataset": world.dataset.pk, "model": elsewhere.model.pk, "parameters": asked}),
        (f"/models/{world.model.model_id}/versions", {"upload": upload(elsewhere).pk}),
        (f"/models/{world.model.model_id}/versions", {"upload": mine.pk, "trained_on": elsewhere.dataset.pk}),
        (f"/models/{world.model.model_id}/versions", {"upload": mine.pk, "derived_from": elsewhere.model.pk}),
        (f"/datasets/{world.dataset.dataset_id}/versions", {"upload": mine.pk, "derived_from": elsewhere.dataset.pk}),
        (f"/datasets/{world.dataset.dataset_id}/versions", {"upload": upload(elsewhere).pk}),
        ("/model-versions", {"name": "New", "upload": upload(elsewhere).pk}),
        ("/model-versions", {"name": "New", "upload": mine.pk, "trained_on": elsewhere.dataset.pk}),
        ("/dataset-versions", {"name": "New", "upload": mine.pk, "derived_from": elsewhere.dataset.pk}),
    ]
    for path, body in tries:
        answer = engineer.post(path, json.loads(json.dumps(body, default=str)))
        assert is_problem(answer, 404, "not-found"), path
    answer = engineer.get(f"/audits/{world.done.pk}/comparison?baseline={elsewhere.done.pk}")
    assert is_problem(answer, 404, "not-found")
    for listing in (f"/audits?dataset={elsewhere.dataset.pk}", f"/audits?model={elsewhere.model.model_id}"):
        assert engineer.get(listing).json()["items"] == []


def test_lists_hold_what_is_the_organisations_own(administrator, world, elsewhere):
    for name, way in WAYS.items():
        if way.is_read and name.startswith("list_"):
            answer = call(administrator, name, world)
            assert "Brick Bank" not in answer.content.decode(), name
            assert str(elsewhere.hook.pk) not in answer.content.decode()


@pytest.mark.parametrize("field", ["organisation", "id", "state", "hash", "created_by", "verdict"])
def test_a_field_that_is_not_ours_is_refused(field, world, as_role):
    upload(world)
    callers, before = {role: as_role(role) for role in Role.values}, rows()
    for name in (name for name in WITH_BODY if name in BY_TOKEN):
        way = WAYS[name]
        answer = callers[way.role](way.method, way.address(world), {**way.body(world), field: 1}, **way.headers)
        assert is_problem(answer, 422, "invalid"), name
        assert f"/body/{field}" in [each["pointer"] for each in answer.json()["errors"]], name
    assert rows() == before


def test_every_operation_that_takes_json_is_in_the_list_of_bodies(described):
    kinds = {name: about.get("requestBody", {}).get("content", {}) for name, about in described.items()}
    taking = {name for name, content in kinds.items() if "application/json" in content}
    assert taking == {*WITH_BODY, "complete_upload"}


ODD_QUERIES = ("'; DROP TABLE accounts_user; --=1", "page=10000", "limit=1&limit=2", "cursor=%00", "sort=name")


@pytest.mark.parametrize("query", ODD_QUERIES)
def test_a_parameter_that_is_unknown_or_odd_is_refused(query, world, as_role, settings):
    settings.API_RATE = "off"
    upload(world)
    callers, before = {role: as_role(role) for role in Role.values}, rows()
    for name, way in BY_TOKEN.items():
        address = way.address(world)
        address += ("&" if "?" in address else "?") + query
        answer = callers[way.role](way.method, address, way.body(world), **way.headers)
        assert is_problem(answer, 422, "invalid"), name
    assert rows() == before


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_the_browsers_session_needs_the_forms_secret_too(world, kind):
    strict = Client(enforce_csrf_checks=True)
    upload(world)
    before = rows()
    for role in ("engineer", "administrator"):
        strict.force_login(world.people[role])
        for name in WRITES:
            way, body = WAYS[name], WAYS[name].body(world)
            data = body if isinstance(body, bytes) else json.dumps(body)
            answer = strict.generic(way.method, ROOT + way.address(world), data, kind)
            assert is_problem(answer, 403, "forbidden"), name
            assert "X-CSRFToken" in answer.json()["detail"]
    assert rows() == {**before, "trail.Entry": before["trail.Entry"] + 2}  # that they signed in


def test_the_browsers_session_works_with_the_forms_secret(world):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.people["engineer"])
    page = strict.get("/models/register/")
    secret = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
    said = {"HTTP_X_CSRFTOKEN": secret}
    made = strict.post(f"{ROOT}/models", '{"name": "By a script"}', "application/json", **said)
    assert made.status_code == 201
    assert strict.get(f"{ROOT}/me").json()["scopes"] == list(SCOPES)


def test_nothing_is_said_to_other_origins(engineer):
    for answer in (
        engineer.get("/me", Origin="https://evil.example"),
        engineer("OPTIONS", "/me", Origin="https://evil.example", Access_Control_Request_Method="GET"),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["/nothing", "/models/not-an-id", "/../admin", "/jobs/1", "/models/", ""])
def test_an_address_that_is_not_there_is_a_problem_too(engineer, path):
    assert is_problem(engineer.get(path), 404, "not-found")


def test_another_method_is_told_which_there_are(engineer):
    answer = engineer.put("/models", {"name": "x"})
    assert is_problem(answer, 405, "method-not-allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_head_is_get_without_the_body(engineer, world):
    for name, way in WAYS.items():
        if way.is_read and way.role == "engineer":
            whole, head = (engineer(method, way.address(world)) for method in ("GET", "HEAD"))
            assert head.status_code == 200, name
            assert not (b"".join(head) if head.streaming else head.content), name
            assert head.get("ETag") == whole.get("ETag"), name


def test_the_api_stands_before_the_rooms():
    assert [str(pattern.pattern) for pattern in urlpatterns].count("api/v1/") == 1


def test_a_digest_is_needed_for_a_part(engineer, world):
    part = f"/uploads/{upload(world).pk}/parts/0"
    for header in ("", "sha-256=:x:", "md5=:abc=:", EMPTY.replace(":", "")):
        answer = engineer.put(part, b"1234", Content_Digest=header)
        assert is_problem(answer, 422, "invalid")
        assert answer.json()["errors"][0]["pointer"] == "/header/Content-Digest"
