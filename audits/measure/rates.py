"""Rates of groups from the cells of a grouping set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.measure.cells import GroupingSet
from audits.measure.estimates import Rate, Unknown

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class RateMetric:
    """A rate as two sets of cells: which count, out of which. Masks have shape (label, prediction)."""

    name: str
    counted: tuple[tuple[int, int], ...]
    out_of: tuple[tuple[int, int], ...]
    empty: str
    needs_label: bool = True


_ALL = ((0, 0), (0, 1), (1, 0), (1, 1))
NO_LABEL = "no label with two values was given"
NO_POSITIVES = "no row has the positive label"
NO_NEGATIVES = "no row has the negative label"

RATES: dict[str, RateMetric] = {
    metric.name: metric
    for metric in (
        RateMetric("base_rate", ((1, 0), (1, 1)), _ALL, "no rows"),
        RateMetric("selection_rate", ((0, 1), (1, 1)), _ALL, "no rows", needs_label=False),
        RateMetric("true_positive_rate", ((1, 1),), ((1, 0), (1, 1)), NO_POSITIVES),
        RateMetric("false_positive_rate", ((0, 1),), ((0, 0), (0, 1)), NO_NEGATIVES),
        RateMetric("true_negative_rate", ((0, 0),), ((0, 0), (0, 1)), NO_NEGATIVES),
        RateMetric("false_negative_rate", ((1, 0),), ((1, 0), (1, 1)), NO_POSITIVES),
        RateMetric("precision", ((1, 1),), ((0, 1), (1, 1)), "no row is predicted positive"),
        RateMetric("accuracy", ((0, 0), (1, 1)), _ALL, "no rows"),
        RateMetric("favourable_rate", ((0, 0), (1, 0)), _ALL, "no rows", needs_label=False),
    )
}
# what F1 rests on: the share of true positives among all rows that are not true negatives
JACCARD = RateMetric("jaccard", ((1, 1),), ((0, 1), (1, 0), (1, 1)), "no row is positive, by label or prediction")


def rate(cells: GroupingSet, index: int, metric: RateMetric, *, has_label: bool) -> Rate | Unknown:
    """One group's rate; Unknown where there is no label, or no row to divide by."""
    if metric.needs_label and not has_label:
        return Unknown(NO_LABEL, applicable=False)
    counted, out_of = _mask(metric.counted, has_label), _mask(metric.out_of, has_label)
    n = cells.n[index]
    rows = int(n[out_of].sum())
    if rows == 0:
        return Unknown(metric.empty)
    if cells.w is None or cells.w2 is None:
        return Rate(float(n[counted].sum()), float(rows), rows)
    return _weighted(cells.w[index], cells.w2[index], counted, out_of, rows)


def _mask(cells: tuple[tuple[int, int], ...], has_label: bool) -> Mask:
    mask = np.zeros((2 if has_label else 1, 2), dtype=bool)
    for label, prediction in cells:
        if has_label:
            mask[label, prediction] = True
        else:
            mask[0, prediction] = True
    return mask


def _weighted(
    w: NDArray[np.object_], w2: NDArray[np.object_], counted: Mask, out_of: Mask, rows: int
) -> Rate | Unknown:
    """A weighted rate with its effective size p(1-p) / variance, the variance of the ratio linearised.

    Source: Kish, Survey Sampling (1965) section 2.8; Korn & Graubard, Survey Methodology 24 (1998) 193-201.
    """
    if int(w[out_of].sum()) == 0:
        return Unknown("all weights are 0", rows)
    missed = out_of & ~counted
    hits, misses = (int(w[cells].sum()) for cells in (counted, missed))
    return effective_rate(hits, misses, int(w2[counted].sum()), int(w2[missed].sum()), rows)


def effective_rate(hits: float, misses: float, hits2: float, misses2: float, rows: int) -> Rate:
    """The rate hits / (hits + misses) of weights, whose squares sum to hits2 and misses2, at its effective size."""
    total = hits + misses
    share = hits / total
    kish = total * total / (hits2 + misses2)
    if rows < 2 or not 0 < share < 1:
        return Rate(share * kish, kish, rows, weighted=True)
    variance = ((1 - share) ** 2 * hits2 + share**2 * misses2) / total**2 * rows / (rows - 1)
    size = min(share * (1 - share) / variance, float(rows))
    return Rate(share * size, size, rows, weighted=True)
