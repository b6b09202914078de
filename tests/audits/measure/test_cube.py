"""One GROUP BY gives the same cube everywhere; cubes add up and survive JSON; what cannot be counted is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audits.measure import cells
from audits.measure import cube as counting
from audits.measure.cube import Question, build_cube
from models.errors import InputError
from tests.audits.measure.tables import counted, credit

POSTGRES = os.environ.get("PLUMBLINE_TEST_POSTGRES")
QUESTIONS = {
    "predictions": Question(sensitive=("sex", "region"), label="label", prediction="prediction", intersections=True),
    "scores": Question(sensitive=("sex", "region"), label="label", score="score"),
    "weights": Question(sensitive=("sex", "region"), label="label", score="score", weight="weight"),
    "frequencies": Question(sensitive=("region",), label="label", prediction="prediction", frequency="times"),
    "no label": Question(sensitive=("region",), prediction="prediction"),
}


def table(rows: int = 3_000) -> pd.DataFrame:
    frame = credit(rows, seed=7)
    frame.loc[5:60, "region"] = None
    frame["weight"] = np.random.default_rng(8).gamma(2.0, 1.0, rows).round(2).clip(0.01, 9)
    # the largest weight decides the scale: it is in every part that a test takes
    frame.loc[[0, rows // 2], "weight"] = 9.5
    frame["times"] = frame.index % 5
    return frame


def exported(source: ibis.Table, question: Question) -> Any:
    return cells.to_json(build_cube(source, question).cube)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_cube_survives_json(name: str) -> None:
    made = build_cube(ibis.memtable(table()), QUESTIONS[name]).cube
    text = json.dumps(cells.to_json(made), allow_nan=False)
    assert cells.to_json(cells.from_json(json.loads(text))) == json.loads(text)


@pytest.mark.parametrize("name", QUESTIONS)
def test_threads_do_not_change_the_cube(name: str) -> None:
    """Floating sums would: DuckDB adds in another order every time."""
    frame, found = table(300_000), []
    for threads in (1, 2, 2):
        connection = ibis.duckdb.connect(threads=threads)
        found.append(exported(connection.create_table("rows", frame), QUESTIONS[name]))
    assert found[0] == found[1] == found[2]


@pytest.fixture
def postgres() -> Iterator[Any]:
    if not POSTGRES:
        pytest.skip("PLUMBLINE_TEST_POSTGRES is not set")
    connection = ibis.connect(POSTGRES)
    yield connection
    connection.disconnect()


@pytest.mark.parametrize("name", QUESTIONS)
def test_postgresql_gives_the_same_cube(name: str, postgres: Any) -> None:
    frame = table()
    remote = postgres.create_table(f"plumbline_{name.replace(' ', '_')}", frame, temp=True)
    assert exported(remote, QUESTIONS[name]) == exported(ibis.memtable(frame), QUESTIONS[name])


@pytest.mark.parametrize("name", QUESTIONS)
def test_cubes_of_two_sites_add_up_to_the_cube_of_both(name: str) -> None:
    frame = table()
    halves = [build_cube(ibis.memtable(part), QUESTIONS[name]).cube for part in (frame[:1000], frame[1000:])]
    assert cells.to_json(halves[0] + halves[1]) == exported(ibis.memtable(frame), QUESTIONS[name])


def test_cubes_of_different_questions_do_not_add_up() -> None:
    frame = table()
    one, two = (counted(frame, sensitive=(a,), label="label", prediction="prediction").cube for a in ("sex", "region"))
    with pytest.raises(InputError, match="same question"):
        one + two


def test_cubes_add_up_by_bin_and_only_where_their_bins_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MAX_SCORE_CELLS", 400)
    frame = table()
    question = Question(sensitive=("sex",), label="label", score="score", threshold=0.5)
    halves = [build_cube(ibis.memtable(part), question).cube for part in (frame[:1000], frame[1000:])]
    assert cells.to_json(halves[0] + halves[1]) == exported(ibis.memtable(frame), question)
    wider = build_cube(ibis.memtable(frame.assign(score=1.5 * frame.score)), question).cube
    with pytest.raises(InputError, match="different edges"):
        halves[0] + wider


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None]), st.booleans(), st.booleans()),
        min_size=4, max_size=60,
    )
)  # fmt: skip
def test_marginal_tables_are_sums_of_the_joint_one(rows: list[tuple[Any, ...]]) -> None:
    frame = pd.DataFrame([*rows, ("a", 1, True, False), ("b", 2, False, True)], columns=["g", "h", "y", "p"])
    frame["h"] = frame.h.astype("Int64")
    made = counted(frame, sensitive=("g", "h"), label="y", prediction="p", intersections=True).cube
    joint = made.of(("g", "h"))
    for position, name in enumerate(("g", "h")):
        one = made.of((name,))
        for i, group in enumerate(one.groups):
            parts = [j for j, g in enumerate(joint.groups) if g[position] == group[0]]
            assert (joint.n[parts].sum(axis=0) == one.n[i]).all()
            text = "(missing)" if group[0] == "(missing)" else group[0]
            same = frame[name].isna() if text == "(missing)" else frame[name].astype(str) == text
            assert one.n[i].sum() == same.sum()
    assert made.rows == len(frame)


def test_groups_are_named_as_the_files_type_prints() -> None:
    frame = pd.DataFrame({"y": [1, 0, 1, 0], "p": [1, 0, 0, 1]})
    for values, names in (
        (pd.array([1, 2, 1, None], dtype="Int64"), ["(missing)", "1", "2"]),
        ([True, False, True, None], ["(missing)", "false", "true"]),
        ([1.5, 2.0, 1.5, float("nan")], ["(missing)", "1.5", "2.0"]),
        (["x", "y", None, "x"], ["(missing)", "x", "y"]),
        (pd.Categorical(["x", "y", None, "x"]), ["(missing)", "x", "y"]),
    ):
        made = counted(frame.assign(g=values), sensitive=("g",), label="y", prediction="p").cube
        assert [g[0] for g in made.of(("g",)).groups] == names


@pytest.mark.parametrize(
    ("label", "positive", "name"),
    [
        ([1, 0, 1, 0], "1", "1"),
        ([1.0, 0.0, 1.0, 0.0], "1", "1"),
        ([True, False, True, False], "true", "1"),
        ([True, False, True, False], "1", "1"),
        (["yes", "no", "yes", "no"], "yes", "yes"),
        ([2, 1, 2, 1], "2", "2"),
        ([Decimal("1.00"), Decimal("0.00"), Decimal("1.00"), Decimal("0.00")], "1", "1"),
    ],
)
def test_labels_of_any_type_name_the_same_two_outcomes(label: list[Any], positive: str, name: str) -> None:
    source = ibis.memtable(pa.table({"g": ["a", "a", "b", "b"], "y": label, "p": label}))
    made = build_cube(source, Question(sensitive=("g",), label="y", prediction="p", positive=positive)).cube
    assert made.positive == name
    assert made.everybody.n[0].tolist() == [[2, 0], [0, 2]]


def test_a_boolean_label_goes_with_predictions_of_0_and_1() -> None:
    frame = pd.DataFrame({"g": list("aabb"), "y": [True, False, True, False], "p": [1, 0, 0, 1]})
    assert counted(frame, sensitive=("g",), label="y", prediction="p").cube.everybody.n.tolist() == [[[1, 1], [1, 1]]]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"y": [1, 0, 2, 1]}, "3 values"),
        ({"y": [1.0, 0.0, np.inf, 1.0]}, "infinite"),
        ({"p": ["1", "0", "maybe", "1"]}, "3 values"),
        ({"p": ["x", "0", "x", "0"]}, "which the label 'y' never is"),
        ({"y": [1.0, 0.0, None, 1.0]}, "'y' in 1 rows.*--drop-missing"),
        ({"w": [-1.0, 1.5, 1.0, 1.0]}, "sampling weights: 1 negative\\."),
        ({"w": [np.inf, -1.0, -2.0, 1e9]}, "weights: 1 infinite, 2 negative\\."),
        ({"f": [-1.5, 1.5, 2.5, 1.0]}, "rows: 1 negative, 2 not whole\\."),
        ({"w": [None, 1.0, 1.0, 1.0]}, "'w' is missing in 1 rows"),
        ({"w": [1e-300, 1e-300, 1e-300, 1e-300]}, "Multiply"),
        ({"w": ["a", "b", "c", "d"]}, "must hold numbers"),
        ({"g": ["a", "(suppressed)", "b", "b"]}, "Rename it"),
        ({"g": ["(missing)", None, "b", "b"]}, "'\\(missing\\)' and also missing values"),
        ({"g": [["a"], ["b"], ["c"], ["d"]]}, "not single values"),
    ],
)
def test_columns_that_cannot_answer_are_refused_with_the_remedy(column: dict[str, Any], message: str) -> None:
    frame = pd.DataFrame({"g": list("aabb"), "y": [1, 0, 1, 0], "p": [1, 0, 1, 0], "w": 1.0}).assign(**column)
    weight = {"weight": "w"} if "w" in column else {"frequency": "f"} if "f" in column else {}
    with pytest.raises(InputError, match=message):
        counted(frame, sensitive=("g",), label="y", prediction="p", **weight)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([0.1, 0.2, np.inf, 0.4], "1 infinite"),
        ([0.1, 0.2, np.nan, 0.4], "missing in 1 rows"),
        ([0.1, 1.2, 0.3, 0.4], "--threshold"),
        (["a", "b", "c", "d"], "must hold numbers"),
    ],
)
def test_scores_that_cannot_be_used_are_refused_with_the_remedy(scores: list[Any], message: str) -> None:
    frame = pd.DataFrame({"g": list("aabb"), "y": [1, 0, 1, 0], "s": scores})
    with pytest.raises(InputError, match=message):
        counted(frame, sensitive=("g",), label="y", score="s")


def test_rows_left_out_for_missing_values_are_counted_by_cause() -> None:
    frame = pd.DataFrame(
        {
            "g": list("aabbab"),
            "y": [1, 0, None, 0, 1, 0],
            "s": [0.1, None, 0.3, 0.9, 0.7, np.nan],
            "w": [1, 1, 1, 1, None, 1],
        }
    )
    found = counted(frame, sensitive=("g",), label="y", score="s", weight="w", drop_missing=True)
    assert (found.rows, found.cube.rows, found.dropped) == (6, 2, {"w": 1, "s": 2, "y": 1})


def test_rows_read_and_left_out_are_the_tables_and_those_of_the_cube_what_they_stand_for() -> None:
    frame = pd.DataFrame({"g": list("aabb"), "y": [1, 0, None, 0], "p": [1, 0, 1, 0], "f": [100, 0, 50, 200]})
    found = counted(frame, sensitive=("g",), label="y", prediction="p", frequency="f", drop_missing=True)
    assert (found.rows, found.used, found.dropped, found.cube.rows) == (4, 3, {"y": 1}, 300)


def test_a_row_without_a_label_is_left_out_also_where_the_label_has_one_value() -> None:
    frame = pd.DataFrame({"g": list("aabb"), "y": [1, 1, None, 1], "p": [1, 0, 1, 0]})
    found = counted(frame, sensitive=("g",), label="y", prediction="p", drop_missing=True)
    assert (found.rows, found.cube.rows, found.dropped, found.cube.has_label) == (4, 3, {"y": 1}, False)


def test_an_identifier_is_refused_and_a_hundred_values_are_not() -> None:
    frame = pd.DataFrame({"g": range(900), "y": [1, 0, 1] * 300, "p": [1, 0, 0] * 300})
    with pytest.raises(InputError, match="identifier"):
        counted(frame, sensitive=("g",), label="y", prediction="p")
    made = counted(frame.assign(g=frame.g % 100), sensitive=("g",), label="y", prediction="p").cube
    assert len(made.of(("g",)).groups) == 100


def test_the_threshold_counts_as_positive_itself() -> None:
    frame = pd.DataFrame({"g": list("aabb"), "y": [1, 0, 1, 0], "s": [0.5, 0.4999, 0.7, 0.2]})
    found = counted(frame, sensitive=("g",), label="y", score="s")
    assert found.threshold == 0.5
    assert found.cube.everybody.n[0, :, 1].tolist() == [0, 2]


def test_a_group_that_is_called_missing_is_one_where_nothing_is_missing() -> None:
    frame = pd.DataFrame({"g": ["(missing)", "a", "a", "(missing)"], "p": [1, 0, 1, 0]})
    assert counted(frame, sensitive=("g",), prediction="p").cube.of(("g",)).groups == (("(missing)",), ("a",))


@pytest.mark.parametrize("joint", [0, counting.JOINT])
def test_a_group_called_missing_is_told_from_missing_values_among_several_columns(
    monkeypatch: pytest.MonkeyPatch, joint: int
) -> None:
    monkeypatch.setattr(counting, "JOINT", joint)
    frame = pd.DataFrame({"g": list("abab"), "h": ["(missing)", None, "x", "x"], "p": [1, 0, 1, 0]})
    with pytest.raises(InputError, match=r"Column 'h' has the value '\(missing\)' and also missing values"):
        counted(frame, sensitive=("g", "h"), prediction="p")


def test_many_groups_are_counted_the_same_with_and_without_the_joint_query(monkeypatch: pytest.MonkeyPatch) -> None:
    source, question = ibis.memtable(table()), QUESTIONS["predictions"]
    one = exported(source, question)
    monkeypatch.setattr(counting, "JOINT", 0)
    assert exported(source, question) == one


@pytest.mark.parametrize(
    "damage", [{"schema": "other"}, {"sets": None}, {"attributes": 3}, {"scores": {"kind": "exact"}}]
)
def test_a_damaged_cube_is_refused(damage: dict[str, Any]) -> None:
    good = cells.to_json(build_cube(ibis.memtable(table()), QUESTIONS["scores"]).cube)
    with pytest.raises(InputError):
        cells.from_json(good | damage)


@pytest.mark.parametrize("factor", [1.0, 1e-9, 1 / 30_000, 1e15])
def test_weights_keep_their_digits_on_any_scale(factor: float) -> None:
    frame = table()
    frame["weight"] = np.random.default_rng(8).lognormal(0.0, 2.0, len(frame)) * factor
    made = counted(frame, sensitive=("sex",), label="label", prediction="prediction", weight="weight").cube
    scale = Fraction(2) ** made.weight_exponent
    by_sex = made.of(("sex",))
    for i, (sex,) in enumerate(by_sex.groups):
        exact = [Fraction(v) for v in frame.weight[frame.sex == sex]]
        assert abs(int(by_sex.w[i].sum()) / scale / sum(exact) - 1) < 1e-15
        assert abs(int(by_sex.w2[i].sum()) / scale**2 / sum(v * v for v in exact) - 1) < 1e-15


def test_the_squares_of_a_thousand_million_of_the_largest_weights_have_room() -> None:
    source = ibis.memtable(pd.DataFrame({"w": [1e6, 3.0]}))
    scaled, exponent = counting._scale_weights(source, "w", 1e6, 10**9)
    largest = scaled.w.max().to_pyarrow().as_py()
    assert largest == 10**6 * 2**exponent
    assert largest**2 * 10**9 < 10**38


def test_cubes_of_weights_on_different_scales_add_up_exactly() -> None:
    frame = table()
    question = Question(sensitive=("sex",), label="label", score="score", weight="weight")
    light = build_cube(ibis.memtable(frame.assign(weight=frame.weight / 1000)), question).cube
    heavy = build_cube(ibis.memtable(frame), question).cube
    assert light.weight_exponent > heavy.weight_exponent
    for both in (light + heavy, heavy + light):
        shift = both.weight_exponent - heavy.weight_exponent
        whole = [one.everybody.w.sum() for one in (light, heavy)]
        assert both.everybody.w.sum() == whole[0] + whole[1] * 2**shift
        assert both.scores.sets[0].w2.sum() == light.scores.sets[0].w2.sum() + heavy.scores.sets[0].w2.sum() * 4**shift
    assert cells.to_json(light + heavy) == cells.to_json(heavy + light)


def test_cubes_whose_weights_are_worlds_apart_do_not_add_up() -> None:
    frame, question = table(), QUESTIONS["weights"]
    one, other = (build_cube(ibis.memtable(frame.assign(weight=w)), question).cube for w in (1.0, 1e-80))
    with pytest.raises(InputError, match="too far apart"):
        one + other
