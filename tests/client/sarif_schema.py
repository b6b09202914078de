"""The part of SARIF 2.1.0 that we write, as a JSON schema that lets nothing else through.

Written from the standard (OASIS, sarif-v2.1.0-errata01, sections 3.13 to 3.52): required properties, enumerations and
lower bounds are the standard's; where the standard lets a property out that code scanning needs, it is required here.
"""

from __future__ import annotations

from typing import Any


def closed(required: str, **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others; the names in `required` must be there."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


TEXT = {"type": "string", "minLength": 1}
MESSAGE = closed("text", text=TEXT)
BAG = {"type": "object", "properties": {"tags": {"type": "array", "items": TEXT, "uniqueItems": True}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~!$&'()*+,;=:@%/-]+$"}

RULE = closed(
    "id shortDescription fullDescription",
    id=TEXT,
    name={"type": "string", "pattern": r"^\S+$"},
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=closed("level", level=LEVEL),
    properties=BAG,
)
PLACE = closed(
    "physicalLocation",
    physicalLocation=closed(
        "artifactLocation region",
        artifactLocation=closed("uri", uri=URI),
        region=closed(
            "startLine", startLine={"type": "integer", "minimum": 1}, startColumn={"type": "integer", "minimum": 1}
        ),
    ),
)
RESULT = closed(
    "ruleId ruleIndex level kind message locations partialFingerprints",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    # 3.27.9: a level other than none goes with kind fail only
    kind={"const": "fail"},
    message=MESSAGE,
    locations={"type": "array", "minItems": 1, "maxItems": 1, "items": PLACE},
    partialFingerprints={"type": "object", "minProperties": 1, "additionalProperties": TEXT},
    suppressions={
        "type": "array",
        "minItems": 1,
        "items": closed(
            "kind status justification",
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification=TEXT,
        ),
    },
    properties=BAG,
)
DRIVER = closed(
    "name rules",
    name=TEXT,
    version=TEXT,
    semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
    rules={"type": "array", "uniqueItems": True, "items": RULE},
)
RUN = closed(
    "tool results",
    tool=closed("driver", driver=DRIVER),
    automationDetails=closed("id", id=TEXT),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": RESULT},
    properties=BAG,
)
SARIF: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **closed(
        "$schema version runs",
        **{
            "$schema": {"type": "string", "format": "uri"},
            "version": {"const": "2.1.0"},
            "runs": {"type": "array", "minItems": 1, "maxItems": 1, "items": RUN},
        },
    ),
}
