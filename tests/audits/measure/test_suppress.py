"""What is printed under suppression gives no small group away: not by itself, not by subtraction, not by bounds."""

from __future__ import annotations

import itertools
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from audits.measure import cells
from audits.measure.cells import Cube, GroupingSet, ScoreSet
from audits.measure.cube import Counted, Question, build_cube
from audits.measure.suppress import suppress
from tests.audits.measure.tables import credit, measure

LIMIT = 4
slow = [HealthCheck.too_slow, HealthCheck.data_too_large]


@st.composite
def tables(draw: st.DrawFn, attributes: int) -> pd.DataFrame:
    """Small tables of two or three attributes with a few large and many small intersections."""
    values = [draw(st.integers(2, 3)) for _ in range(attributes)]
    rows = []
    for combination in itertools.product(*(range(v) for v in values)):
        for label, prediction in itertools.product((0, 1), (0, 1)):
            n = draw(st.sampled_from([0, 0, 1, 2, 3, 5, 8, 13, 40]))
            rows += [(*map(str, combination), label, prediction)] * n
    names = [*"abc"[:attributes], "y", "p"]
    anchor = [("0",) * attributes + (label, prediction) for label in (0, 1) for prediction in (0, 1)] * LIMIT
    return pd.DataFrame(rows + anchor, columns=names)


def counted(frame: pd.DataFrame, *sensitive: str, **more: Any) -> Counted:
    question = Question(sensitive=sensitive, label="y", **({"prediction": "p"} | more))
    return build_cube(ibis.memtable(frame), question)


def attack(whole: Cube, shown: Cube) -> list[tuple[str, dict[str, str], int]]:
    """Every hidden count under the limit that follows from all printed counts and from counts being no less than 0.

    The attacker knows which groups exist (they are named), and bounds each count by linear programming.
    """
    finest = max(whole.sets, key=lambda s: len(s.attributes))
    found = []
    for label, prediction in np.ndindex(finest.n.shape[1:]):
        rows, totals = [], []
        for one, printed in zip(whole.sets, shown.sets, strict=True):
            member = members(one, finest)
            for i, group in enumerate(printed.groups):
                if group and group[0] == "(suppressed)":
                    kept = {one.groups.index(g) for g in printed.groups if g != group}
                    rows.append(member[[j for j in range(len(one.groups)) if j not in kept]].sum(axis=0))
                else:
                    rows.append(member[one.groups.index(group)])
                totals.append(printed.n[i, label, prediction])
        for one in whole.sets:
            for i in range(len(one.groups)):
                true = int(one.n[i, label, prediction])
                if one.attributes and dict(one.group(i)) in map(dict, shown.suppressed) and 0 < true < LIMIT:
                    low, high = bounds(members(one, finest)[i], rows, totals)
                    if high - low < 0.5:
                        found.append((one.name, one.group(i), true))
    return found


def members(one: GroupingSet, finest: GroupingSet) -> np.ndarray[Any, Any]:
    kept = [finest.attributes.index(a) for a in one.attributes]
    return np.array([[float(tuple(g[k] for k in kept) == group) for g in finest.groups] for group in one.groups])


def bounds(wanted: Any, rows: list[Any], totals: list[Any]) -> tuple[float, float]:
    low = linprog(wanted, A_eq=np.array(rows), b_eq=np.array(totals))
    high = linprog(-wanted, A_eq=np.array(rows), b_eq=np.array(totals))
    assert low.success
    assert high.success
    return low.fun, -high.fun


def no_small_cell(cube: Cube) -> None:
    for one in cube.sets:
        if one.attributes:
            merged = [i for i, g in enumerate(one.groups) if g[0] == "(suppressed)"]
            alone = len(one.groups) == len(merged)
            for i in range(len(one.groups)):
                assert alone or not ((one.n[i] > 0) & (one.n[i] < LIMIT)).any(), (one.name, one.groups[i])


@settings(deadline=None, max_examples=40, suppress_health_check=slow)
@given(st.integers(2, 3).flatmap(tables))
def test_no_hidden_count_follows_from_the_exported_tables(frame: pd.DataFrame) -> None:
    whole = counted(frame, *frame.columns[:-2], intersections=True)
    shown = suppress(whole, LIMIT)
    no_small_cell(shown.cube)
    assert attack(whole.cube, shown.cube) == []


@pytest.mark.parametrize(("values", "seed"), [((4, 4), 1), ((4, 4), 55), ((5, 5), 46), ((4, 4, 2), 38)])
def test_counts_that_follow_only_from_many_tables_together_are_hidden_too(values: tuple[int, ...], seed: int) -> None:
    """Here two groups are hidden in every line, and a chain of lines still gives one of them away."""
    rng, rows = np.random.default_rng(seed), []
    for combination in itertools.product(*(range(v) for v in values)):
        for label, prediction in itertools.product((0, 1), (0, 1)):
            n = int(rng.choice([0, 2, 5, 8, 13, 40], p=[0.1, 0.05, 0.15, 0.2, 0.2, 0.3]))
            rows += [(*map(str, combination), label, prediction)] * n
    names = list("abc"[: len(values)])
    whole = counted(pd.DataFrame(rows, columns=[*names, "y", "p"]), *names, intersections=True)
    assert attack(whole.cube, suppress(whole, LIMIT).cube) == []


@settings(deadline=None, max_examples=40, suppress_health_check=slow)
@given(tables(2))
def test_without_intersections_two_groups_are_hidden_or_none(frame: pd.DataFrame) -> None:
    whole = counted(frame, "a", "b")
    shown = suppress(whole, LIMIT)
    no_small_cell(shown.cube)
    for one in whole.cube.sets[1:]:
        hidden = [g for g in shown.cube.suppressed if g[0][0] == one.name]
        assert len(hidden) != 1 or len(one.groups) == 1
        small = [one.group(i) for i in range(len(one.groups)) if ((one.n[i] > 0) & (one.n[i] < LIMIT)).any()]
        assert all(tuple(group.items()) in hidden for group in small)


def scored(seed: int, groups: int, decimals: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(150, 1500))
    share = rng.dirichlet(np.full(groups, 0.7))
    group = rng.choice([f"g{i}" for i in range(groups)], rows, p=share)
    score = rng.beta(2, 2, rows).round(decimals)
    return pd.DataFrame({"a": group, "y": (rng.random(rows) < score).astype(int), "s": score})


def below(one: ScoreSet, group: int, label: int) -> dict[float, int]:
    """The printed running counts of a group: rows of this label up to each span's upper end."""
    mine = (one.group == group) & (one.label == label)
    order = np.argsort(one.high[mine])
    return dict(zip(one.high[mine][order].tolist(), np.cumsum(one.n[mine][order]).tolist(), strict=True))


@pytest.mark.parametrize("decimals", [1, 2, 12])
@pytest.mark.parametrize("groups", [2, 3, 6])
@pytest.mark.parametrize("seed", range(4))
def test_no_part_of_a_score_span_follows_by_subtraction(seed: int, groups: int, decimals: int) -> None:
    """Groups' running counts at every edge, everybody's less all others', and the threshold's: no two lie apart by
    fewer rows than the limit."""
    limit, frame = 10, scored(seed, groups, decimals)
    whole = counted(frame, "a", score="s", prediction=None)
    shown = suppress(whole, limit)
    scores = shown.cube.scores
    assert scores is not None
    assert scores.kind == "merged"
    everybody, one = scores.sets
    for each in (everybody, one):
        if each is one or not small_population(whole.cube, limit):
            assert (each.n >= limit).all()
    positions = np.unique(frame.s)
    cut = positions[positions < 0.5].max()
    for label in (0, 1):
        known = [edges(one, g, label, shown.cube, cut) for g in range(len(one.groups))]
        top = below(everybody, 0, label)
        for point in top:
            lacking = [g for g in range(len(known)) if point not in known[g]]
            if len(lacking) == 1 and not shown.cube.suppressed:
                rest = top[point] - sum(k[point] for i, k in enumerate(known) if i != lacking[0])
                known[lacking[0]][point] = rest
        for known_of_group in known:
            counts = [0, *(known_of_group[p] for p in sorted(known_of_group))]
            assert all(step == 0 or step >= limit for step in np.diff(counts)), (label, counts)


def small_population(cube: Cube, limit: int) -> bool:
    return bool(((cube.everybody.n > 0) & (cube.everybody.n < limit)).any())


def edges(one: ScoreSet, group: int, label: int, cube: Cube, cut: float) -> dict[float, int]:
    """What is printed of a group: its spans, its total, and by prediction the count below the threshold."""
    found = below(one, group, label)
    table = cube.of(one.attributes)
    n = table.n[table.groups.index(one.groups[group]), label]
    return found | {cut: int(n[0]), 2.0: int(n.sum())}


def test_suppressed_scores_keep_everybodys_figures_close() -> None:
    whole = build_cube(
        ibis.memtable(credit(20_000, seed=5)), Question(sensitive=("region", "sex"), label="label", score="score")
    )
    shown = suppress(whole, 10)
    exact, merged = ({m.measurement.id: m.measurement for m in measure(c.cube)} for c in (whole, shown))
    for key, one in exact.items():
        if (
            one.metric in ("roc_auc", "pr_auc", "brier_score", "log_loss", "calibration_error")
            and one.value is not None
        ):
            other = merged[key]
            assert other.value is not None
            bound = (other.details or {})["binning_bound"]
            assert -bound["down"] - 1e-12 <= one.value - other.value <= bound["up"] + 1e-12, one
            if not one.group and one.metric in ("roc_auc", "brier_score"):
                assert max(bound.values()) < 0.005


def test_an_attribute_whose_groups_are_all_hidden_is_open_and_not_constant() -> None:
    frame = pd.DataFrame({"g": list("aaab"), "p": [0, 1, 0, 1]})
    shown = suppress(build_cube(ibis.memtable(frame), Question(sensitive=("g",), prediction="p")), 10).cube
    (one,) = [m.measurement for m in measure(shown) if m.measurement.metric == "demographic_parity_difference"]
    assert (one.value, one.reason) == (None, "fewer than two groups have the rows to be compared")


def test_nothing_is_compared_with_a_reference_that_is_suppressed() -> None:
    frame = credit(600)
    frame.loc[:6, "region"] = "tiny"
    whole = build_cube(ibis.memtable(frame), Question(sensitive=("region",), prediction="prediction"))
    impacts = [m.measurement for m in measure(suppress(whole, 10).cube, {"region": "tiny"}) if m.measurement.reference]
    assert {m.reference["region"] for m in impacts if m.reference} == {"tiny"}
    assert {m.value for m in impacts} == {None}
    assert {m.reason for m in impacts} == {"suppressed", "the reference group is suppressed"}


def test_a_suppressed_cube_survives_json_and_hidden_groups_have_no_figures() -> None:
    frame = credit(600, groups=("a", "b", "c", "d", "e"))
    frame.loc[:6, "region"] = "tiny"
    whole = build_cube(ibis.memtable(frame), Question(sensitive=("region",), label="label", score="score"))
    shown = suppress(whole, 10).cube
    assert (("region", "tiny"),) in shown.suppressed
    again = cells.from_json(cells.to_json(shown))
    assert cells.to_json(again) == cells.to_json(shown)
    for m in measure(again):
        if m.measurement.group == {"region": "tiny"}:
            assert (m.measurement.value, m.measurement.n, m.measurement.reason) == (None, None, "suppressed")
