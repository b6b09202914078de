"""Comparing with an audit's JSON in a file. The science of it comes with the service; a server does it for its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from plumbline_client.errors import InvalidInput
from plumbline_client.gate.judged import SCHEMA

ENTRY_POINTS = "plumbline.compare"
MOST_BYTES = 1 << 30


def read_audit(path: Path) -> dict[str, Any]:
    """An audit's JSON. InvalidInput where it is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path} is too large to be an audit.")
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(f"The baseline {path} cannot be read as an audit's JSON: {error}.") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise InvalidInput(f"The baseline {path} is no audit: its schema is not {SCHEMA}.")
    return data


def compare_with_file(path: Path, current: dict[str, Any]) -> dict[str, Any]:
    """The comparison's JSON. InvalidInput where the file is no audit, or the service is not installed here."""
    baseline = read_audit(path)
    found = list(entry_points(group=ENTRY_POINTS))
    if not found:
        raise InvalidInput(
            "Comparing with a file needs the service installed here. Give the id of an audit on the server instead."
        )
    compare: Callable[[dict[str, Any], dict[str, Any]], Any] = found[0].load()
    result: dict[str, Any] = compare(baseline, current).to_json()
    return result
