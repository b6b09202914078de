"""The furnished organisations of the page tests, asked by tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from models.accounts.models import Organisation, User
from models.accounts.scopes import SCOPES
from models.accounts.tokens import issue
from models.rest.rates import METER
from tests.pages.conftest import elsewhere, files, kept, made, world

__all__ = ["elsewhere", "files", "kept", "made", "world"]
ROOT = "/api/v1"


class Caller:
    """A program with a token; addresses are those below /api/v1."""

    def __init__(self, user: User, at: Organisation, *scopes: str) -> None:
        self.token, self.secret = issue(user, at, "test", scopes or SCOPES)
        self.client = Client()

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body`: bytes as they are, anything else as JSON. Headers by their names, with _ for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Authorization", f"Bearer {self.secret}")
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        kind = sent.pop("Content-Type", kind)
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        address = path if path.startswith(ROOT) else ROOT + path
        return self.client.generic(method, address, data, kind if data else "", headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self("DELETE", path, **headers)


@pytest.fixture(autouse=True)
def fresh_meter():
    METER.forget()


@pytest.fixture
def as_role(world):
    """A caller with a token of the person who has the role."""

    def made_for(role: str, *scopes: str) -> Caller:
        return Caller(world.people[role], world.organisation, *scopes)

    return made_for


@pytest.fixture
def engineer(as_role) -> Caller:
    return as_role("engineer")


@pytest.fixture
def administrator(as_role) -> Caller:
    return as_role("administrator")


def is_problem(answer: Any, status: int, slug: str) -> bool:
    """Whether it is problem details of this kind, whole."""
    assert answer["Content-Type"] == "application/problem+json", (answer.status_code, answer.content[:300])
    said = answer.json()
    assert (answer.status_code, said["type"]) == (status, f"{ROOT}/problems/{slug}"), said
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    assert said["instance"].startswith("/api")
    return True
