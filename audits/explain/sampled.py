"""Shapley values of any model, estimated from random orders of its inputs, with the error that leaves.

For a row, a background row and an order of the inputs, the inputs are changed one by one from the background row's
values to the row's; what the score moves at each step is credited to the input. Each order is also walked backwards
(antithetic). Source: Štrumbelj and Kononenko, Knowledge and Information Systems 41 (2014) 647-665; the pairs: Mitchell,
Cooper, Frank and Holmes, JMLR 23 (2022), "Sampling Permutations for Shapley Value Estimation".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audits.explain.exact import Progress, ShapleyValues
from audits.explain.trees import Floats

Scorer = Callable[[pa.Table], Floats]
"""The model: a table of its inputs (n rows) to its scores (n,)."""

ROWS_AT_A_TIME = 50_000
Places = NDArray[np.intp]


def affordable_rows(rows: int, inputs: int, pairs: int, evaluations: int) -> int:
    """How many rows can be explained within so many evaluations of the model, at least 2."""
    return max(2, min(rows, evaluations // (2 * inputs * pairs)))


def sampled_values(
    score: Scorer, rows: pa.Table, background: pa.Table, *, pairs: int, seed: int, progress: Progress
) -> ShapleyValues:
    """Estimated interventional values of each row (n, f), with their standard errors.

    Parameters
    ----------
    rows, background: tables of the model's inputs, the same columns in the same order.
    pairs: orders drawn for each row (each walked both ways, from a background row of its own); at least 2.

    The values are moved, in proportion to their variances, so that each row adds up exactly to its score less the
    background's mean (as shap's SamplingExplainer does); the errors are those before, which are no smaller.

    An absolute value with an error is too large on average. Of two independent halves of the orders, the mean of one
    times the sign of the other is on average no larger than the absolute value; `agreed` is that, taken both ways.
    """
    inputs, n = rows.num_columns, rows.num_rows
    random = np.random.default_rng(seed)
    both = pa.concat_tables([rows, background], promote_options="permissive").combine_chunks()
    drawn = np.empty((n, pairs, inputs))
    step = max(1, ROWS_AT_A_TIME // (2 * inputs * pairs))
    for start in range(0, n, step):
        progress(start / n, f"Shapley values by sampling: row {start:,} of {n:,}")
        chosen = np.arange(start, min(start + step, n))
        walked = np.repeat(chosen, pairs)
        reference = n + random.integers(0, background.num_rows, len(walked))
        found = _walk(score, both, walked, reference, random)
        drawn[chosen] = found.reshape(len(chosen), pairs, inputs)
    values, variances = drawn.mean(axis=1), drawn.var(axis=1, ddof=1) / pairs
    base = float(np.mean(score(background)))
    adjusted = _adding_up(values, variances, score(rows) - base)
    return ShapleyValues(adjusted, base, np.sqrt(variances), _agreed(drawn))


def _agreed(drawn: Floats) -> Floats:
    half = drawn.shape[1] // 2
    one, two = drawn[:, :half].mean(axis=1), drawn[:, half:].mean(axis=1)
    result: Floats = (np.sign(one) * two + np.sign(two) * one) / 2
    return result


def _walk(score: Scorer, both: pa.Table, rows: Places, reference: Places, random: np.random.Generator) -> Floats:
    """For each pair (k,), what each input adds (k, f): the mean of one order and its reverse."""
    inputs, pairs = both.num_columns, len(rows)
    place = np.argsort(random.random((pairs, inputs)), axis=1).argsort(axis=1)
    forward = _scores_along(score, both, rows, reference, place)
    backward = _scores_along(score, both, rows, reference, inputs - 1 - place)
    steps = np.arange(pairs)[:, None]
    return (np.diff(forward)[steps, place] + np.diff(backward)[steps, inputs - 1 - place]) / 2


def _scores_along(score: Scorer, both: pa.Table, rows: Places, reference: Places, place: Places) -> Floats:
    """The scores (k, f + 1) from the background row to the row itself, the input at `place` 0 changed first."""
    pairs, inputs = place.shape
    changed = place[:, None, :] < np.arange(inputs + 1)[None, :, None]
    taken = np.where(changed, rows[:, None, None], reference[:, None, None]).reshape(-1, inputs)
    columns = [both.column(j).take(pa.array(taken[:, j])) for j in range(inputs)]
    return score(pa.table(columns, names=both.column_names)).reshape(pairs, inputs + 1)


def _adding_up(values: Floats, variances: Floats, wanted: Floats) -> Floats:
    """The values moved so that each row's sum is the one wanted, most where they are least sure."""
    missing = wanted - values.sum(axis=1)
    total = variances.sum(axis=1)
    sure = total <= 0
    share = np.where(sure[:, None], 0.0, variances / np.where(sure, 1.0, total)[:, None])
    result: Floats = values + share * missing[:, None]
    return result
