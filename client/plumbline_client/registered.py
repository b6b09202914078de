"""What datasets, models and predictions share: asking for a registration, and what came of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from plumbline_client.connection import Connection
from plumbline_client.errors import JobFailed
from plumbline_client.records import Job, read_as


def start(connection: Connection, path: str, body: Mapping[str, Any]) -> Job:
    return read_as(Job, connection.post(path, {key: value for key, value in body.items() if value is not None}))


def version_of(done: Job, kind: str) -> str:
    """The id of the version that a registration made, or found: the same bytes are one version."""
    ident = (done.result or {}).get(f"{kind}_version")
    if not isinstance(ident, str):
        raise JobFailed(f"{done.title or done.kind} ended without a version.", done)
    return ident


def warn_of_another(asked: str, found: str, done: Job) -> None:
    """The bytes were registered before under another name, which is the one that they keep."""
    if " ".join(asked.split()) != found:
        warnings.warn(str((done.result or {}).get("message") or "The same file was registered before."), stacklevel=3)
