"""Our figures are fairlearn's and AIF360's to 1e-12 on random tables, wherever the definitions agree."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from audits.measure.crosscheck import cross_check
from audits.measure.cube import Question, build_cube
from audits.measure.measured import Measured
from tests.audits.measure.tables import credit, measure

KINDS: dict[str, tuple[Any, Any]] = {"integer": (0, 1), "boolean": (False, True), "string": ("no", "yes")}
POSITIVE = {"integer": "1", "boolean": "true", "string": "yes"}
RATES = ("true_positive_rate", "false_positive_rate", "true_negative_rate", "false_negative_rate", "selection_rate")
quick = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Case:
    frame: pd.DataFrame
    kind: str
    weighting: str | None

    @property
    def question(self) -> Question:
        named = {self.weighting: "w"} if self.weighting else {}
        return Question(sensitive=("g",), label="y", prediction="p", positive=POSITIVE[self.kind], **named)

    def known(self) -> pd.DataFrame:
        """The rows with a group, label and prediction as 0 and 1."""
        rows = self.frame[self.frame.g.notna()]
        return rows.assign(y=(rows.y == KINDS[self.kind][1]).astype(int), p=(rows.p == KINDS[self.kind][1]).astype(int))

    def weights(self, rows: pd.DataFrame) -> dict[str, Any]:
        return {"sample_weight": rows.w.to_numpy(dtype=float)} if self.weighting else {}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Tables of up to 50 rows: missing groups, groups of one class or of one row, exact weights."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    row = st.tuples(
        st.sampled_from(["a", "b", "c", None]), st.booleans(), st.booleans(), st.integers(1, 4096).map(lambda k: k / 64)
    )
    rows = draw(st.lists(row, min_size=2, max_size=50))
    frame = pd.DataFrame(rows, columns=["g", "y", "p", "w"]).astype({"g": object})
    # both labels are there, or nothing that needs one could be compared
    frame = pd.concat([frame, pd.DataFrame({"g": ["a", "b"], "y": [False, True], "p": [True, False], "w": [1.0, 2.0]})])
    values = KINDS[kind]
    frame = frame.assign(y=[values[int(v)] for v in frame.y], p=[values[int(v)] for v in frame.p])
    weighting = draw(st.sampled_from([None, "weight", "frequency"]))
    if weighting == "frequency":
        frame["w"] = np.ceil(frame.w).astype(int)
    return Case(frame.reset_index(drop=True), kind, weighting)


def figures(case: Case) -> dict[tuple[str, str], Measured]:
    cube = build_cube(ibis.memtable(case.frame), case.question).cube
    return {(m.measurement.metric, m.measurement.group.get("g", "")): m for m in measure(cube)}


def same(ours: float | None, theirs: float) -> bool:
    return ours is not None and math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-12)


@quick
@given(cases())
def test_rates_by_group_are_fairlearns(case: Case) -> None:
    from fairlearn import metrics

    ours, rows = figures(case), case.known()
    for group, part in rows.groupby("g"):
        for name in RATES:
            found = ours[name, str(group)].measurement
            if found.value is None:
                # fairlearn says 0 where there is nothing to divide by
                assert found.reason
                continue
            assert same(found.value, getattr(metrics, name)(part.y, part.p, **case.weights(part))), (name, group)
        precision = ours["precision", str(group)].measurement.value
        if precision is not None:
            assert same(precision, sk.precision_score(part.y, part.p, **case.weights(part)))
        assert same(
            ours["accuracy", str(group)].measurement.value, sk.accuracy_score(part.y, part.p, **case.weights(part))
        )


@quick
@given(cases())
def test_disparities_are_fairlearns_over_the_groups_that_can_be_assessed(case: Case) -> None:
    from fairlearn import metrics

    complete = Case(case.known().assign(w=case.known().w), "integer", case.weighting)
    ours = {
        m.measurement.metric: m
        for m in measure(build_cube(ibis.memtable(complete.frame), complete.question).cube)
        if m.measurement.attribute == "g" and not m.measurement.group
    }
    for name in (
        "demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference",
        "equalized_odds_difference", "equalized_odds_ratio",
    ):  # fmt: skip
        found = ours[name].measurement
        aside = {g["g"] for g in found.not_assessed}
        rows = complete.frame[~complete.frame.g.isin(aside)]
        if found.value is None:
            assert found.reason
            continue
        theirs = getattr(metrics, name)(rows.y, rows.p, sensitive_features=rows.g, **complete.weights(rows))
        assert same(found.value, theirs), name


@settings(quick, max_examples=20)
@given(cases())
def test_rates_and_disparate_impact_are_aif360s(case: Case) -> None:
    from aif360.datasets import BinaryLabelDataset
    from aif360.metrics import ClassificationMetric

    ours, rows = figures(case), case.known()
    codes = {g: i for i, g in enumerate(sorted(rows.g.unique()))}
    columns = pd.DataFrame({"g": rows.g.map(codes).astype(float), "y": rows.y.astype(float)})
    weight = {}
    if case.weighting:
        columns["w"] = rows.w.astype(float)
        weight["instance_weights_name"] = "w"
    truth = BinaryLabelDataset(df=columns, label_names=["y"], protected_attribute_names=["g"], **weight)
    predicted = truth.copy(deepcopy=True)
    predicted.labels = rows.p.to_numpy(dtype=float).reshape(-1, 1)
    names = {"TPR": "true_positive_rate", "FPR": "false_positive_rate", "TNR": "true_negative_rate",
             "FNR": "false_negative_rate", "PPV": "precision", "ACC": "accuracy"}  # fmt: skip
    impacts = {
        m.measurement.group["g"]: m.measurement for (metric, g), m in ours.items() if metric == "disparate_impact" and g
    }
    for group, code in codes.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            metric = ClassificationMetric(truth, predicted, [{"g": code}])
            theirs = metric.performance_measures(privileged=False)
        assert same(ours["selection_rate", group].measurement.value, metric.selection_rate(privileged=False))
        assert same(ours["base_rate", group].measurement.value, metric.base_rate(privileged=False))
        for short, name in names.items():
            value = ours[name, group].measurement.value
            assert value is None or same(value, theirs[short]), (group, name)
        impact = impacts[group]
        reference = (impact.reference or {})["g"]
        if impact.value is None or reference in (group, "(missing)"):
            continue
        pair = ClassificationMetric(truth, predicted, [{"g": code}], [{"g": codes[reference]}])
        assert same(impact.value, pair.disparate_impact())


@settings(quick, max_examples=15)
@given(cases())
def test_the_cross_check_agrees_with_both_on_every_table(case: Case) -> None:
    table = ibis.memtable(case.frame)
    counted = build_cube(table, case.question)
    found = cross_check(table, case.question, counted, measure(counted.cube), seed=0)
    assert {c["agrees"] for c in found["comparisons"]} <= {"both", "fairlearn", "aif360", "not defined"}
    assert not any("(missing)" in c["group"].values() for c in found["comparisons"])
    rates = [c for c in found["comparisons"] if c["metric"] in RATES and c["value"] is not None]
    assert rates
    assert {c["agrees"] for c in rates} == {"both"}


@pytest.mark.parametrize("weight", ["about 1", "about 1/n", "1e-9", "wide"])
def test_weighted_figures_are_fairlearns_on_any_scale_of_weights(weight: str) -> None:
    frame, random = credit(), np.random.default_rng(3)
    gamma = random.gamma(2.0, 1.0, len(frame))
    wide = random.lognormal(0.0, 2.0, len(frame))
    frame["w"] = {"about 1": gamma, "about 1/n": gamma / len(frame), "1e-9": gamma * 1e-9, "wide": wide}[weight]
    question = Question(sensitive=("region",), label="label", prediction="prediction", weight="w")
    table = ibis.memtable(frame)
    counted = build_cube(table, question)
    found = cross_check(table, question, counted, measure(counted.cube), seed=0)
    assert max(c["difference"] for c in found["comparisons"] if c["difference"] is not None) < 1e-12


def test_the_cross_check_says_where_a_library_has_another_convention() -> None:
    frame = pd.DataFrame({"g": ["a", "a", "b", "b"], "y": [0, 0, 1, 0], "p": [1, 0, 1, 0]})
    question = Question(sensitive=("g",), label="y", prediction="p")
    table = ibis.memtable(frame)
    counted = build_cube(table, question)
    found = cross_check(table, question, counted, measure(counted.cube), seed=0)
    one = next(c for c in found["comparisons"] if (c["metric"], c["group"]) == ("true_positive_rate", {"g": "a"}))
    assert (one["value"], one["fairlearn"], one["agrees"]) == (None, 0.0, "not defined")
    assert "positive label" in one["note"]
    assert any(d["metric"] == "true_positive_rate" and d["library"] == "fairlearn" for d in found["definitions"])


def test_the_cross_check_finds_a_figure_that_is_wrong() -> None:
    frame = credit(500)
    question = Question(sensitive=("region",), label="label", prediction="prediction")
    table = ibis.memtable(frame)
    counted = build_cube(table, question)
    wrong = build_cube(
        ibis.memtable(frame.assign(prediction=frame.prediction.where(frame.index > 0, 1 - frame.prediction))), question
    )
    found = cross_check(table, question, counted, measure(wrong.cube), seed=0)
    overall = next(c for c in found["comparisons"] if c["metric"] == "selection_rate" and not c["group"])
    assert overall["agrees"] == "neither"
    assert overall["difference"] == pytest.approx(1 / 500)


def test_a_large_table_is_cross_checked_on_a_seeded_sample_and_its_own_cube(monkeypatch: pytest.MonkeyPatch) -> None:
    from audits.measure import crosscheck

    monkeypatch.setattr(crosscheck, "MOST_ROWS", 1_000)
    table, question = ibis.memtable(credit(5_000)), Question(sensitive=("region",), label="label", score="score")
    counted = build_cube(table, question)
    one, two, other = (cross_check(table, question, counted, measure(counted.cube), seed=s) for s in (1, 1, 2))
    assert (one["rows"], one["sampled"]) == (1_000, True)
    assert one == two
    assert one != other
    assert not [c for c in one["comparisons"] if c["agrees"] == "neither"]


def test_nothing_of_a_suppressed_group_is_in_the_cross_check(monkeypatch: pytest.MonkeyPatch) -> None:
    from audits.measure import crosscheck
    from audits.measure.suppress import suppress

    frame = credit(3_000)
    frame.loc[:14, "region"] = "tiny"
    table, question = ibis.memtable(frame), Question(sensitive=("region", "sex"), label="label", score="score")
    counted = build_cube(table, question)
    shown = suppress(counted, 10)
    hidden = [dict(g) for g in shown.cube.suppressed]
    assert {"region": "tiny"} in hidden
    for most in (100_000, 1_000):
        monkeypatch.setattr(crosscheck, "MOST_ROWS", most)
        found = cross_check(table, question, counted, measure(shown.cube), seed=0, suppress_below=10)
        assert found["comparisons"]
        assert not [c for c in found["comparisons"] if c["group"] in hidden]
        assert not [c for c in found["comparisons"] if c["agrees"] == "neither"]


@pytest.mark.parametrize("weighting", ["weight", "frequency"])
@pytest.mark.parametrize("source", ["prediction", "score"])
def test_a_group_that_weighs_nothing_is_not_defined_in_the_cross_check(weighting: str, source: str) -> None:
    frame = credit(300)
    frame["w"] = np.where(frame.region == "a", 0, 2)
    question = Question(
        sensitive=("region", "sex"), label="label", intersections=True, **{source: source, weighting: "w"}
    )
    table = ibis.memtable(frame)
    counted = build_cube(table, question)
    found = cross_check(table, question, counted, measure(counted.cube), seed=0)["comparisons"]
    assert not [c for c in found if c["agrees"] == "neither"]
    of_a = [c for c in found if c["group"] == {"region": "a"} and c["attribute"] is None]
    assert {"selection_rate", "accuracy"} <= {c["metric"] for c in of_a}
    assert {c["agrees"] for c in of_a} == {"not defined"}
    assert {c["agrees"] for c in found if (c["metric"], c["group"]) == ("selection_rate", {"region": "b"})} == {"both"}
