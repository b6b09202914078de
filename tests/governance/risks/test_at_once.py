"""Several people at one risk, incident or statement at once, on both databases: each is kept or told, none is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.service import ROOT
from tests.governance.assessments.test_guard import service
from tests.governance.risks.desk import HANDS, REFUSED

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with service(request.param, tmp_path_factory.mktemp(request.param)) as made:
        line = [sys.executable, "-m", "tests.governance.risks.desk"]
        done = subprocess.run(line, cwd=ROOT, env=made.environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("what", ["risks begun", "incidents begun", "told"])
def test_those_who_register_at_once_get_numbers_of_their_own(found: dict[str, Any], what: str) -> None:
    assert found[what] == [str(number) for number in range(1, HANDS + 1)]


@pytest.mark.parametrize(("what", "kept"), [("risk changed", "2"), ("incident changed", "2"), ("written", "1")])
def test_of_those_who_save_over_the_same_version_one_does_and_the_others_are_told(
    found: dict[str, Any], what: str, kept: str
) -> None:
    assert found[what] == [kept] + ["Stale"] * (HANDS - 1)


def test_what_remains_is_accepted_once_and_an_incident_is_closed_once(found: dict[str, Any]) -> None:
    assert found["risk accepted"] == ["Stale", "accepted"]
    assert found["closed"] == ["InputError"] * (HANDS - 1) + ["Mended."]


def test_the_database_refuses_what_would_change_what_was_told_or_written(found: dict[str, Any]) -> None:
    assert set(found["refused"]) == set(REFUSED)
    kept = {statement: said for statement, said in found["refused"].items() if "risks_risk" not in statement}
    assert set(kept.values()) == {"it never changes"}
    (doubled,) = (said for statement, said in found["refused"].items() if "risks_risk" in statement)
    assert "unique" in doubled.lower()
