"""Two people change the board at once, on either database: nothing is lost, and what was brought never changes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.service import ROOT
from tests.governance.assessments.test_guard import service
from tests.governance.obligations import desk

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with service(request.param, tmp_path_factory.mktemp(request.param)) as made:
        line = [sys.executable, "-m", "tests.governance.obligations.desk"]
        done = subprocess.run(line, cwd=ROOT, env=made.environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_of_two_who_save_at_once_one_does_and_the_other_is_told(found: dict[str, Any]) -> None:
    assert found["saved"] == ["", "Stale: Somebody changed this obligation meanwhile. Nothing of yours was saved."]


def test_of_two_who_bring_the_next_version_at_once_one_does_and_the_other_is_told(found: dict[str, Any]) -> None:
    assert found["replaced"] == ["", "InputError: There is a newer version of it already. Replace that one."]
    assert found["versions"] == [1, 2]


def test_what_two_attach_at_once_is_attached_once(found: dict[str, Any]) -> None:
    assert (found["attached"], found["supports"]) == (["", ""], 1)


def test_acts_that_do_not_touch_each_other_both_happen_and_stand_in_the_trail(found: dict[str, Any]) -> None:
    assert found["acted"] == ["", ""]
    assert found["trail"][:2] == ["changed", "evidence attached"]
    assert sorted(found["trail"][2:]) == ["changed", "evidence attached"]
    assert found["broken"] == ""


def test_the_database_finds_stale_what_the_board_does(found: dict[str, Any]) -> None:
    assert found["stale"] == [["art-9-2-a"], ["art-9-2-a"]]  # the newer version is attached to art-9-1 alone


def test_the_database_refuses_to_change_evidence(found: dict[str, Any]) -> None:
    assert found["refused"] == dict.fromkeys(desk.REFUSED, True)
