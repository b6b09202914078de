"""Score metrics from the cube are scikit-learn's; DeLong's variance follows its definition; bins keep their bound."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from audits.measure import cube as counting
from audits.measure.cells import Cube
from audits.measure.cube import Question, build_cube
from audits.measure.estimates import Effective
from audits.measure.measured import Measured
from audits.measure.performance import measure_performance
from audits.measure.scores import ranked, roc_auc

THEIRS = {
    "roc_auc": sk.roc_auc_score,
    "pr_auc": sk.average_precision_score,
    "log_loss": sk.log_loss,
    "brier_score": sk.brier_score_loss,
}


def cube_of(frame: pd.DataFrame, **more: Any) -> Cube:
    return build_cube(ibis.memtable(frame), Question(sensitive=("g",), label="y", score="s", **more)).cube


def by_metric(cube: Cube, group: str | None = None) -> dict[str, Measured]:
    wanted = {} if group is None else {"g": group}
    return {m.measurement.metric: m for m in measure_performance(cube) if m.measurement.group == wanted}


def scored(rows: int, seed: int, decimals: int = 9) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    score = rng.beta(1.5, 2.5, rows).round(decimals)
    label = (rng.random(rows) < score).astype(int)
    return pd.DataFrame(
        {"g": rng.choice(["a", "b"], rows), "y": label, "s": score, "w": rng.integers(1, 900, rows) / 128}
    )


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    score = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1, allow_subnormal=False))
    row = st.tuples(st.sampled_from("ab"), st.integers(0, 1), score, st.integers(1, 640).map(lambda k: k / 64))
    rows = draw(st.lists(row, min_size=1, max_size=40))
    rows += [("a", 0, 0.3, 1.0), ("a", 1, 0.6, 2.0), ("b", 1, 0.2, 1.5), ("b", 0, 0.9, 0.5)]
    return pd.DataFrame(rows, columns=["g", "y", "s", "w"])


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), st.sampled_from([None, "weight", "frequency"]))
def test_score_metrics_are_scikit_learns(frame: pd.DataFrame, weighting: str | None) -> None:
    if weighting == "frequency":
        frame = frame.assign(w=np.ceil(frame.w).astype(int))
    cube = cube_of(frame, **({weighting: "w"} if weighting else {}))
    for group in (None, "a", "b"):
        part = frame if group is None else frame[frame.g == group]
        ours = by_metric(cube, group)
        weight = part.w.to_numpy(dtype=float) if weighting else None
        for name, function in THEIRS.items():
            theirs = function(part.y, part.s, sample_weight=weight)
            assert ours[name].measurement.value == pytest.approx(theirs, rel=1e-10, abs=1e-12), (name, group)


def components(frame: pd.DataFrame) -> tuple[float, float]:
    """AUC and its variance by DeLong's structural components, every positive against every negative."""
    positive, negative = (frame.s[frame.y == label].to_numpy() for label in (1, 0))
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    found, lost = wins.mean(axis=1), wins.mean(axis=0)
    return float(wins.mean()), float(found.var(ddof=1) / len(found) + lost.var(ddof=1) / len(lost))


@pytest.mark.parametrize("decimals", [1, 2, 9])
@pytest.mark.parametrize("rows", [30, 400])
def test_delongs_variance_is_that_of_the_structural_components(rows: int, decimals: int) -> None:
    """DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845."""
    frame = scored(rows, seed=rows, decimals=decimals)
    scores = cube_of(frame).scores
    assert scores is not None
    found = roc_auc(ranked(scores.sets[0], 0))
    assert isinstance(found, Effective)
    assert (found.value, found.variance) == pytest.approx(components(frame), rel=1e-10)


def test_calibration_error_is_the_mean_gap_of_fifteen_equal_bins() -> None:
    """Guo, Pleiss, Sun & Weinberger, ICML 2017, equation 3."""
    frame = scored(2_000, seed=3)
    at = np.minimum((frame.s * 15).astype(int), 14)
    gaps = [abs(part.y.mean() - part.s.mean()) * len(part) for _, part in frame.groupby(at)]
    ours = by_metric(cube_of(frame))["calibration_error"].measurement
    assert ours.value == pytest.approx(sum(gaps) / len(frame), abs=1e-12)
    assert ours.interval is not None
    assert ours.interval.low is not None
    assert ours.value is not None
    assert ours.interval.low < ours.value


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("cells", [64, 400, 3000])
def test_binned_scores_are_within_the_bound_that_they_state(
    monkeypatch: pytest.MonkeyPatch, cells: int, weighted: bool
) -> None:
    frame = scored(3_000, seed=cells)
    asked = {"weight": "w"} if weighted else {}
    exact = by_metric(cube_of(frame, **asked))
    monkeypatch.setattr(counting, "MAX_SCORE_CELLS", cells)
    cube = cube_of(frame, **asked)
    assert cube.scores is not None
    assert cube.scores.kind == "binned"
    for name, found in by_metric(cube).items():
        if name not in (*THEIRS, "calibration_error"):
            continue
        true, binned = exact[name].measurement, found.measurement
        assert true.value is not None
        assert binned.value is not None
        assert binned.details is not None
        bound = binned.details["binning_bound"]
        assert -bound["down"] - 1e-9 <= true.value - binned.value <= bound["up"] + 1e-9, name
        assert true.interval is not None
        assert binned.interval is not None
        if name in ("roc_auc", "brier_score"):
            assert bound["up"] < 5 / (cells / 6)


def test_scores_that_are_no_probabilities_are_ranked_but_not_calibrated() -> None:
    frame = scored(500, seed=4).assign(s=lambda f: 10 * f.s - 5)
    found = by_metric(cube_of(frame, threshold=0.0))
    assert found["roc_auc"].measurement.value == pytest.approx(sk.roc_auc_score(frame.y, frame.s), abs=1e-12)
    for name in ("brier_score", "log_loss", "calibration_error"):
        assert found[name].measurement.value is None
        assert "outside 0 to 1" in (found[name].measurement.reason or "")


def test_a_group_of_one_class_has_no_auc_and_says_why() -> None:
    frame = scored(200, seed=5)
    frame.loc[frame.g == "b", "y"] = 0
    found = by_metric(cube_of(frame), "b")
    assert (found["roc_auc"].measurement.value, found["roc_auc"].measurement.reason) == (
        None,
        "no row has the positive label",
    )
    assert found["brier_score"].measurement.value is not None


def test_perfect_separation_still_has_an_interval_below_1() -> None:
    frame = pd.DataFrame({"g": ["a", "b"] * 20, "y": [0] * 20 + [1] * 20, "s": np.linspace(0, 1, 40)})
    interval = by_metric(cube_of(frame))["roc_auc"].measurement.interval
    assert interval is not None
    assert interval.high == 1.0
    assert interval.low is not None
    assert 0.7 < interval.low < 1
