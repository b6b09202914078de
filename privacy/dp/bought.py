"""Bounds and levels that are found in the private rows, with noise, for a part of the budget.

Every row adds 1 to one bin of each column's histogram, so that all d histograms together have an L2 sensitivity of
sqrt(d), and one Gaussian mechanism releases them. Numbers fall into bins between powers of two; their bounds are the
outermost bins that stand out from the noise. Texts are counted by level, and a level is told only if its noisy count is
above a threshold that a level of a single row would pass with a probability of no more than `hidden` over all columns
(Korolova et al. 2009, https://doi.org/10.1145/1526709.1526733): that much is added to delta.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.errors import InputError
from privacy.dp.features import MOST_LEVELS, Feature, Levels, Number
from privacy.dp.randomness import Randomness

if TYPE_CHECKING:
    import pandas as pd

# from 2^-20 to 2^50 on either side of zero; what lies beyond is cut to that
SMALLEST, LARGEST = -20, 50
# a bin of pure noise passes for a bound with this probability over all of a column's bins
MISTAKEN = 0.01


@dataclass(frozen=True)
class Price:
    """`noise` is the multiplier of the one Gaussian mechanism, over its sensitivity; `hidden` is added to delta."""

    noise: float
    hidden: float


def bought_features(
    frame: pd.DataFrame, columns: Sequence[str], price: Price, source: Randomness
) -> tuple[Feature, ...]:
    """Bounds or levels of each column, in order. InputError where the noise leaves none of a column."""
    scale = price.noise * math.sqrt(len(columns))
    return tuple(_bought(frame[name], scale, price.hidden / len(columns), source) for name in columns)


def _bought(values: pd.Series, scale: float, hidden: float, source: Randomness) -> Feature:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(values) and not is_bool_dtype(values):
        return _number(values, scale, source)
    return _levels(values, scale, hidden, source)


def _number(values: pd.Series, scale: float, source: Randomness) -> Number:
    from scipy.stats import norm

    edges = bin_edges()
    numbers = values.to_numpy(float, na_value=np.nan)
    numbers = np.clip(numbers[np.isfinite(numbers)], edges[0], edges[-1])
    counts, _ = np.histogram(numbers, edges)
    noisy = counts + scale * source.normal(len(counts))
    stands_out = np.flatnonzero(noisy > scale * norm.isf(MISTAKEN / len(counts)))
    if not len(stands_out):
        raise InputError(
            f"The noise leaves no bounds of {values.name!r}. Declare them (--public-bounds), or allow a larger epsilon."
        )
    return Number(str(values.name), float(edges[stands_out[0]]), float(edges[stands_out[-1] + 1]))


def bin_edges() -> np.ndarray:
    """-2^50, ..., -2^-20, 0, 2^-20, ..., 2^50"""
    powers = 2.0 ** np.arange(SMALLEST, LARGEST + 1)
    return np.concatenate([-powers[::-1], [0.0], powers])


def _levels(values: pd.Series, scale: float, hidden: float, source: Randomness) -> Levels:
    from scipy.stats import norm

    counts = values.dropna().astype(str).value_counts().sort_index()
    noisy = counts.to_numpy(float) + scale * source.normal(len(counts))
    threshold = 1 + scale * norm.isf(hidden)
    kept = [level for level, count in zip(counts.index, noisy, strict=True) if count > threshold]
    if not kept or len(kept) > MOST_LEVELS:
        raise InputError(
            f"The noise leaves {len(kept):,} levels of {values.name!r}; 1 to {MOST_LEVELS:,} can be used. Declare them "
            "(--public-bounds), or leave the column out."
        )
    return Levels(str(values.name), tuple(kept))
