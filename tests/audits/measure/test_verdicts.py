"""What a rule says: an interval against a limit, who was set aside, how many rows would settle it, who is waived."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audits.measure.cells import Cube
from audits.measure.policy import load_policy, parse_policy
from audits.measure.types import Verdict
from audits.measure.verdicts import Judgement, judge
from models.errors import InputError
from tests.audits.measure.tables import counted, measure, policy

DAY = datetime.date(2026, 11, 21)


def selected(groups: Mapping[str, tuple[int, int]]) -> Cube:
    """A cube of one attribute g: of `n` rows of each group, `k` selected."""
    rows = [(g, p, k if p else n - k) for g, (k, n) in groups.items() for p in (0, 1)]
    frame = pd.DataFrame(rows, columns=["g", "p", "n"])
    return counted(frame, sensitive=("g",), prediction="p", frequency="n").cube


def judged(cube: Cube, rule: dict[str, Any], day: datetime.date = DAY, references: Any = None) -> Judgement:
    references = references or {}
    return judge(cube, measure(cube, references), policy({"id": "r"} | rule), day, references)


def verdict(cube: Cube, rule: dict[str, Any], **more: Any) -> Verdict:
    (found,) = judged(cube, rule, **more).verdicts
    return found


@pytest.mark.parametrize(
    ("gap", "outcome"), [(0, "pass"), (100, "inconclusive"), (300, "fail")], ids=["equal", "at the limit", "far apart"]
)
def test_a_rule_compares_the_interval_not_the_figure(gap: int, outcome: str) -> None:
    cube = selected({"a": (400, 1000), "b": (400 + gap, 1000)})
    found = verdict(cube, {"metric": "demographic_parity_difference", "at_most": 0.1})
    assert found.outcome == outcome
    assert (found.limit, found.direction, found.attribute) == (0.1, "at_most", "g")


def test_at_least_passes_where_the_lower_bound_reaches_the_limit_and_fails_where_the_upper_does_not() -> None:
    cube = selected({"a": (500, 1000), "b": (520, 1000)})
    interval = next(m.measurement.interval for m in measure(cube) if m.measurement.metric == "selection_rate")
    assert interval is not None
    assert interval.low is not None
    assert interval.high is not None
    low, high = interval.low, interval.high
    rule = {"metric": "selection_rate"}
    assert verdict(cube, rule | {"at_least": low}).outcome == "pass"
    assert verdict(cube, rule | {"at_least": low + 1e-6}).outcome == "inconclusive"
    assert verdict(cube, rule | {"at_least": high}).outcome == "inconclusive"
    assert verdict(cube, rule | {"at_least": high + 1e-6}).outcome == "fail"


def test_groups_under_min_n_are_set_aside_and_named_and_the_extreme_is_a_figure_of_its_own() -> None:
    cube = selected({"a": (400, 1000), "b": (410, 1000), "tiny": (9, 9)})
    found = judged(cube, {"metric": "demographic_parity_difference", "at_most": 0.1, "min_n": 100})
    (one,) = found.verdicts
    assert one.outcome == "pass"
    assert one.not_assessed == ({"g": "tiny"},)
    assert "tiny" in one.reason
    (added,) = found.added
    assert added.measurement.value == pytest.approx(0.01)
    assert added.measurement.over == ({"g": "a"}, {"g": "b"})
    assert one.measurements == (added.measurement.id,)
    assert added.measurement.id not in {m.measurement.id for m in measure(cube)}


def test_without_min_n_a_group_without_data_keeps_a_rule_from_passing() -> None:
    frame = pd.DataFrame({"g": ["a"] * 500 + ["b"] * 500 + ["c"] * 5, "y": 0, "p": 0})
    frame.loc[:999, "y"] = np.arange(1000) % 2
    frame["p"] = frame.y
    cube = counted(frame, sensitive=("g",), label="y", prediction="p").cube
    rule = {"metric": "equal_opportunity_difference", "at_most": 0.1}
    found = verdict(cube, rule)
    assert (found.outcome, found.not_assessed, found.rows_needed) == ("inconclusive", ({"g": "c"},), None)
    assert verdict(cube, rule | {"min_n": 50}).outcome == "pass"


def test_a_rule_over_groups_fails_only_at_the_level_corrected_for_their_number() -> None:
    """One of twelve groups just below 0.5 at 95% is what chance gives; at 99.6% it is not."""
    slight = selected({f"g{i:02}": (500, 1000) if i else (465, 1000) for i in range(12)})
    clear = selected({f"g{i:02}": (500, 1000) if i else (430, 1000) for i in range(12)})
    rule = {"metric": "selection_rate", "groups": True, "at_least": 0.5}
    alone = {m.measurement.group.get("g"): m for m in measure(slight) if m.measurement.metric == "selection_rate"}
    low_group = alone["g00"].measurement.interval
    assert low_group is not None
    assert low_group.high is not None
    assert low_group.high < 0.5
    assert verdict(slight, rule).outcome == "inconclusive"
    found = verdict(clear, rule)
    assert found.outcome == "fail"
    assert found.interval is not None
    assert found.interval.level == pytest.approx(1 - 0.05 / 12)


def test_a_rule_over_groups_passes_only_if_all_of_them_do() -> None:
    rule = {"metric": "selection_rate", "groups": True, "at_least": 0.4}
    assert verdict(selected({"a": (500, 1000), "b": (480, 1000)}), rule).outcome == "pass"
    assert verdict(selected({"a": (500, 1000), "b": (420, 1000)}), rule).outcome == "inconclusive"


@pytest.mark.parametrize(("failures", "outcome"), [(0, "inconclusive"), (12, "fail")])
def test_near_the_edge_the_exact_binomial_limit_decides_and_is_printed(failures: int, outcome: str) -> None:
    """300 rows and a limit of 0.01 expect 3: under ten, so Clopper and Pearson's limits and not the score's."""
    cube = selected({"a": (failures, 300), "b": (0, 1)})
    found = verdict(cube, {"metric": "selection_rate", "at_most": 0.01})
    assert found.outcome == outcome
    assert found.interval is not None
    exact = stats.binomtest(failures, 301).proportion_ci(0.95, "exact")
    assert found.interval.method == "clopper-pearson"
    assert (found.interval.low, found.interval.high) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_a_named_reference_is_judged_pairwise_and_none_by_the_extreme() -> None:
    cube = selected({"a": (500, 1000), "b": (440, 1000), "c": (430, 1000)})
    rule = {"metric": "disparate_impact", "at_least": 0.8}
    by_extreme, by_pair = judged(cube, rule), judged(cube, rule, references={"g": "a"})
    assert len(by_extreme.verdicts[0].measurements) == 1
    assert len(by_pair.verdicts[0].measurements) == 2
    # the extreme pays for choosing its pair only towards equality: both pass by the pairwise limits or neither does
    assert by_extreme.verdicts[0].outcome == by_pair.verdicts[0].outcome == "inconclusive"


def test_a_reference_with_too_few_rows_decides_nothing() -> None:
    cube = selected({"a": (20, 40), "b": (400, 1000)})
    found = verdict(cube, {"metric": "disparate_impact", "at_least": 0.8, "min_n": 100}, references={"g": "a"})
    assert (found.outcome, found.not_assessed) == ("inconclusive", ({"g": "a"}, {"g": "b"}))
    assert "g a" in found.reason


def test_a_waived_fail_stays_a_fail_until_the_day_is_over() -> None:
    cube = selected({"a": (100, 1000), "b": (900, 1000)})
    rule = {
        "metric": "demographic_parity_ratio",
        "at_least": 0.8,
        "waived_until": "2026-11-21",
        "reason": "retraining in December",
    }
    today, after = (verdict(cube, rule, day=DAY + datetime.timedelta(days=d)) for d in (0, 1))
    assert (today.outcome, today.waived) == ("fail", True)
    assert "retraining in December" in str(today.to_json()["waiver"])
    assert (after.outcome, after.waived) == ("fail", False)
    assert "waived" not in after.to_json()
    passing = verdict(selected({"a": (900, 1000), "b": (900, 1000)}), rule)
    assert (passing.outcome, passing.waived) == ("pass", False)


@pytest.mark.parametrize(
    ("sizes", "outcome", "rows"),
    [((1000, 500), "pass", None), ((1000, 50), "inconclusive", 2100), ((1000, 0), "inconclusive", None)],
)
def test_too_few_rows_never_fail_but_never_pass(sizes: tuple[int, int], outcome: str, rows: int | None) -> None:
    frame = pd.DataFrame({"g": ["a", "b"], "p": [1, 0], "n": sizes})
    cube = counted(frame, sensitive=("g",), prediction="p", frequency="n").cube
    found = verdict(cube, {"metric": "group_size", "at_least": 100})
    assert (found.outcome, found.rows_needed) == (outcome, rows)


def times(cube: Cube, factor: float) -> Cube:
    """The same shares and estimates with more rows."""
    return replace(cube, sets=tuple(replace(s, n=np.round(s.n * factor).astype(np.int64)) for s in cube.sets))


@pytest.mark.parametrize(
    "rule",
    [
        {"metric": "demographic_parity_difference", "at_most": 0.1},
        {"metric": "demographic_parity_ratio", "at_least": 0.8},
        {"metric": "disparate_impact", "at_least": 0.8},
        {"metric": "selection_rate", "at_least": 0.45},
        {"metric": "selection_rate", "at_most": 0.45, "groups": True},
        {"metric": "selection_rate", "at_least": 0.39, "groups": True},
        {"metric": "selection_rate", "at_least": 0.02},
    ],
)
@pytest.mark.parametrize("rates", [(0.43, 0.47, 0.5), (0.44, 0.52, 0.36), (0.40, 0.41, 0.42), (0.02, 0.03, 0.04)])
def test_rows_needed_settle_an_inconclusive_verdict_and_a_tenth_fewer_would_not(
    rule: dict[str, Any], rates: tuple[float, ...]
) -> None:
    cube = selected({name: (round(200 * r), 200) for name, r in zip("abc", rates, strict=True)})
    found = verdict(cube, rule)
    if found.outcome != "inconclusive":
        assert found.rows_needed is None
        return
    assert found.rows_needed is not None
    factor = found.rows_needed / cube.rows
    assert verdict(times(cube, factor * 1.04), rule).outcome in ("pass", "fail")
    if factor > 1.2:
        assert verdict(times(cube, factor * 0.9), rule).outcome == "inconclusive"


def test_no_rows_would_settle_a_figure_that_sits_at_the_threshold() -> None:
    found = verdict(
        selected({"a": (300, 1000), "b": (400, 1000)}), {"metric": "demographic_parity_difference", "at_most": 0.1}
    )
    assert (found.outcome, found.rows_needed) == ("inconclusive", None)


def test_a_constant_attribute_and_a_missing_label_are_not_applicable() -> None:
    alone = selected({"a": (300, 1000)})
    for metric in ("demographic_parity_difference", "disparate_impact"):
        assert verdict(alone, {"metric": metric, "at_most": 0.1}).outcome == "not_applicable"
    unlabelled = selected({"a": (300, 1000), "b": (400, 1000)})
    for metric in ("equalized_odds_difference", "balanced_accuracy", "roc_auc"):
        assert verdict(unlabelled, {"metric": metric, "at_least": 0.5}).outcome == "not_applicable"
    scoreless = counted(
        pd.DataFrame({"g": list("ab") * 100, "y": [0, 1, 1, 0] * 50, "p": [0, 1] * 100}),
        sensitive=("g",), label="y", prediction="p",
    ).cube  # fmt: skip
    assert verdict(scoreless, {"metric": "roc_auc", "at_least": 0.5}).outcome == "not_applicable"
    assert (
        verdict(scoreless, {"metric": "selection_rate", "at_least": 0.5, "attribute": "other"}).outcome
        == "not_applicable"
    )


def test_recall_is_judged_by_group_under_fairlearns_name() -> None:
    frame = pd.DataFrame({"g": list("ab") * 300, "y": [0, 1, 1, 0] * 150, "p": [0, 1, 1, 0] * 150})
    cube = counted(frame, sensitive=("g",), label="y", prediction="p").cube
    found = verdict(cube, {"metric": "recall", "groups": True, "at_least": 0.9})
    assert (found.outcome, len(found.measurements)) == ("pass", 2)


def test_rules_without_attribute_go_over_attributes_but_not_intersections() -> None:
    frame = pd.DataFrame({"g": list("ab") * 300, "h": list("ccdd") * 150, "p": [0, 1, 1, 0] * 150})
    cube = counted(frame, sensitive=("g", "h"), prediction="p", intersections=True).cube
    rule = {"metric": "demographic_parity_difference", "at_most": 0.1}
    assert [v.rule for v in judged(cube, rule).verdicts] == ["r[g]", "r[h]"]
    assert [v.rule for v in judged(cube, rule | {"attribute": "g*h"}).verdicts] == ["r"]
    assert [v.rule for v in judged(cube, rule | {"attribute": "h"}).verdicts] == ["r"]
    overall = judged(cube, {"metric": "selection_rate", "at_least": 0.1}).verdicts
    assert [(v.rule, v.attribute) for v in overall] == [("r", None)]


def test_suppressed_groups_count_as_not_assessed() -> None:
    from audits.measure.suppress import suppress

    frame = pd.DataFrame({"g": ["a"] * 500 + ["b"] * 500 + ["c"] * 6 + ["d"] * 30, "p": 0})
    frame.loc[::2, "p"] = 1
    shown = suppress(counted(frame, sensitive=("g",), prediction="p"), 10).cube
    found = verdict(shown, {"metric": "demographic_parity_difference", "at_most": 0.2, "min_n": 10})
    assert list(found.not_assessed) == [{"g": "c"}, {"g": "d"}]
    assert verdict(shown, {"metric": "group_size", "at_least": 5}).outcome == "inconclusive"


def test_the_default_policy_has_a_source_for_every_limit() -> None:
    default = load_policy(None)
    assert all(rule.source and rule.title for rule in default.rules)
    assert {"disparate_impact", "demographic_parity_difference", "equalized_odds_difference", "group_size"} <= {
        rule.metric for rule in default.rules
    }
    assert next(r for r in default.rules if r.metric == "disparate_impact").limit == 0.8
    assert parse_policy(default.to_json(), default.name) == default


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"metric": "selection_rate", "at_least": 0.5}, "no id"),
        ({"id": "r", "metric": "luck", "at_least": 0.5}, "names the metric 'luck'"),
        ({"id": "r", "metric": "accuracy"}, "needs one limit"),
        ({"id": "r", "metric": "accuracy", "at_least": 0.5, "at_most": 0.9}, "needs one limit"),
        ({"id": "r", "metric": "accuracy", "at_least": math.nan}, "needs one limit"),
        ({"id": "r", "metric": "accuracy", "at_least": "0.5"}, "needs one limit"),
        ({"id": "r", "metric": "accuracy", "at_least": 0.5, "min_n": 0}, "min_n"),
        ({"id": "r", "metric": "accuracy", "at_least": 0.5, "groups": "yes"}, "groups must be true or false"),
        ({"id": "r", "metric": "accuracy", "at_least": 0.5, "waived_until": "soon", "reason": "x"}, "a date such as"),
        ({"id": "r", "metric": "accuracy", "at_least": 0.5, "waived_until": "2027-01-01"}, "without a reason"),
        ({"id": "r", "metric": "accuracy", "at_last": 0.5, "at_least": 1}, "unknown keys at_last"),
    ],
)
def test_a_policy_that_is_wrong_says_which_rule_and_what(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        policy(rule)


def test_two_rules_of_one_id_and_another_schema_are_refused() -> None:
    rule = {"id": "r", "metric": "accuracy", "at_least": 0.5}
    with pytest.raises(InputError, match="two rules"):
        policy(rule, rule)
    with pytest.raises(InputError, match="schema"):
        parse_policy({"rule": [rule]}, "x")


def test_a_pass_tells_that_the_groups_it_sets_aside_are_on_the_wrong_side() -> None:
    cube = selected({"a": (400, 1000), "b": (410, 1000), "tiny": (60, 60)})
    one = verdict(cube, {"metric": "demographic_parity_difference", "at_most": 0.1, "min_n": 100})
    assert one.outcome == "pass"
    assert "With the groups set aside it would be" in one.reason


def test_rows_that_bring_the_small_groups_in_are_told() -> None:
    cube = selected({"a": (40, 90), "b": (41, 90), "tiny": (4, 9)})
    one = verdict(cube, {"metric": "demographic_parity_difference", "at_most": 0.3, "min_n": 100})
    assert one.outcome == "inconclusive"
    assert one.rows_needed is not None
    assert one.rows_needed >= 100 / 90 * 189


def test_a_constant_attribute_has_no_rule_on_its_size() -> None:
    assert (
        verdict(selected({"only": (400, 1000)}), {"metric": "group_size", "at_least": 100}).outcome == "not_applicable"
    )


def test_enough_rows_of_either_label_are_counted_by_group() -> None:
    rows = [("a", y, p, 500) for y in (0, 1) for p in (0, 1)] + [("b", 0, 0, 900), ("b", 1, 1, 40)]
    cube = counted(
        pd.DataFrame(rows, columns=["g", "y", "p", "n"]), sensitive=("g",), label="y", prediction="p", frequency="n"
    ).cube
    one = verdict(cube, {"metric": "label_size", "at_least": 100})
    assert one.outcome == "inconclusive"
    assert "g b (40)" in one.reason
    assert verdict(cube, {"metric": "label_size", "at_least": 40}).outcome == "pass"
    assert (
        verdict(selected({"a": (4, 9), "b": (3, 9)}), {"metric": "label_size", "at_least": 1}).outcome
        == "not_applicable"
    )


def test_a_reference_without_favourable_outcomes_is_the_reason_told() -> None:
    cube = selected({"a": (400, 1000), "b": (410, 1000), "none": (0, 1000)})
    one = verdict(cube, {"metric": "disparate_impact", "at_least": 0.8, "min_n": 100}, references={"g": "none"})
    assert one.outcome == "inconclusive"
    assert one.reason.startswith("The reference group's rate is 0.")
