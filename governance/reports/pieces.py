"""The hash of each thing that an assessment tells, so that a check can name which of them was changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audits.report.evidence import canonical_bytes, sha256

Json = Mapping[str, Any]
SHOWN = 16  # hex digits; the hash of the whole decides, these only name


def pieces(told: Json) -> dict[str, str]:
    """By path, such as `risks[2]` and `audits[0].measurements[3]`."""
    return {path: sha256(canonical_bytes({"": value}))[:SHOWN] for path, value in walked(told, "", 2)}


def walked(value: Any, path: str, lists: int) -> Iterator[tuple[str, Any]]:
    """Down through mappings and through so many lists."""
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            yield from walked(value[key], f"{path}.{key}" if path else key, lists)
    elif isinstance(value, list) and lists and value:
        for number, each in enumerate(value):
            deep = isinstance(each, Mapping) and any(isinstance(inner, list) and inner for inner in each.values())
            if deep and lists > 1:
                yield from walked(each, f"{path}[{number}]", lists - 1)
            else:
                yield f"{path}[{number}]", each
    else:
        yield path, value
