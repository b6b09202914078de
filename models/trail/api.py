"""The API of this room: what was done, by whom."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from ninja import Query
from pydantic import BaseModel, Field

from models.rest.paging import PageQuery, listed
from models.rest.records import ApiRequest, Day, Listed, Moment, Person, Record
from models.rest.router import Media, Router
from models.trail.export import exported
from models.trail.models import Checkpoint, Entry
from models.trail.narrowing import narrowed

router = Router(tags=["Trail"])


class Thing(Record):
    type: str = Field(examples=["registry.model"])
    id: str
    name: str


class EntryRecord(Record):
    sequence: int = Field(description="Its place in the organisation's chain.")
    at: Moment
    actor: Person | None = Field(description="Null for what the service did by itself.")
    acted_for: Person | None = Field(description="In whose role the actor did it, by delegation; null for their own.")
    verb: str = Field(examples=["registered"])
    object: Thing
    facts: dict[str, Any] = Field(examples=[{}])
    previous: str = Field(description="Hash of the entry before.", examples=["0" * 64])
    hash: str = Field(description="SHA-256 of the entry as it was written.", examples=["0" * 64])


class Narrowed(BaseModel):
    """What of the trail is asked for."""

    object_type: str | None = Field(None, max_length=60, examples=["registry.model"])
    object_id: str | None = Field(None, max_length=64)
    verb: str | None = Field(None, max_length=60)
    actor: str | None = Field(
        None, pattern="^([0-9]{1,18}|none)$", description="A person's id; none for what the service did by itself."
    )
    since: Day | None = Field(None, description="The first day, in UTC.", examples=["2026-11-01"])
    until: Day | None = Field(None, description="The last day.", examples=["2026-11-30"])

    def said(self) -> dict[str, Any]:
        return self.model_dump(include=set(Narrowed.model_fields), exclude_none=True)


class TrailQuery(Narrowed, PageQuery):
    pass


class CheckpointRecord(Record):
    sequence: int = Field(description="How many entries there were.")
    hash: str = Field(description="Of the last of them.", examples=["0" * 64])
    at: Moment
    key: str = Field(description="The key's id: the SHA-256 of the public key begins with it.", examples=["0" * 16])
    public_key: str = Field(description="Ed25519, 32 bytes in base64.", examples=["A" * 43 + "="])
    statement: str = Field(description="What was signed, as it was signed.")
    signature: str = Field(description="Base64.", examples=["A" * 86 + "=="])


def checkpoint_record(row: Checkpoint) -> CheckpointRecord:
    return CheckpointRecord.model_validate({name: getattr(row, name) for name in CheckpointRecord.model_fields})


def entry_record(entry: Entry) -> EntryRecord:
    body = json.loads(entry.body)
    who, what = body["actor"], body["object"]
    return EntryRecord(
        sequence=entry.sequence,
        at=entry.at,
        actor=Person(id=str(who["id"]), name=who["name"]) if who["id"] is not None else None,
        acted_for=Person(id=str(who["for"]["id"]), name=who["for"]["name"]) if "for" in who else None,
        verb=entry.verb,
        object=Thing(type=what["type"], id=str(what["id"]), name=what["name"]),
        facts=body["facts"],
        previous=entry.previous,
        hash=entry.hash,
    )


@router.on("GET", "/trail", {200: Listed[EntryRecord]}, action="read trail")
def list_trail(request: ApiRequest, query: Query[TrailQuery]) -> HttpResponse:
    """List the trail, the newest first.

    Every act of the organisation; each entry holds the hash of the one before.
    """
    rows = Entry.objects.of(request.organisation)
    return listed(request, narrowed(rows, **query.said()), query, entry_record, ["-sequence"])


@router.on("GET", "/trail/checkpoints", {200: Listed[CheckpointRecord]}, action="read trail")
def list_checkpoints(request: ApiRequest, query: Query[PageQuery]) -> HttpResponse:
    """List the heads that were signed, the newest first.

    The key is not in the database. Whoever keeps one of these can tell later whether the trail was written anew.
    """
    return listed(request, Checkpoint.objects.of(request.organisation), query, checkpoint_record, ["-pk"])


@router.on("GET", "/trail/export", {200: Media("application/json", "The trail.")}, action="read trail")
def export_trail(request: ApiRequest, query: Query[Narrowed]) -> StreamingHttpResponse:
    """Get the trail as one JSON document that can be checked without the service, the oldest entry first.

    Each entry stands in it as it was hashed; how_to_check says how. Narrowed to some entries it is not complete, and
    says so.
    """
    entries = narrowed(Entry.objects.of(request.organisation), **query.said())
    document = exported(request.organisation, entries, filtered=any(query.said().values()))
    response = StreamingHttpResponse(document, content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="trail.json"'
    return response
