"""The contract of the audit's JSON, line by line: keys, names, ids, groups, n, and what is not applicable and why."""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audits.run.audit import Material, run_audit
from audits.run.parameters import Parameters
from audits.run.recompute import recompute
from models.errors import InputError
from tests.audits.measure.tables import audit, credit, figure, policy, spread, value

RATES = {
    "base_rate", "selection_rate", "true_positive_rate", "false_positive_rate", "true_negative_rate",
    "false_negative_rate", "precision", "accuracy",
}  # fmt: skip
PERFORMANCE = {
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "log_loss", "brier_score",
    "calibration_error",
}  # fmt: skip
DISPARITIES = {
    "demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference",
    "equalized_odds_difference", "equalized_odds_ratio", "disparate_impact",
}  # fmt: skip
ASKED: dict[str, Any] = {"sensitive": ("sex", "region"), "label": "label", "score": "score"}


@pytest.fixture(scope="module")
def lending(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    frame = credit(1_500)
    frame.loc[:39, "region"] = None
    return audit(frame, tmp_path_factory.mktemp("lending"), intersections=True, **ASKED)


def of_kind(result: dict[str, Any], **wanted: Any) -> list[dict[str, Any]]:
    return [m for m in result["measurements"] if all(m.get(k) == v for k, v in wanted.items())]


def test_the_top_level_has_the_promised_keys(lending: dict[str, Any]) -> None:
    assert lending["schema"] == "plumbline.audit/1"
    assert {"schema", "inputs", "measurements", "verdicts", "cube", "provenance"} <= set(lending)
    (given,) = lending["inputs"]
    assert given["rows"] == 1_500
    assert len(given["sha256"]) == 64
    assert {"version", "seed", "started", "parameters", "libraries"} <= set(lending["provenance"])
    assert lending["cube"]["schema"] == "plumbline.cube/1"
    started = datetime.datetime.fromisoformat(lending["provenance"]["started"])
    assert started.utcoffset() == datetime.timedelta(0)


def test_every_measurement_has_the_promised_keys_and_its_value_lies_in_its_interval(lending: dict[str, Any]) -> None:
    for m in lending["measurements"]:
        assert {"id", "check", "metric", "group", "value", "interval", "n"} <= set(m)
        assert m["check"] in ("fairness", "performance", "explanation")
        if m["value"] is None:
            assert m["interval"] is None
            assert m["reason"]
            continue
        interval = m["interval"]
        assert set(interval) == {"low", "high", "level", "method"}
        assert interval["level"] == 0.95
        assert interval["low"] is None or interval["low"] <= m["value"] + 1e-12, m
        assert interval["high"] is None or m["value"] <= interval["high"] + 1e-12, m
        assert m["n"] > 0


def test_every_promised_metric_is_there_for_everybody_and_by_attribute(lending: dict[str, Any]) -> None:
    whole = {m["metric"] for m in lending["measurements"] if m["group"] == {} and "attribute" not in m}
    assert whole >= RATES | PERFORMANCE
    for attribute in ("sex", "region", "sex*region"):
        names = {m["metric"] for m in of_kind(lending, attribute=attribute, group={})}
        # a rule's min_n makes figures of its own, with names of their own
        assert {name for name in names if "_min_n_" not in name} == DISPARITIES
    for group in ({"sex": "f"}, {"region": "a"}, {"sex": "m", "region": "b"}, {"region": "(missing)"}):
        assert {m["metric"] for m in of_kind(lending, group=group)} >= RATES


def test_disparate_impact_is_there_for_each_group_with_its_reference(lending: dict[str, Any]) -> None:
    rates = {g: value(lending, "selection_rate", {"region": g}) for g in ("a", "b", "c", "(missing)")}
    best = max(rates, key=rates.__getitem__)
    for group, rate in rates.items():
        found = figure(lending, "disparate_impact", {"region": group}, "region")
        assert found["reference"] == {"region": best}
        assert found["value"] == pytest.approx(rate / rates[best], abs=1e-12)


def test_ids_are_unique_and_the_same_from_run_to_run_whatever_the_data(lending: dict[str, Any], tmp_path: Path) -> None:
    ids = [m["id"] for m in lending["measurements"]]
    assert len(ids) == len(set(ids))
    frame = credit(1_500, seed=99)
    frame.loc[:39, "region"] = None
    again = audit(frame, tmp_path, intersections=True, **ASKED)
    assert [m["id"] for m in again["measurements"]] == ids
    assert figure(lending, "selection_rate")["id"] == figure(again, "selection_rate")["id"]


def test_verdicts_rest_on_measurements_that_are_there(lending: dict[str, Any]) -> None:
    ids = {m["id"] for m in lending["measurements"]}
    assert lending["verdicts"]
    for verdict in lending["verdicts"]:
        assert verdict["outcome"] in ("pass", "fail", "inconclusive", "not_applicable")
        assert verdict["reason"]
        assert set(verdict["measurements"]) <= ids
        assert ("rows_needed" in verdict) == (verdict["outcome"] == "inconclusive")
    names = [v["rule"] for v in lending["verdicts"]]
    assert len(names) == len(set(names))
    assert {"four-fifths[sex]", "four-fifths[region]", "better-than-chance"} <= set(names)


def test_n_is_the_denominator_and_for_a_disparity_the_sum_over_its_groups(lending: dict[str, Any]) -> None:
    frame = credit(1_500)
    frame.loc[:39, "region"] = None
    frame = frame.assign(p=frame.score >= 0.5)
    assert figure(lending, "selection_rate")["n"] == 1_500
    assert figure(lending, "selection_rate", {"region": "(missing)"})["n"] == 40
    assert figure(lending, "true_positive_rate")["n"] == (frame.label == 1).sum()
    assert figure(lending, "false_positive_rate", {"sex": "f"})["n"] == ((frame.label == 0) & (frame.sex == "f")).sum()
    assert figure(lending, "precision")["n"] == frame.p.sum()
    assert figure(lending, "demographic_parity_difference", attribute="sex")["n"] == 1_500
    assert figure(lending, "equal_opportunity_difference", attribute="sex")["n"] == (frame.label == 1).sum()
    assert figure(lending, "equalized_odds_difference", attribute="sex")["n"] == 1_500


def test_the_json_holds_no_nan_and_no_infinity(lending: dict[str, Any], tmp_path: Path) -> None:
    assert json.loads(json.dumps(lending, allow_nan=False)) == lending
    empty = pd.DataFrame({"g": ["a", "a", "b", "c"], "y": [0, 1, 1, 0], "s": [0.0, 0.0, 1.0, 0.1]})
    few = audit(empty, tmp_path, sensitive=("g",), label="y", score="s", cross_check=True)
    assert json.loads(json.dumps(few, allow_nan=False)) == few


def test_everything_but_the_explanation_is_recomputed_from_the_json_alone(lending: dict[str, Any]) -> None:
    again = recompute(json.loads(json.dumps(lending)))
    assert again["measurements"] == [m for m in lending["measurements"] if m["check"] != "explanation"]
    assert again["verdicts"] == lending["verdicts"]


@pytest.mark.parametrize("suppress", [None, 10])
@pytest.mark.parametrize("more", [{"frequency": "times"}, {"weight": "w"}, {"favourable": "0"}])
def test_it_is_recomputed_too_with_weights_and_suppression(
    tmp_path: Path, suppress: int | None, more: dict[str, Any]
) -> None:
    frame = credit(1_200).assign(times=2, w=1.25)
    found = audit(frame, tmp_path, suppress=suppress, **ASKED, **more)
    again = recompute(json.loads(json.dumps(found)))
    assert again["measurements"] == [m for m in found["measurements"] if m["check"] != "explanation"]
    assert again["verdicts"] == found["verdicts"]


def test_without_a_label_selection_is_measured_and_the_rest_says_why_not(tmp_path: Path) -> None:
    frame = credit(800)
    found = audit(frame, tmp_path, sensitive=("region",), prediction="prediction")
    assert value(found, "selection_rate", {"region": "a"}) is not None
    assert value(found, "demographic_parity_difference", attribute="region") is not None
    assert value(found, "disparate_impact", attribute="region") is not None
    for name in ("true_positive_rate", "base_rate", "equalized_odds_difference", "balanced_accuracy", "roc_auc"):
        attribute = "region" if name in DISPARITIES else None
        one = figure(found, name, attribute=attribute)
        assert (one["value"], one["interval"]) == (None, None)
        assert one["reason"] == "no label with two values was given"
    outcomes = {v["rule"]: v["outcome"] for v in found["verdicts"]}
    assert outcomes["equalized-odds"] == outcomes["better-than-chance"] == "not_applicable"
    assert outcomes["demographic-parity"] != "not_applicable"


def test_a_label_of_one_value_is_like_none(tmp_path: Path) -> None:
    found = audit(credit(300).assign(label=1), tmp_path, sensitive=("region",), label="label", prediction="prediction")
    assert value(found, "selection_rate") is not None
    assert value(found, "accuracy") is None
    assert any("only one value" in sentence for sentence in found["warnings"])
    reasons = {m.get("reason") for m in found["measurements"]}
    assert "the label has only one value" in reasons
    assert not [r for r in reasons if r and "was given" in r and "label" in r]
    needing = [v for v in found["verdicts"] if v["outcome"] == "not_applicable"]
    assert needing
    assert {v["reason"].split(".")[0] for v in needing} == {"The label has only one value"}
    again = recompute(found)
    assert (again["measurements"], again["verdicts"]) == (found["measurements"], found["verdicts"])


def test_many_scores_at_the_threshold_itself_are_told_of(tmp_path: Path) -> None:
    frame = credit(1_000).assign(score=lambda f: f.score.mask(f.score == 0.5, 0.501))
    for tied, told in ((10, []), (11, ["11 rows score exactly the threshold 0.5 and count as positive."])):
        frame.loc[: tied - 1, "score"] = 0.5
        found = audit(frame, tmp_path, **ASKED)
        assert [w for w in found["warnings"] if "exactly the threshold" in w] == told
        assert recompute(found)["warnings"] == found["warnings"]


def test_a_constant_attribute_is_not_applicable(tmp_path: Path) -> None:
    found = audit(credit(300).assign(sex="f"), tmp_path, **ASKED)
    one = figure(found, "demographic_parity_difference", attribute="sex")
    assert one["value"] is None
    assert "only one group" in one["reason"]
    outcomes = {v["rule"]: v["outcome"] for v in found["verdicts"]}
    assert outcomes["four-fifths[sex]"] == outcomes["demographic-parity[sex]"] == "not_applicable"
    assert outcomes["four-fifths[region]"] != "not_applicable"


def test_a_figure_over_nothing_is_null_with_its_reason_and_a_missing_bound_is_null(tmp_path: Path) -> None:
    frame = pd.DataFrame({"g": ["a"] * 40 + ["b"] * 40, "y": [0, 1] * 40, "p": [1, 0] * 20 + [0] * 40})
    found = audit(frame, tmp_path, sensitive=("g",), label="y", prediction="p", reference={"g": "b"})
    precision = figure(found, "precision", {"g": "b"})
    assert (precision["value"], precision["interval"], precision["reason"]) == (
        None,
        None,
        "no row is predicted positive",
    )
    impact = figure(found, "disparate_impact", {"g": "a"}, "g")
    assert (impact["value"], impact["reason"]) == (None, "the reference group's rate is 0")
    # over nearly nothing the ratio exists and its upper bound need not
    frame.loc[40, "p"] = 1
    found = audit(frame, tmp_path, sensitive=("g",), label="y", prediction="p", reference={"g": "b"})
    impact = figure(found, "disparate_impact", {"g": "a"}, "g")
    assert impact["value"] == pytest.approx(20.0)
    assert impact["interval"]["high"] is None or impact["interval"]["high"] > 50


def test_rates_speak_of_the_positive_value_and_disparate_impact_of_the_favourable_one(tmp_path: Path) -> None:
    frame = credit(1_000)
    found = audit(frame, tmp_path, favourable="0", **ASKED)
    chosen = {g: 1 - value(found, "selection_rate", {"region": g}) for g in "abc"}
    best = max(chosen, key=chosen.__getitem__)
    for group, rate in chosen.items():
        one = figure(found, "disparate_impact", {"region": group}, "region")
        assert one["reference"] == {"region": best}
        assert one["value"] == pytest.approx(rate / chosen[best], abs=1e-12)
    rates = [value(found, "selection_rate", {"region": g}) for g in "abc"]
    assert value(found, "demographic_parity_ratio", attribute="region") == pytest.approx(min(rates) / max(rates))


def test_a_reference_is_taken_as_given_and_refused_where_nobody_has_it(tmp_path: Path) -> None:
    found = audit(credit(600), tmp_path, reference={"region": "b"}, **ASKED)
    assert figure(found, "disparate_impact", {"region": "a"}, "region")["reference"] == {"region": "b"}
    itself = figure(found, "disparate_impact", {"region": "b"}, "region")
    assert (itself["value"], itself["interval"]["low"], itself["interval"]["high"]) == (1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="no such group"):
        audit(credit(600), tmp_path, reference={"region": "B"}, **ASKED)


def test_positive_is_a_score_at_or_above_the_threshold_which_defaults_to_a_half(tmp_path: Path) -> None:
    frame = credit(600)
    for threshold, at in ((None, 0.5), (0.7, 0.7)):
        found = audit(frame, tmp_path, threshold=threshold, **ASKED)
        assert value(found, "selection_rate") == pytest.approx((frame.score >= at).mean(), abs=1e-12)
        assert found["provenance"]["parameters"]["threshold"] == at


def test_scores_outside_0_and_1_need_a_threshold_and_have_no_calibration(tmp_path: Path) -> None:
    frame = credit(600).assign(score=lambda f: 100 * f.score)
    with pytest.raises(InputError, match="--threshold"):
        audit(frame, tmp_path, **ASKED)
    found = audit(frame, tmp_path, threshold=50, **ASKED)
    assert value(found, "roc_auc") is not None
    for name in ("brier_score", "log_loss", "calibration_error"):
        one = figure(found, name)
        assert one["value"] is None
        assert "outside 0 to 1" in one["reason"]


def test_frequencies_are_rows_and_weights_are_not(tmp_path: Path) -> None:
    counts = pd.DataFrame({"g": list("aabb"), "y": [0, 1, 0, 1], "p": [0, 1, 1, 1], "n": [30, 20, 25, 45]})
    asked: dict[str, Any] = {"sensitive": ("g",), "label": "y", "prediction": "p"}
    one = audit(counts, tmp_path, frequency="n", **asked)
    two = audit(spread(counts), tmp_path, **asked)
    assert one["measurements"] == two["measurements"]
    weighted = audit(counts, tmp_path, weight="n", **asked)
    assert value(weighted, "selection_rate") == pytest.approx(value(one, "selection_rate"), abs=1e-12)
    assert figure(weighted, "selection_rate")["n"] == 4
    wide, narrow = (figure(r, "selection_rate")["interval"] for r in (weighted, one))
    assert wide["high"] - wide["low"] > 3 * (narrow["high"] - narrow["low"])


@pytest.mark.parametrize("column", ["label", "score"])
def test_missing_values_are_refused_with_the_counts_or_left_out_and_said(tmp_path: Path, column: str) -> None:
    frame = credit(500).astype({"label": "Int64"})
    frame.loc[:6, column] = None
    with pytest.raises(InputError, match="7 rows"):
        audit(frame, tmp_path, **ASKED)
    found = audit(frame, tmp_path, drop_missing=True, **ASKED)
    assert (found["data"]["rows"], found["data"]["rows_used"], found["data"]["dropped"]) == (500, 493, {column: 7})
    assert any("7 rows were left out" in sentence for sentence in found["warnings"])


def test_missing_is_a_group_of_its_own_and_left_out_of_the_cross_check(tmp_path: Path) -> None:
    frame = credit(900)
    frame.loc[:59, "region"] = None
    found = audit(frame, tmp_path, cross_check=True, **ASKED)
    assert figure(found, "selection_rate", {"region": "(missing)"})["n"] == 60
    checked = found["cross_check"]
    assert {"rows", "sampled", "libraries", "comparisons", "definitions"} <= set(checked)
    assert not [c for c in checked["comparisons"] if "(missing)" in c["group"].values()]
    assert {c["agrees"] for c in checked["comparisons"]} <= {"both", "fairlearn", "aif360", "not defined"}
    ids = {m["id"] for m in found["measurements"]}
    assert {c["measurement"] for c in checked["comparisons"]} <= ids
    over_known = next(
        c for c in checked["comparisons"]
        if (c["metric"], c["attribute"]) == ("demographic_parity_difference", "region")
    )  # fmt: skip
    rates = [value(found, "selection_rate", {"region": g}) for g in "abc"]
    assert over_known["value"] == pytest.approx(max(rates) - min(rates), abs=1e-12)
    assert "missing" in over_known["note"]


def test_the_same_input_gives_the_same_audit(tmp_path: Path) -> None:
    started = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
    path = tmp_path / "data.parquet"
    credit(700).to_parquet(path)
    one, two = (run_audit(Parameters(**ASKED), Material(path, started=started)) for _ in range(2))
    assert json.dumps(one) == json.dumps(two)


def test_a_waiver_ends_with_its_day_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    credit(700).to_parquet(path)
    rule = {"id": "r", "metric": "accuracy", "at_least": 0.999, "waived_until": "2026-11-21", "reason": "known"}
    east = datetime.timezone(datetime.timedelta(hours=9))
    for moment, waived in (
        (datetime.datetime(2026, 11, 22, 8, tzinfo=east), True),
        (datetime.datetime(2026, 11, 22, 10, tzinfo=east), False),
    ):
        found = run_audit(Parameters(**ASKED), Material(path, policy=policy(rule), started=moment))
        (verdict,) = found["verdicts"]
        assert verdict["outcome"] == "fail"
        assert verdict.get("waived", False) is waived


def test_under_suppression_no_small_count_and_no_hidden_figure_is_printed(tmp_path: Path) -> None:
    frame = credit(2_000)
    frame.loc[:8, "region"] = "tiny"
    found = audit(frame, tmp_path, suppress=10, cross_check=True, intersections=True, **ASKED)
    hidden = found["cube"]["suppressed"]
    assert {"region": "tiny"} in hidden
    for m in found["measurements"]:
        if m["group"] in hidden:
            assert (m["value"], m["interval"], m["n"], m["reason"]) == (None, None, None, "suppressed")
    for one in found["cube"]["sets"]:
        if one["attributes"]:
            assert min(one["cells"]["n"]) >= 10
    for one in found["cube"]["scores"]["sets"]:
        assert min(one["cells"]["n"]) >= 10
    sizes = [g["n"] for a in found["data"]["attributes"] for g in a["groups"]]
    assert min(sizes) >= 10
    assert not [c for c in found["cross_check"]["comparisons"] if c["group"] in hidden]
    assert any("not shown" in sentence for sentence in found["warnings"])


def test_curves_and_the_confusion_matrix_stand_in_tables(lending: dict[str, Any]) -> None:
    tables = {t["id"]: t for c in lending["checks"] for t in c["tables"]}
    assert {"performance-confusion", "performance-roc", "performance-precision-recall"} <= set(tables)
    counts = [row[1:] for row in tables["performance-confusion"]["rows"]]
    assert np.sum(counts) == 1_500
    assert all(math.isfinite(x) for row in tables["performance-roc"]["rows"][1:] for x in row)


def test_where_every_group_is_hidden_the_audit_still_stands_and_is_recomputed(tmp_path: Path) -> None:
    found = audit(credit(60), tmp_path, suppress=10, intersections=True, cross_check=True, **ASKED)
    assert {g["value"] for a in found["data"]["attributes"] for g in a["groups"]} == {"(suppressed)"}
    again = recompute(json.loads(json.dumps(found, allow_nan=False)))
    assert again["measurements"] == [m for m in found["measurements"] if m["check"] != "explanation"]
    assert again["verdicts"] == found["verdicts"]
    assert {v["outcome"] for v in found["verdicts"] if v["attribute"]} == {"inconclusive"}
    assert not [c for c in found["cross_check"]["comparisons"] if c["group"]]
