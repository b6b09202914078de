"""What to do about a rule that fails or cannot be decided: where to look, never why it is so."""

from __future__ import annotations

import copy

import pytest

from audits.report.next_steps import CHECK, TRY, for_all, next_steps
from audits.report.reading import Reading
from tests.audits.compare.audits import audit

GOOD, BAD = [[160, 40], [60, 140]], [[20, 180], [4, 196]]
FAILING = audit({"men": GOOD, "women": BAD})


def step(found, rule):
    return next(each for each in found if each.rule == rule)


def test_an_audit_that_passes_asks_for_nothing():
    passing = Reading(audit([[[1600, 400], [200, 1800]]] * 2))
    assert (next_steps(passing), for_all(passing)) == ((), ())


def test_a_disparity_that_fails_names_the_groups_at_both_ends_and_no_cause():
    said = step(next_steps(Reading(FAILING)), "parity")
    assert said.metric == "demographic_parity_difference"
    assert "94.0%" in said.todo[0]
    assert "women" in said.todo[0]
    assert "men" in said.todo[0]
    assert for_all(Reading(FAILING)) == (CHECK, TRY)
    assert "not its cause" in CHECK


def test_fails_come_before_what_is_open():
    tones = [each.tone for each in next_steps(Reading(audit({"men": GOOD, "women": [[150, 50], [50, 150]], "x": BAD})))]
    assert tones == sorted(tones, key=("fail", "waived", "inconclusive").index)


def test_what_is_open_says_how_many_rows_would_settle_it():
    few = audit([[[16, 4], [6, 14]], [[12, 8], [8, 12]]])
    verdict = next(v for v in few["verdicts"] if v["rule"] == "parity")
    assert verdict["outcome"] == "inconclusive"
    few["data"]["rows_used"] = 80
    said = step(next_steps(Reading(few)), "parity").todo
    assert any("rows of the same kind would settle it; this audit has 80." in line for line in said)


def test_what_no_number_of_rows_settles_says_so():
    few = copy.deepcopy(audit([[[16, 4], [6, 14]], [[12, 8], [8, 12]]]))
    next(v for v in few["verdicts"] if v["rule"] == "parity")["rows_needed"] = None
    assert any("no number of rows can be named" in line for line in step(next_steps(Reading(few)), "parity").todo)


def test_a_waived_fail_says_until_when():
    waived = copy.deepcopy(FAILING)
    verdict = next(v for v in waived["verdicts"] if v["rule"] == "parity")
    verdict.update(waived=True, waiver="Waived until 2027-01-31: agreed")
    said = step(next_steps(Reading(waived)), "parity")
    assert said.tone == "waived"
    assert said.todo[0] == "Waived until 2027-01-31: agreed."


def test_too_few_rows_name_the_groups():
    said = step(next_steps(Reading(audit({"men": GOOD, "women": [[2, 1], [1, 2]]}))), "enough")
    assert "women" in said.todo[0]
    assert "Bring more rows" in said.todo[1]


@pytest.mark.parametrize("rule", ["found", "accurate"])
def test_a_rate_that_fails_says_where_to_look(rule):
    poor = audit({"men": [[160, 40], [140, 60]], "women": [[40, 160], [190, 10]]})
    said = step(next_steps(Reading(poor)), rule)
    assert said.todo[0].startswith("Look")
    assert ("women" in said.todo[0]) == (rule == "found")
