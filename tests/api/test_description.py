"""The description (OpenAPI 3.1), its page, and the pages about problems."""

from __future__ import annotations

import json
import re
from collections import Counter

import jsonschema
import pytest
from django.test import Client

from models.accounts.scopes import SCOPE_OF, SCOPES
from models.rest.problems import KINDS, Kind
from models.rest.records import Asked, Record
from tests.api.conftest import ROOT, is_problem
from tests.api.ways import WAYS


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads(Client().get(f"{ROOT}/openapi.json").content)


def operations(schema):
    for path, ways in schema["paths"].items():
        for method, about in ways.items():
            yield method, path, about


def validator(schema, part):
    """A JSON schema of the description, with the components that it refers to."""
    return jsonschema.Draft202012Validator({**part, "components": schema["components"]})


def test_it_is_openapi_3_1_by_the_standards_own_schema(schema):
    from schemathesis.specs.openapi import definitions

    assert schema["openapi"] == "3.1.0"
    definitions.OPENAPI_31_VALIDATOR.validate(schema)
    for part in schema["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(part)


def test_no_two_types_of_the_api_have_one_name():
    """The description knows each by its name alone: of two, one would be told as the other."""
    kinds = {each for base in (Record, Asked) for each in under(base) if "[" not in each.__name__}
    names = Counter(each.__name__ for each in kinds)
    assert [name for name, times in names.items() if times > 1] == []


def under(base):
    for each in base.__subclasses__():
        yield each
        yield from under(each)


def test_every_operation_says_what_a_program_needs(schema):
    seen = set()
    for method, path, about in operations(schema):
        name = about["operationId"]
        assert name not in seen
        seen.add(name)
        assert path.startswith(f"{ROOT}/")
        assert about["summary"], name
        assert about["tags"], name
        assert about["security"] == [{"token": []}, {"session": []}], name
        assert about["x-scope"] == SCOPE_OF[about["x-action"]], name
        assert about["x-scope"] in SCOPES or WAYS[name].by_person, name
        assert {"401", "403", "422", "429", "500"} <= set(about["responses"]), name
        named = set(re.findall(r"\{(\w+)\}", path))
        assert {p["name"] for p in about["parameters"] if p["in"] == "path"} == named, name
        assert ("404" in about["responses"]) >= bool(named), name
        headers = {p["name"] for p in about["parameters"] if p["in"] == "header"}
        assert ("If-Match" in headers) == bool(WAYS[name].headers.get("If-Match")), name
        assert ("If-None-Match" in headers) == (method == "get"), name


def test_every_post_that_creates_or_starts_takes_an_idempotency_key(schema):
    for method, _, about in operations(schema):
        keyed = any(p["name"] == "Idempotency-Key" for p in about["parameters"])
        harmless = about["operationId"] in ("cancel_job", "complete_upload")
        assert keyed == (method == "post" and not harmless), about["operationId"]


def test_errors_are_problem_details_everywhere_with_an_example_of_each(schema):
    examples = schema["components"]["examples"]
    check = validator(schema, {"$ref": "#/components/schemas/Problem"})
    assert set(examples) == set(KINDS)
    for each in examples.values():
        check.validate(each["value"])
    for _, _, about in operations(schema):
        for status, answer in about["responses"].items():
            if status < "400":
                continue
            (content,) = answer["content"].items()
            assert content[0] == "application/problem+json"
            for slug, ref in content[1]["examples"].items():
                assert ref == {"$ref": f"#/components/examples/{slug}"}
                assert KINDS[slug].status == int(status)


def test_every_example_is_one(schema):
    """Each body that is sent and each that comes back, by the schema that it is an example of."""
    count = 0
    for _, _, about in operations(schema):
        answers = [answer.get("content", {}) for answer in about["responses"].values()]
        for content in (*answers, about.get("requestBody", {}).get("content", {})):
            if "application/json" in content and "$ref" in json.dumps(content["application/json"]["schema"]):
                part = content["application/json"]
                validator(schema, part["schema"]).validate(part["example"])
                count += 1
    assert count > 50


# with facts as they were recorded, and hashed
AS_HASHED = ("list_trail", "get_assessment")


def test_what_comes_back_is_what_is_described(schema, engineer, administrator, world):
    for name, way in WAYS.items():
        if not way.is_read:
            continue
        caller = administrator if way.role in ("administrator", "officer") else engineer
        answer = caller.get(way.address(world))
        (about,) = (a for _, _, a in operations(schema) if a["operationId"] == name)
        kind = answer["Content-Type"].split(";")[0]
        described = about["responses"][str(answer.status_code)]["content"][kind]["schema"]
        if kind == "application/json" and not answer.streaming:
            said = answer.json()
            validator(schema, described).validate(said)
            # all other times end in Z
            assert name in AS_HASHED or not re.search(rb"\d\+00:00\"", answer.content), name
    assert about


def test_records_that_are_read_have_nothing_that_is_not_described(schema, engineer, world):
    for name in ("get_model", "get_dataset", "get_audit", "get_job", "get_me", "get_report", "get_upload"):
        (about,) = (a for _, _, a in operations(schema) if a["operationId"] == name)
        part = about["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
        said = engineer.get(WAYS[name].address(world)).json()
        assert set(said) == set(schema["components"]["schemas"][part]["properties"]), name


@pytest.mark.django_db
def test_the_page_tells_of_every_operation_and_fetches_nothing_from_elsewhere(schema, client):
    answer = client.get(f"{ROOT}/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    for _, path, about in operations(schema):
        assert f'id="{about["operationId"]}"' in page
        assert path.replace("/", "/<wbr>") in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=\"/static/)", page)
    assert not re.findall(r'(?:src|href)="(?!/|#)[^"]*"', page)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.slug)
def test_every_kind_of_problem_has_a_page_at_its_type(client, kind: Kind):
    answer = client.get(kind.address)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    page = answer.content.decode()
    assert kind.slug in page
    assert kind.title in page.replace("&#x27;", "'")
    assert kind.address in client.get(f"{ROOT}/problems").content.decode()


@pytest.mark.django_db
def test_a_kind_that_there_is_not_is_no_page(client):
    assert is_problem(client.get(f"{ROOT}/problems/nonsense"), 404, "not-found")


@pytest.mark.django_db
def test_no_link_of_these_pages_is_dead(client):
    left, seen = [f"{ROOT}/docs", f"{ROOT}/problems"], set()
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code in (200, 302), path
        if path.startswith(ROOT) and "html" in answer["Content-Type"]:
            page = answer.content.decode()
            for target, anchor in re.findall(r'href="(/[^"#]*)?(#[^"]*)?"', page):
                assert target or f'id="{anchor[1:]}"' in page, (path, anchor)
                if target and not target.startswith("/static/"):
                    left.append(target)
    assert len([path for path in seen if "/problems/" in path]) == len(KINDS)


def test_a_fault_is_a_problem_that_tells_nothing(engineer, monkeypatch):
    def fault(*args, **kwargs):
        raise RuntimeError("a secret of the machine: /etc/passwd")

    monkeypatch.setattr("audits.api.load_policy", fault)
    engineer.client.raise_request_exception = False
    answer = engineer.get("/policies/default")
    assert is_problem(answer, 500, "internal")
    assert "secret" not in answer.content.decode()


def test_a_database_that_does_not_answer_is_told_and_tried_again_later(engineer, monkeypatch):
    from django.db import OperationalError

    def away(*args, **kwargs):
        raise OperationalError("connection refused to 10.0.0.5")

    monkeypatch.setattr("audits.api.load_policy", away)
    answer = engineer.get("/policies/default")
    assert is_problem(answer, 503, "unavailable")
    assert answer["Retry-After"] == "5"
    assert "10.0.0.5" not in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "status", "slug"), [("StorageFull", 507, "storage-full"), ("StorageError", 503, "unavailable")]
)
def test_a_store_that_is_full_or_away_is_told(engineer, world, monkeypatch, error, status, slug):
    from models.registry.blobs import store

    def fails(*args, **kwargs):
        raise getattr(store, error)("There is no room left.")

    monkeypatch.setattr("models.registry.api_uploads.put_part", fails)
    from tests.api.ways import EMPTY, upload

    answer = engineer.put(f"/uploads/{upload(world).pk}/parts/0", b"1234", Content_Digest=EMPTY)
    assert is_problem(answer, status, slug)
