"""Risk assessments for programs: written and frozen by token, signed by a person who is there and has read it."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from governance.assessments import signing
from tests.api.ways import ANY

ROOT = "/api/v1"


@pytest.fixture
def signed_in(world):
    def call(role: str, path: str, body: dict):
        client = Client()
        client.force_login(world.people[role])
        return client.post(f"{ROOT}{path}", json.dumps(body), "application/json")

    return call


def test_a_draft_is_written_and_frozen_by_token_and_signed_by_a_person(world, as_role, signed_in):
    signing.approve(world.people["approver"], world.assessment, world.assessment.sha256)
    officer = as_role("officer")
    begun = officer("POST", "/assessments", {"system": str(world.system.pk), "as_of": "2026-11-21"})
    assert begun.status_code == 201
    at = f"/assessments/{begun.json()['id']}"
    written = officer("PATCH", at, {"not_assessed": "Night shifts."}, **ANY["headers"])
    assert written.json()["snapshot"]["not_assessed"]["own"] == "Night shifts."
    assert officer("PATCH", at, {"summary": "Late"}, **{"If-Match": begun["ETag"]}).status_code == 412
    frozen = officer("POST", f"{at}/submit", None).json()
    assert frozen["state"] == "in review"
    assert signed_in("officer", f"{at}/approve", {"sha256": frozen["sha256"]}).status_code == 403
    assert signed_in("approver", f"{at}/approve", {"sha256": "0" * 64}).status_code == 409
    done = signed_in("approver", f"{at}/approve", {"sha256": frozen["sha256"], "decision": "Yes."}).json()
    assert (done["state"], done["decision"], done["authors"].count(done["approved_by"]["id"])) == (
        "approved",
        "Yes.",
        0,
    )
    assert officer.get(f"{at}/report.pdf").status_code == 404  # its job has not run


def test_everybody_who_reads_it_may_comment_and_no_token_for_reading_alone(world, as_role):
    at = f"/assessments/{world.assessment.pk}/comments"
    for role in ("approver", "auditor", "engineer"):
        answer = as_role(role)("POST", at, {"text": f"By the {role}."})
        assert (answer.status_code, answer.json()["author"]["id"]) == (201, str(world.people[role].pk))
    refused = as_role("approver", "read")("POST", at, {"text": "By who only reads."})
    assert refused.status_code == 403
    assert "scope govern" in refused.json()["detail"]
