"""The API's description, OpenAPI 3.1: what the types do not say (problems, headers, scopes) is added to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.rest.examples import asked, example
from models.rest.problems import KINDS, MEDIA_TYPE, Kind
from models.rest.router import Told

if TYPE_CHECKING:
    from models.rest.edge import Api

PROBLEM = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 says it. Programs decide by `type`.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "enum": [kind.address for kind in KINDS.values()]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "existing": {"type": "string", "description": "Id of what is there already, of a conflict."},
    },
}
ALWAYS = ("unauthenticated", "forbidden", "insufficient-scope", "invalid", "rate-limited", "internal", "unavailable")
SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of your own, made in your profile: plb_..."},
    "session": {
        "type": "apiKey", "in": "cookie", "name": "sessionid",
        "description": "The browser's session, for the service's own pages; changes need the header X-CSRFToken too.",
    },
}  # fmt: skip


def header(name: str, description: str, example: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    """A request's header, as a parameter of an operation."""
    text = {"type": "string", **schema}
    said = {"in": "header", "name": name, "required": required, "description": description}
    return {**said, "schema": text, "example": example}


KEY = header(
    "Idempotency-Key",
    "Repeat the request with the same key, and it is done once; kept for 24 hours.",
    "9b2f0c1e-import-of-monday",
    minLength=1,
    maxLength=200,
    pattern="^[ -~]+$",
)
MATCH = header(
    "If-Match", "The ETag of what you got, so that nobody's change is lost; * for any.", "*", required=True
)  # fmt: skip
DIGEST = header(
    "Content-Digest",
    "SHA-256 of the bytes that are sent (RFC 9530).",
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    required=True,
    pattern="^sha-256=:[A-Za-z0-9+/]{43}=:$",
)
NONE_MATCH = header(
    "If-None-Match",
    "An ETag that you have: the answer is 304 where nothing changed.",
    '"0123456789abcdef0123456789abcdef"',
)
PREFER = header(
    "Prefer", "wait=N: answer once the job is finished, or after N seconds (at most 60).", "wait=30"
)  # fmt: skip


def completed(schema: dict[str, Any], api: Api) -> dict[str, Any]:
    """The whole description; the same object, changed."""
    schema["paths"] = dict(sorted(schema["paths"].items()))
    schema["components"]["securitySchemes"] = SECURITY
    schemas = schema["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    examples = {kind.slug: {"value": problem_example(kind)} for kind in KINDS.values()}
    schema["components"] |= {"schemas": dict(sorted(schemas.items())), "examples": examples}
    for ways in schema["paths"].values():
        ways.pop("head", None)  # it goes without saying, wherever there is GET
    for operation in api.operations():
        told: Told = operation.view_func.told  # type: ignore[attr-defined]
        method = operation.methods[0]
        about = found(schema, operation.operation_id, method)
        complete(about, told, method, schemas)
        about["security"] = [{"token": []}, {"session": []}]
        about["x-action"], about["x-scope"] = told.action, api.scope_of.get(told.action)
    return schema


def found(schema: dict[str, Any], ident: str | None, method: str) -> dict[str, Any]:
    """The operation's own part; by id, which no two have."""
    every = (path[method.lower()] for path in schema["paths"].values() if method.lower() in path)
    return next(about for about in every if about["operationId"] == ident)


def complete(about: dict[str, Any], told: Told, method: str, schemas: dict[str, Any]) -> None:
    if told.once:
        about["parameters"].append(KEY)
    if told.match:
        about["parameters"].append(MATCH)
    if told.waits:
        about["parameters"].append(PREFER)
    if method == "GET":
        about["parameters"].append(NONE_MATCH)
        about["responses"][304] = {"description": "It is as the ETag in If-None-Match says."}
    if told.raw:
        if "checksum-mismatch" in told.problems:
            about["parameters"].append(DIGEST)
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        about["requestBody"] = {"required": True, "content": content}
    for status, media in (told.media or {}).items():
        content = {each.partition(";")[0]: {"schema": schema_of(each)} for each in (media.type, *media.others)}
        about["responses"][status] |= {"description": media.description, "content": content}
    add_examples(about, schemas)
    add_problems(about, told, method)
    about["responses"] = {str(status): about["responses"][status] for status in sorted(about["responses"])}


def schema_of(media_type: str) -> dict[str, str]:
    if media_type == "application/json":
        return {"type": "object"}
    return {"type": "string"} if media_type.startswith("text/") else {"type": "string", "format": "binary"}


def add_examples(about: dict[str, Any], schemas: dict[str, Any]) -> None:
    for answer in about["responses"].values():
        if part := answer.get("content", {}).get("application/json"):
            part["example"] = example(part["schema"], schemas)
    if part := about.get("requestBody", {}).get("content", {}).get("application/json"):
        part["example"] = asked(part["schema"], schemas)
    for parameter in about["parameters"]:
        if "example" not in parameter and "examples" not in parameter and parameter["required"]:
            parameter["example"] = example(parameter["schema"], schemas)
        parameter.pop("examples", None)


def add_problems(about: dict[str, Any], told: Told, method: str) -> None:
    """Each status once, with every kind that it can be."""
    slugs = {*ALWAYS, *told.problems}
    if any(parameter["in"] == "path" for parameter in about["parameters"]):
        slugs.add("not-found")
    if about.get("requestBody"):
        slugs |= {"too-large", "unsupported-media-type", "refused", "not-found"}
    if told.once:
        slugs |= {"idempotency-key-reused", "idempotency-in-progress", "conflict", "too-large"}
    if told.match:
        slugs |= {"precondition-failed", "precondition-required", "conflict"}
    for kind in sorted((KINDS[slug] for slug in slugs), key=lambda kind: kind.status):
        answer = about["responses"].setdefault(kind.status, problem_answer())
        answer["description"] = ". ".join(filter(None, [answer["description"], kind.title]))
        answer["content"][MEDIA_TYPE]["examples"][kind.slug] = {"$ref": f"#/components/examples/{kind.slug}"}


def problem_answer() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": "", "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}}}


def problem_example(kind: Kind) -> dict[str, Any]:
    said = {"type": kind.address, "title": kind.title, "status": kind.status, "detail": kind.meaning}
    return {**said, "instance": "/api/v1/models"}


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and what is said of it, for whoever reads the description."""
    return [(method.upper(), path, about) for path, ways in schema["paths"].items() for method, about in ways.items()]
