"""Several people at one questionnaire at once, on both databases: each is kept or told, and history stays as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.service import ROOT
from tests.governance.assessments.test_guard import service
from tests.governance.systems.desk import HANDS, REFUSED

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with service(request.param, tmp_path_factory.mktemp(request.param)) as made:
        line = [sys.executable, "-m", "tests.governance.systems.desk"]
        done = subprocess.run(line, cwd=ROOT, env=made.environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_of_those_who_answer_the_same_question_one_is_kept_and_the_others_are_told(found: dict[str, Any]) -> None:
    assert found["same question"] == ["1"] + ["StaleAnswer"] * (HANDS - 1)


def test_of_those_who_answer_other_questions_nothing_is_lost(found: dict[str, Any]) -> None:
    assert found["other questions"] == [str(number) for number in range(2, HANDS + 2)]
    assert found["kept"] == {"all": True, "left": 0}


def test_each_class_that_is_recorded_has_a_number_of_its_own(found: dict[str, Any]) -> None:
    assert found["classified"] == [str(number) for number in range(1, HANDS + 1)]


def test_no_class_rests_on_answers_that_nobody_looked_at(found: dict[str, Any]) -> None:
    looked_at, changed = str(HANDS + 1), str(HANDS + 2)
    outcomes = found["changed and classified"]
    assert outcomes.count(changed) == 1
    assert set(outcomes) <= {looked_at, changed, "StaleAnswers"}


def test_the_database_refuses_to_change_answers_and_classes(found: dict[str, Any]) -> None:
    assert set(found["refused"]) == set(REFUSED)
    doubled = [said for statement, said in found["refused"].items() if statement.startswith("INSERT")]
    others = [said for statement, said in found["refused"].items() if not statement.startswith("INSERT")]
    assert set(others) == {"it never changes"}
    # SQLite's trigger sees what would replace a row before the constraint does
    assert all("unique" in said.lower() or said == "it never changes" for said in doubled)
