"""Bodies that are too large, too deep, or of another kind: refused, and never a fault of ours."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from tests.api.conftest import ROOT, is_problem

DEEP = {"list": b"[" * 10_000 + b"]" * 10_000, "object": b'{"a":' * 10_000 + b"1" + b"}" * 10_000}


@pytest.mark.parametrize("shape", DEEP)
@pytest.mark.parametrize("depth", ["whole", "cut"])
def test_json_that_is_10000_deep_is_refused(engineer, shape, depth):
    body = DEEP[shape] if depth == "whole" else DEEP[shape][: len(DEEP[shape]) // 2]
    answer = engineer.post("/models", body, Content_Type="application/json")
    assert is_problem(answer, 422, "invalid")


def test_json_as_deep_as_it_may_be_is_read(engineer):
    value: object = "x"
    for _ in range(40):
        value = [value]
    answer = engineer.post("/models", {"name": value})
    assert is_problem(answer, 422, "invalid")
    assert "deep" in answer.json()["detail"]
    answer = engineer.post("/models", {"name": [["x"]]})
    assert answer.json()["errors"][0]["pointer"] == "/body/name"


@pytest.mark.parametrize(
    "body",
    [b"{", b"nonsense", b"\xff\xfe", b'{"name": NaN}', b'{"name": Infinity}', b'{"name": "a\\u0000b"}',
     b'{"name": "\\ud800"}', b'{"a\\u0000": 1}', b'{"name": "a"} {}', b'{"name": 1e999}', b"[]", b"null", b'"text"',
     b"1" * 5_000, b'{"name": ' + b"9" * 5_000 + b"}"],
)  # fmt: skip
def test_a_body_that_is_no_json_of_ours_is_refused(engineer, body):
    answer = engineer.post("/models", body, Content_Type="application/json")
    assert is_problem(answer, 422, "invalid")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                  "application/xml", ""])  # fmt: skip
def test_a_body_of_another_type_is_refused(engineer, kind):
    answer = engineer.post("/models", b'{"name": "a"}', Content_Type=kind)
    assert is_problem(answer, 415, "unsupported-media-type")


def test_a_body_that_is_missing_is_told_at_the_body(engineer):
    answer = engineer.post("/models")
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/body"


def test_json_above_the_limit_is_refused_by_what_it_says_of_its_size(engineer, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = engineer.post("/models", {"name": "x" * 1000})
    assert is_problem(answer, 413, "too-large")
    assert "1,000 bytes" in answer.json()["detail"]


def test_a_body_where_none_is_asked_for_is_refused_above_the_limit_too(as_role, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50
    answer = as_role("officer").post("/trail/verification", b"x" * 51, Idempotency_Key="large")
    assert is_problem(answer, 413, "too-large")


def test_a_gigabyte_is_refused_before_it_is_read(engineer):
    """The body is a stream that nobody may read: only its announced length is looked at."""

    class Untouched:
        def read(self, *args):
            raise AssertionError("it was read")

        readline = read

    client = Client(headers={"Authorization": f"Bearer {engineer.secret}"})
    said = {"CONTENT_LENGTH": str(2**30), "CONTENT_TYPE": "application/json", "wsgi.input": Untouched()}
    answer = client.generic("POST", f"{ROOT}/models", **said)
    assert is_problem(answer, 413, "too-large")


def test_a_body_that_ends_early_is_refused(engineer):
    class Cut:
        def read(self, *args):
            raise OSError("the line was cut")

        readline = read

    client = Client(headers={"Authorization": f"Bearer {engineer.secret}"})
    said = {"CONTENT_LENGTH": "100", "CONTENT_TYPE": "application/json", "wsgi.input": Cut()}
    assert is_problem(client.generic("POST", f"{ROOT}/models", **said), 422, "invalid")


@pytest.mark.parametrize("host", ["evil.example", "localhost@evil.example", "a b", "[::1"])
def test_another_host_name_is_refused_as_a_problem(engineer, host):
    answer = engineer.get("/me", Host=host)
    assert is_problem(answer, 400, "invalid")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("sensitive", []), ("sensitive", "sex"), ("positive", "x" * 2_000), ("threshold", "high"), ("seed", -1),
     ("suppress", 0), ("options", {"explanation": {"rows": []}}), ("reference", ["sex"]), ("nonsense", 1),
     ("seed", 2**70), ("seed", True), ("threshold", "0,5"), ("threshold", "0.5"), ("drop_missing", "yes")],
)  # fmt: skip
def test_parameters_of_an_audit_are_checked_where_they_stand(engineer, world, parameter, value):
    asked = {"sensitive": ["sex"], "label": "label", "prediction": "prediction", parameter: value}
    answer = engineer.post("/audits", {"dataset": str(world.dataset.pk), "parameters": asked})
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"].startswith(f"/body/parameters/{parameter}")


@pytest.mark.parametrize(
    "asked",
    [{"sensitive": ["sex"]}, {"sensitive": ["nobody"], "prediction": "prediction"},
     {"sensitive": ["sex"], "prediction": "prediction", "score": "label"},
     {"sensitive": ["sex", "sex"], "prediction": "prediction"},
     {"sensitive": ["sex"], "prediction": "prediction", "threshold": 0.5},
     {"sensitive": ["sex"], "prediction": "prediction", "reference": {"age": "old"}},
     {"sensitive": ["sex"], "prediction": "prediction", "options": {"nothing": {}}},
     {"sensitive": ["sex"], "prediction": "prediction", "options": {"explanation": {"row": 5}}},
     {"sensitive": ["sex"], "prediction": "prediction", "options": {"explanation": {"method": "guess"}}},
     {"sensitive": ["sex"], "prediction": "prediction", "options": {"explanation": {"rows": True}}}],
)  # fmt: skip
def test_parameters_that_do_not_go_together_are_refused_in_words_of_the_api(engineer, world, asked):
    answer = engineer.post("/audits", {"dataset": str(world.dataset.pk), "parameters": asked})
    assert is_problem(answer, 422, "refused")
    assert "--" not in answer.json()["detail"]


@pytest.mark.parametrize(
    "policy",
    [{}, {"schema": "plumbline.policy/1"}, {"schema": 5}, {"rules": [1]},
     {"schema": "plumbline.policy/1", "rules": [{"id": "a", "metric": "nothing"}]}],
)  # fmt: skip
def test_a_policy_that_cannot_be_is_refused(engineer, world, policy):
    asked = {"sensitive": ["sex"], "label": "label", "prediction": "prediction"}
    body = {"dataset": str(world.dataset.pk), "parameters": asked, "policy": policy}
    assert is_problem(engineer.post("/audits", body), 422, "refused")


def test_a_policy_of_ones_own_is_kept_with_its_hash(engineer, world):
    own = engineer.get("/policies/default").json()
    own["name"], own["rules"] = "Ours", own["rules"][:1]
    asked = {"sensitive": ["sex"], "label": "label", "prediction": "prediction"}
    body = {"dataset": str(world.dataset.pk), "parameters": asked, "policy": own}
    made, again = (engineer.post("/audits", body).json() for _ in range(2))
    assert made["policy"]["name"] == "Ours"
    assert made["policy"] == again["policy"] != engineer.get(f"/audits/{world.done.pk}").json()["policy"]
    assert json.loads(json.dumps(made["parameters"]))["suppress"] == 10


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        ({}, "/body/name", "This is missing."),
        ({"name": "a", "state": 1}, "/body/state", "There is no such field."),
        ({"name": ["a"]}, "/body/name", "Give a text."),
        ({"name": ""}, "/body/name", "Give at least 1 character(s)."),
        ({"name": "x" * 10_000}, "/body/name", "Give at most 200 characters."),
        ({"name": "a", "role": "boss"}, "/body/role", "Give one of '', 'provider'"),
        ([], "/body", "Give a JSON object."),
    ],
)
def test_what_is_wrong_with_a_body_is_said_in_plain_words_and_where(engineer, body, pointer, said):
    answer = engineer.post("/models", body)
    assert is_problem(answer, 422, "invalid")
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["detail"].startswith(said)
    assert answer.json()["detail"] == f"{pointer}: {error['detail']}"


@pytest.mark.parametrize("path", ["docs", "openapi.json", "problems", "problems/invalid"])
def test_what_is_only_read_says_so_to_other_methods(path):
    answer = Client(enforce_csrf_checks=True).post(f"{ROOT}/{path}")
    assert is_problem(answer, 405, "method-not-allowed")
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize(
    "ends",
    [
        "2026-12-01T00:00:00",
        "2026-12-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        10**300,
        -1,
        "soon",
    ],
)
def test_an_end_of_a_token_that_is_no_moment_to_come_is_refused(engineer, ends):
    answer = engineer.post("/tokens", {"name": "ci", "scopes": ["read"], "expires_at": ends})
    assert answer.status_code == 422, answer.content
