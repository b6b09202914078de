"""The API's documentation as one page, made from its description: no script, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja.openapi.docs import DocsBase

from models.rest.openapi import operations
from models.rest.problems import KINDS

if TYPE_CHECKING:
    from models.rest.edge import Api

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    steps: list[str]
    scope: str | None
    about: dict[str, Any]
    parameters: list[Field]
    fields: list[Field]
    body: str
    answers: list[tuple[str, str, str]]
    curl: str


class DocumentationPage(DocsBase):
    def render_page(self, request: HttpRequest, api: Any, **kwargs: Any) -> HttpResponse:
        return page(request, api=api)


@require_safe
def page(request: HttpRequest, api: Api) -> HttpResponse:
    schema = api.get_openapi_schema()
    groups: dict[str, list[Shown]] = {}
    for method, path, about in operations(schema):
        groups.setdefault(about["tags"][0], []).append(shown(method, path, about, schema["components"]["schemas"]))
    said = {"schema": schema, "groups": groups, "kinds": KINDS.values(), "here": request.build_absolute_uri("/")[:-1]}
    return render(request, "rest/docs.html", said)


def shown(method: str, path: str, about: dict[str, Any], schemas: dict[str, Any]) -> Shown:
    body = about.get("requestBody", {}).get("content", {})
    fields = list(fields_of(body[JSON]["schema"], schemas)) if JSON in body else []
    parameters = [
        Field(each["name"], f"{type_of(each['schema'])}, {each['in']}", each["required"], each.get("description", ""))
        for each in about["parameters"]
    ]
    sent = text(body[JSON]["example"]) if JSON in body else ""
    return Shown(
        id=about["operationId"],
        method=method,
        path=path,
        steps=path.split("/")[1:],
        scope=about["x-scope"],
        about=about,
        parameters=parameters,
        fields=fields,
        body=sent,
        answers=list(answers(about)),
        curl=curl(method, path, about, sent),
    )


def answers(about: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Status, what it is, and once an example of what succeeds."""
    shown = False
    for status, answer in about["responses"].items():
        example = answer.get("content", {}).get(JSON, {}).get("example")
        wanted = example is not None and status < "300" and not shown
        shown = shown or wanted
        yield status, answer["description"], text(example) if wanted else ""


def fields_of(schema: dict[str, Any], schemas: dict[str, Any], within: str = "") -> Iterator[Field]:
    """Those of an object, and of the objects in it with a dot between."""
    found = resolved(schema, schemas)
    for name, part in found.get("properties", {}).items():
        yield Field(within + name, type_of(part), name in found.get("required", ()), part.get("description", ""))
        inner = next((each for each in (part, *part.get("anyOf", [])) if "$ref" in each), None)
        if inner:
            yield from fields_of(inner, schemas, f"{within}{name}.")


def resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return schemas[schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def type_of(schema: dict[str, Any]) -> str:
    """In a word or two: `list of text`, `one of read, run`."""
    if "$ref" in schema:
        return "object"
    for several in ("anyOf", "allOf", "oneOf"):
        if several in schema:
            kinds = [type_of(each) for each in schema[several] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema or "const" in schema:
        return "one of " + ", ".join(map(str, schema.get("enum") or [schema["const"]]))
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}
    kind = schema.get("type", "any")
    return {"uuid": "id", "date-time": "time"}.get(schema.get("format", ""), words.get(kind, kind))


def curl(method: str, path: str, about: dict[str, Any], body: str) -> str:
    """A command that can be run once the id in braces is filled in."""
    parts = ["curl"] if method == "GET" else ["curl", "-X", method]
    parts.append('-H "Authorization: Bearer $TOKEN"')
    parts += [f"-H '{each['name']}: {each['example']}'" for each in about["parameters"]
              if each["in"] == "header" and (each["required"] or each["name"] == "Idempotency-Key")]  # fmt: skip
    if body:
        parts += ["-H 'Content-Type: application/json'", "-d '" + compact(body) + "'"]
    elif about.get("requestBody"):
        parts += ["-H 'Content-Type: application/octet-stream'", "--data-binary @part"]
    return " ".join([*parts, f'"$PLUMBLINE{path}"'])


def compact(body: str) -> str:
    return json.dumps(json.loads(body), ensure_ascii=False).replace("'", "'\\''")


def text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
