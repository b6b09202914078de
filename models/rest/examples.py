"""An example of a JSON schema, made from the examples of its parts."""

from __future__ import annotations

from typing import Any

BY_FORMAT = {
    "uuid": "6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10",
    "date": "2026-11-21",
    "date-time": "2026-11-21T14:30:00Z",
    "uri": "https://example.org/hook",
    "email": "ada@example.org",
    "binary": "",
}
BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 0.5, "boolean": True, "null": None}


def example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A value that the schema allows: what its parts give as examples, else the simplest of their kind."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example(schema[several][0], schemas)
    for one in ("const", "default"):
        if one in schema:
            return schema[one]
    if "enum" in schema:
        return schema["enum"][0]
    return plain(schema, schemas)


def asked(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The same of a body that is sent, without what need not be said."""
    if "$ref" in schema:
        return asked(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    if "properties" not in schema:
        return example(schema, schemas)
    needed = schema.get("required", ())
    shown = {name: part for name, part in schema["properties"].items() if name in needed or "examples" in part}
    said = {name: asked(part, schemas) for name, part in shown.items()}
    return {name: value for name, value in said.items() if name in needed or value is not None}


def plain(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {name: example(part, schemas) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema["items"], schemas)] if schema.get("items") else []
    if kind == "string" and "format" in schema:
        return BY_FORMAT.get(schema["format"], "text")
    if kind in ("integer", "number"):
        return schema.get("minimum", BY_TYPE[kind])
    return BY_TYPE.get(str(kind))
