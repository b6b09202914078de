"""Two audits compared: directions, the promise on false alarms, what is named instead of guessed."""

from __future__ import annotations

import copy
import json
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from audits.compare.compare import compare
from audits.compare.levels import Levels
from audits.compare.types import Comparison, Row, Side
from audits.compare.words import markdown
from audits.measure.policy import parse_policy
from models.errors import InputError
from tests.audits.compare.audits import RULES, audit, drawn

SEED = 20261121
# label 0 and 1, by prediction 0 and 1
EVEN = [[160, 40], [60, 140]]
BEFORE = audit([EVEN, EVEN, EVEN])
DIFFERENCES = [rule for rule in RULES["rules"] if rule["id"] in ("parity", "odds", "found", "accurate")]


def row(found: Comparison, metric: str, group: str | None = None) -> Row:
    wanted = {"by": group} if group else {}
    return next(r for r in found.rows if r.metric == metric and dict(r.group) == wanted)


def test_the_same_audit_twice_has_changed_in_nothing():
    found = compare(BEFORE, copy.deepcopy(BEFORE))
    assert {r.direction for r in found.rows} == {"same"}
    assert found.verdicts == ()
    assert found.worse == ()
    assert all(r.difference.value == 0 for r in found.rows)


def test_a_worse_group_is_found_by_every_metrics_own_good_direction():
    now = audit([EVEN, EVEN, [[110, 90], [130, 70]]])
    found = compare(BEFORE, now)
    assert row(found, "true_positive_rate", "c").direction == "worse"
    assert row(found, "false_positive_rate", "c").direction == "worse"
    assert row(found, "false_positive_rate", "c").difference.value > 0
    assert row(found, "equalized_odds_difference").direction == "worse"
    assert row(found, "true_positive_rate", "a").direction == "same"
    assert {r.direction for r in compare(now, BEFORE).rows if r.metric.startswith("equalized")} == {"better"}


def test_a_metric_without_a_good_direction_changes_without_being_better_or_worse():
    found = row(compare(BEFORE, audit([EVEN, EVEN, [[60, 140], [20, 180]]])), "selection_rate", "c")
    assert found.changed
    assert found.direction == "unclear"


def test_a_ratio_is_judged_by_its_distance_from_one():
    """From 0.5 of the reference's rate to 1.5 times it is no worse; from 1 to 1.9 times is."""
    named = {"reference": {"by": "a"}}
    few, even, more, most = ([[200 - s, s], [200 - s, s]] for s in (45, 90, 135, 171))
    before = audit([even, few, even], **named)
    assert row(compare(before, audit([even, more, even], **named)), "disparate_impact", "b").direction == "better"
    worse = compare(audit([even, even, even], **named), audit([even, most, even], **named))
    found = row(worse, "disparate_impact", "b")
    assert (found.direction, found.difference.value > 0) == ("worse", True)


def test_rows_stand_worst_first_and_those_that_rules_rest_on_before_others():
    found = compare(BEFORE, audit([EVEN, [[190, 10], [20, 180]], [[110, 90], [130, 70]]]))
    order = [r.direction for r in found.rows]
    assert order == sorted(order, key=("worse", "better", "unclear", "same").index)
    worse = [r.rule is None for r in found.rows if r.direction == "worse"]
    assert worse == sorted(worse)
    assert list(found.worse) == [r for r in found.rows if r.rule and r.direction == "worse"]


def test_figures_of_a_rule_over_several_are_widened_and_say_so():
    found = compare(BEFORE, audit([EVEN, EVEN, [[150, 50], [75, 125]]]))
    of_rule, exploratory = row(found, "true_positive_rate", "c"), row(found, "precision", "c")
    assert (of_rule.rule, of_rule.adjusted) == ("found", True)
    assert of_rule.level == pytest.approx(1 - 0.05 / 3)
    assert (exploratory.rule, exploratory.adjusted, exploratory.level) == (None, False, 0.95)
    assert any("exploratory" in note for note in found.notes)
    assert any("at most one time in twenty" in note for note in found.notes)


def test_rules_that_count_rows_rest_on_no_estimate():
    found = compare(BEFORE, audit([EVEN, EVEN, [[150, 50], [75, 125]]]))
    assert "enough" not in {r.rule for r in found.rows}


def test_a_rule_raises_a_false_alarm_at_most_one_time_in_twenty():
    """Nothing changed but the draw; without the correction a rule over six groups would alarm one time in four."""
    rng, draws, alarms = np.random.default_rng([SEED, 1]), 120, Counter[str]()
    rates, policy = [(0.4, 0.7, 0.2)] * 6, parse_policy({**RULES, "rules": DIFFERENCES}, "drawn")
    for _ in range(draws):
        found = compare(*(audit(drawn(rng, n, rates), policy=policy) for n in (250, 700)))
        alarms.update({r.rule for r in found.rows if r.rule and r.direction in ("worse", "better")})
    bound = stats.binom.ppf(1 - 1e-4, draws, 0.05)
    assert all(alarms[rule["id"]] <= bound for rule in DIFFERENCES), alarms
    assert stats.binom.cdf(bound, draws, 1 - 0.95**6) < 0.01


def test_what_really_got_worse_is_seen():
    rng, seen = np.random.default_rng([SEED, 2]), 0
    good, bad = [(0.4, 0.7, 0.2)] * 3, [(0.4, 0.7, 0.2)] * 2 + [(0.4, 0.45, 0.2)]
    for _ in range(10):
        found = compare(*(audit(drawn(rng, 700, rates)) for rates in (good, bad)))
        seen += row(found, "true_positive_rate", "c").direction == "worse"
    assert seen >= 9


def test_verdicts_that_changed_are_told_with_their_titles():
    found = compare(BEFORE, audit([EVEN, EVEN, [[10, 190], [5, 195]]]))
    changes = {c.rule: (c.before, c.now) for c in found.verdicts}
    assert changes["parity"] == ("pass", "fail")
    assert "parity" in found.summary


def test_another_limit_of_a_rule_is_named_instead_of_a_change():
    rules = copy.deepcopy(RULES)
    rules["rules"][0]["at_most"] = 0.3
    now = audit([EVEN, EVEN, [[10, 190], [5, 195]]], policy=parse_policy(rules, "other"))
    found = compare(BEFORE, now)
    assert "parity" not in {c.rule for c in found.verdicts}
    [named] = [each for each in found.not_compared if each.title == "The rule parity"]
    assert "at_most was 0.1, is 0.3" in named.reason


def test_another_positive_value_makes_two_audits_incomparable():
    found = compare(BEFORE, audit([EVEN, EVEN, EVEN], positive="0"))
    assert not found.comparable
    assert found.rows == ()
    assert "positive value differs (1 then, 0 now)" in found.summary


def test_other_groups_are_named_and_disparities_over_them_left_out():
    found = compare(BEFORE, audit({"a": EVEN, "b": EVEN, "d": EVEN}))
    assert not [r for r in found.rows if r.metric == "demographic_parity_difference"]
    reasons = {each.title: each.reason for each in found.not_compared}
    assert reasons["Demographic parity difference by by"] == "the groups are others: c and d"
    assert reasons["Accuracy, by: d"] == "it stands in the current audit only"
    assert reasons["Accuracy, by: c"] == "it stands in the earlier audit only"
    assert row(found, "accuracy", "a").direction == "same"


def test_a_figure_that_is_hidden_on_one_side_is_named():
    now = copy.deepcopy(BEFORE)
    hidden = next(m for m in now["measurements"] if m["metric"] == "accuracy" and m["group"] == {"by": "b"})
    hidden.update(value=None, interval=None, n=None, reason="suppressed")
    found = compare(BEFORE, now)
    assert {
        "title": "Accuracy, by: b",
        "reason": "in the current audit it is hidden (too few rows)",
    } in found.to_json()["not_compared"]


def test_a_reference_that_the_data_picked_otherwise_is_not_compared():
    low, high = [[180, 20], [100, 100]], [[140, 60], [40, 160]]
    found = compare(audit([low, high, low]), audit([high, low, low]))
    reasons = {each.title: each.reason for each in found.not_compared}
    assert "it was measured against b and is measured against a" in reasons.values()


def test_another_label_leaves_only_what_needs_none():
    now = copy.deepcopy(BEFORE)
    now["provenance"]["parameters"]["label"] = "repaid"
    found = compare(BEFORE, now)
    assert {r.metric for r in found.rows} <= {
        "selection_rate", "demographic_parity_difference", "demographic_parity_ratio", "disparate_impact"
    }  # fmt: skip
    assert any("label differs (label then, repaid now)" in note for note in found.notes)


def test_the_same_rows_are_said_to_be_paired_and_other_rows_to_be_others():
    assert any("same rows" in note for note in compare(BEFORE, BEFORE).notes)
    assert any("different files" in note for note in compare(BEFORE, {**BEFORE, "inputs": [{"sha256": "3"}]}).notes)


def test_another_threshold_is_named():
    now = copy.deepcopy(BEFORE)
    for one, threshold in ((now, 0.4), (before := copy.deepcopy(BEFORE), 0.5)):
        one["provenance"]["parameters"] |= {"prediction": None, "score": "score", "threshold": threshold}
    assert any("threshold differs (0.5 then, 0.4 now)" in note for note in compare(before, now).notes)


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": "other"},
        {"measurements": None},
        {"cube": {}},
        {"measurements": [{"id": 1}]},
        {"provenance": {}},
        {"inputs": [7]},
    ],
)
def test_damaged_evidence_is_refused_in_words(damage):
    for pair in ((BEFORE, {**BEFORE, **damage}), ({**BEFORE, **damage}, BEFORE)):
        with pytest.raises(InputError):
            compare(*pair)


def test_a_figure_that_its_counts_do_not_give_is_refused():
    """The corrected level is worked out from the counts, which must be those of the printed figure."""
    forged = copy.deepcopy(BEFORE)
    figure = next(m for m in forged["measurements"] if m["metric"] == "true_positive_rate" and m["group"])
    figure["value"] += 0.05
    with pytest.raises(InputError, match="cannot be worked out"):
        compare(BEFORE, forged)


def test_limits_at_another_level_are_those_that_the_counts_give():
    """A rate and a ratio are worked out from what is printed, other figures from the cube; all as the audit would."""
    before = audit([EVEN, [[150, 50], [70, 130]], [[170, 30], [50, 150]]], reference={"by": "a"})
    levels = Levels(before)
    compared = 0
    for m in before["measurements"]:
        if m["interval"] and m["interval"]["method"] != "by definition":
            compared += 1
            low, high = levels.estimates[m["id"]].limits(0.99)
            found = levels.span(m, 0.99)
            assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9), m["metric"]
    assert compared > 40


def test_the_json_has_what_was_agreed_and_no_number_that_json_lacks():
    sides = (Side("one", "First"), Side("two", "Second"))
    text = json.dumps(
        compare(BEFORE, audit([EVEN, EVEN, [[10, 190], [5, 195]]]), sides=sides).to_json(), allow_nan=False
    )
    found = json.loads(text)
    assert found["baseline"] == {"id": "one", "title": "First"}
    assert set(found) >= {"comparable", "notes", "rows", "verdicts", "worse", "summary"}
    assert {"value", "low", "high", "n"} == set(found["rows"][0]["baseline"])
    assert {"value", "low", "high", "level"} == set(found["rows"][0]["difference"])
    assert found["worse"]


def test_names_are_inert_in_markdown():
    odd = "<img src=x>|`*[a](b)"
    found = compare(audit({"a": EVEN, odd: EVEN}), audit({"a": EVEN, odd: [[10, 190], [5, 195]]}))
    text = markdown(found)
    assert odd not in text
    assert "<img" not in text
    assert all(line.count("|") == 6 for line in text.splitlines() if line.startswith("| "))
