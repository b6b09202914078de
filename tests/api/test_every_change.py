"""Every operation that changes something writes into the trail who did what, in the same breath."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from models.trail.models import Entry
from models.trail.verify import verify_chain
from tests.api.conftest import ROOT, Caller
from tests.api.ways import WAYS
from tests.pages import ready
from tests.pages.ready import Changes

# What keeps no act of anybody: bytes on their way, which the job that registers them tells of (tests/models/registry),
# and what somebody has read.
UNTOLD = {
    "create_upload", "put_upload_part", "complete_upload", "abandon_upload",
    "create_model_version", "register_model", "create_dataset_version", "register_dataset",
    "see_notice",
}  # fmt: skip
TOLD = [name for name, way in WAYS.items() if not way.is_read and name not in UNTOLD]
READY: dict[str, Callable[[Any], object]] = {
    "attach_evidence": ready.without_evidence,
    "start_obligation_audit": ready.asked_before,
    "add_system_part": ready.without_part,
    "create_assessment": ready.none_open,
    "change_assessment": ready.sent_back,
    "submit_assessment": ready.sent_back,
    "print_assessment": ready.sent_back,
    "reopen_risk": ready.closed_risk,
    "reopen_incident": ready.closed_incident,
}
BODIES: dict[str, Callable[[Any], Any]] = {"decide_risk_proposal": lambda w: {"finding": ready.finding(w)}}
QUERIES = {"import_systems": "?dry_run=false"}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_changed_by_the_api_stands_in_the_trail(name, world):
    way, user = WAYS[name], world.people[WAYS[name].role]
    READY.get(name, lambda world: None)(world)
    body, address = BODIES.get(name, way.body)(world), way.address(world) + QUERIES.get(name, "")
    caller = session(user) if way.by_person else Caller(user, world.organisation)
    with Changes() as changes:
        answer = caller(way.method, address, body, **way.headers)
    assert answer.status_code < 300, answer.content
    assert changes.entries, f"{name} changed {changes.tables or 'nothing'} and the trail says nothing of it"
    entries = Entry.objects.of(world.organisation).order_by("-sequence")[: changes.entries]
    assert {entry.actor_id for entry in entries} <= {user.pk, None}  # None: the job that follows from it
    assert user.pk in {entry.actor_id for entry in entries}
    assert verify_chain(world.organisation).whole


@pytest.mark.parametrize("name", sorted(UNTOLD))
def test_what_is_not_told_of_changes_nothing_that_matters(name, world):
    way = WAYS[name]
    caller = Caller(world.people[way.role], world.organisation)
    address, body = way.address(world), way.body(world)
    with Changes() as changes:
        caller(way.method, address, body, **way.headers)
    assert changes.tables <= {"registry_upload", "registry_uploadpart", "reviews_notice", "accounts_token"}


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.is_read])
def test_what_only_reads_changes_nothing(name, world):
    way = WAYS[name]
    caller, address = Caller(world.people[way.role], world.organisation), way.address(world)
    with Changes() as changes:
        caller(way.method, address, **way.headers)
    assert (changes.tables - {"accounts_token"}, changes.entries) == (set(), 0)


def session(user: Any) -> Callable[..., Any]:
    """A person in a browser, for what no token can do."""
    client = Client()
    client.force_login(user)

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = b"" if body is None else json.dumps(body)
        return client.generic(method, ROOT + path, data, "application/json", headers=headers)

    return call
