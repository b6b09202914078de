"""Published Shapley values.

Sources: Shapley (1953) and textbooks (glove, airport); Shapley and Shubik, American Political Science Review 48 (1954)
787-792 (Security Council), each computed exactly by enumeration; shap's own tests/explainers/test_exact.py (the sum).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.explain.exact import linear_values
from audits.explain.sampled import sampled_values
from audits.explain.trees import LinearSum
from tests.audits.explain.games import quiet, shapley_of, tree_of

PERMANENT, NON_PERMANENT, QUOTA = 7, 1, 39


def test_the_glove_game() -> None:
    def pair(answers: tuple[int, ...]) -> float | None:
        if answers[:1] == (0,) or answers == (1, 0, 0):
            return 0.0
        return 1.0 if 1 in answers[1:] else None

    assert shapley_of([tree_of(pair, 3)], 3) == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=1e-12)


def test_the_airport_game() -> None:
    costs = (8, 11, 13, 18)

    def runway(answers: tuple[int, ...]) -> float | None:
        return (
            float(max((c for c, here in zip(costs, answers, strict=True) if here), default=0))
            if len(answers) == 4
            else None
        )

    assert shapley_of([tree_of(runway, 4)], 4) == pytest.approx([2, 3, 4, 9], abs=1e-12)


def test_the_security_council() -> None:
    weights = [PERMANENT] * 5 + [NON_PERMANENT] * 10

    def passes(answers: tuple[int, ...]) -> float | None:
        won = sum(w for w, vote in zip(weights, answers, strict=False) if vote)
        if won >= QUOTA:
            return 1.0
        return 0.0 if won + sum(weights[len(answers) :]) < QUOTA else None

    found = shapley_of([tree_of(passes, 15)], 15)

    assert found[:5] == pytest.approx([0.19627039627039627] * 5, abs=1e-12)
    assert found[5:] == pytest.approx([0.0018648018648018648] * 10, abs=1e-12)


@pytest.mark.parametrize(("scale", "expected"), [(1.0, [0, 4, 0, 4]), (2.0, [0, 8, 0, 8])])
def test_a_sum_of_its_inputs_in_closed_form_and_by_sampling(scale: float, expected: list[float]) -> None:
    background, row = np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0.0, 5.0, 2.0, 7.0]])
    names = ["a", "b", "c", "d"]

    exact = linear_values(LinearSum(np.full(4, scale)), (0, 1, 2, 3), 4, row, background)
    sampled = sampled_values(
        lambda table: scale * np.sum([table[name].to_numpy() for name in names], axis=0),
        pa.table({name: row[:, i] for i, name in enumerate(names)}),
        pa.table({name: background[:, i] for i, name in enumerate(names)}),
        pairs=2,
        seed=0,
        progress=quiet,
    )

    assert exact.values[0] == pytest.approx(expected, abs=1e-10)
    assert sampled.values[0] == pytest.approx(expected, abs=1e-10)
    assert exact.base == sampled.base == 6.0 * scale
