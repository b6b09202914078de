"""What was signed stays as it was signed, whoever has their hands in the database; of two signatures one counts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.service import ROOT, Service, embedded, postgres_url, servers
from tests.governance.assessments import desk

pytestmark = pytest.mark.timeout(240)
REFUSAL = "what was signed never changes"


@contextlib.contextmanager
def service(database: str, folder: Path) -> Iterator[Service]:
    if database == "sqlite":
        with embedded(folder) as made:
            yield made
        return
    postgres = postgres_url()
    if postgres is None:
        pytest.skip("PLUMBLINE_TEST_POSTGRES names no service")
    with servers(folder, postgres, "filesystem://") as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with service(request.param, tmp_path_factory.mktemp(request.param)) as made:
        line = [sys.executable, "-m", "tests.governance.assessments.desk"]
        done = subprocess.run(line, cwd=ROOT, env=made.environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_database_refuses_to_change_what_is_in_review(found: dict[str, Any]) -> None:
    assert found["in review"] == dict.fromkeys(desk.IN_REVIEW, REFUSAL)


def test_the_database_refuses_to_change_or_delete_what_was_signed(found: dict[str, Any]) -> None:
    assert set(desk.SIGNED) < found["signed"].keys()
    assert set(found["signed"].values()) == {REFUSAL}
    assert set(found["superseded"].values()) == {REFUSAL}


def test_its_pdf_can_be_made_again_and_an_account_deleted_and_names_stay(found: dict[str, Any]) -> None:
    assert set(found["allowed"].values()) == {""}
    assert found["sent by the officer"]
    assert found["intact"]


def test_of_two_who_sign_at_once_one_does_and_the_other_is_told(found: dict[str, Any]) -> None:
    told = "InputError: This assessment is approved; it would have to be in review."
    assert found["at once"] == [told, "approved"]


def test_a_later_signature_supersedes_an_earlier_one(found: dict[str, Any]) -> None:
    assert found["states"] == [[1, "superseded"], [2, "approved"]]
