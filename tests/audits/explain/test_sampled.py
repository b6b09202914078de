"""Sampled values say truly how far off they may be."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.explain.sampled import affordable_rows, sampled_values
from audits.explain.trees import Floats
from tests.audits.explain.games import quiet

RNG = np.random.default_rng(3)
X = RNG.normal(size=(400, 4))
TABLE = pa.table({name: X[:, i] for i, name in enumerate("abcd")})


def score(table: pa.Table) -> Floats:
    a, b, c = (table[name].to_numpy() for name in "abc")
    result: Floats = 2 * a + b * c
    return result


def exact() -> Floats:
    """2a moves with a alone; b and c share their product, each after nothing and after the other."""
    b, c, product = X[:, 1], X[:, 2], X[:, 1] * X[:, 2]
    after_nothing = np.column_stack([b * c.mean() - product.mean(), c * b.mean() - product.mean()])
    after_other = np.column_stack([product - c * b.mean(), product - b * c.mean()])
    return np.column_stack([2 * (X[:, 0] - X[:, 0].mean()), (after_nothing + after_other) / 2, np.zeros(len(X))])


def test_estimates_lie_within_their_stated_errors() -> None:
    found = sampled_values(score, TABLE, TABLE, pairs=20, seed=1, progress=quiet)

    assert found.error is not None
    off = (found.values - exact())[:, :3] / found.error[:, :3]
    assert (off.std(axis=0) < 1.15).all()
    assert np.abs(off.mean(axis=0)).max() < 4 / np.sqrt(len(X))
    assert np.abs(found.values[:, 3]).max() == 0


def test_each_row_adds_up_exactly() -> None:
    found = sampled_values(score, TABLE, TABLE, pairs=3, seed=2, progress=quiet)

    assert np.abs(found.base + found.values.sum(axis=1) - score(TABLE)).max() < 1e-12


def test_the_true_mean_of_absolute_values_lies_between_what_halves_agree_on_and_the_estimate() -> None:
    truth = np.abs(exact()).mean(axis=0)
    runs = [sampled_values(score, TABLE, TABLE, pairs=4, seed=seed, progress=quiet) for seed in range(12)]
    above = np.mean([np.abs(run.values).mean(axis=0) for run in runs], axis=0)
    below = np.mean([run.agreed.mean(axis=0) for run in runs if run.agreed is not None], axis=0)

    assert (below[:3] < truth[:3]).all()
    assert (above[1:3] > truth[1:3]).all()


def test_rows_are_as_many_as_the_evaluations_allow() -> None:
    assert affordable_rows(10_000, inputs=25, pairs=20, evaluations=500_000) == 500
    assert affordable_rows(100, inputs=25, pairs=20, evaluations=500_000) == 100
    assert affordable_rows(10_000, inputs=10_000, pairs=20, evaluations=500_000) == 2
