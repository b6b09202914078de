"""Figures of scores from counts by (label, score) of one group: ranking, probabilities, calibration.

Standard errors are linearised (the influence of each cell), which for the area under the ROC curve is DeLong's.
Where cells span a range of scores (binned, or merged for privacy), each figure carries how far that may move it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.measure.cells import Floats, ScoreSet
from audits.measure.estimates import AbsoluteSum, Effective, Estimate, Mean, Unknown
from audits.measure.rates import NO_NEGATIVES, NO_POSITIVES

# the clipping of probabilities that scikit-learn's log_loss uses for float64
EPSILON = float(np.finfo(float).eps)
# equal-width bins of the calibration error, as in Guo et al., ICML 2017
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Ranked:
    """One group's score cells, ascending. Axis 0 is the label (negative, positive), axis 1 the score cell.

    `n` rows (or frequencies), `w` weights on any scale and `q` sums of their squares (both equal n without weights),
    `mean` the mean score of the cell's rows; `low` and `high` bound the scores of each cell.
    """

    low: Floats
    high: Floats
    n: Floats
    w: Floats
    q: Floats
    mean: Floats
    weighted: bool

    @property
    def rows(self) -> int:
        return int(self.n.sum())

    @property
    def correction(self) -> float:
        return self.rows / max(self.rows - 1, 1)


def ranked(cells: ScoreSet, index: int) -> Ranked:
    """The cells of one group as arrays of shape (2, number of distinct scores or bins)."""
    mine = cells.group == index
    low, at = np.unique(cells.low[mine], return_inverse=True)
    label = cells.label[mine]
    n, w, q, mean = (np.zeros((2, len(low))) for _ in range(4))
    n[label, at] = cells.n[mine]
    mean[:] = low
    mean[label, at] = cells.mean[mine]
    high = low.copy()
    high[at] = cells.high[mine]
    if cells.w is None or cells.w2 is None:
        w, q = n.copy(), n.copy()
    else:
        w[label, at] = cells.w[mine].astype(float)
        q[label, at] = cells.w2[mine].astype(float)
    return Ranked(low, high, n, w, q, mean, cells.w is not None)


def _one_class(r: Ranked) -> str | None:
    if r.w[1].sum() <= 0:
        return NO_POSITIVES
    return NO_NEGATIVES if r.w[0].sum() <= 0 else None


def roc_auc(r: Ranked) -> Estimate:
    """Area under the ROC curve, ties counted half.

    Source: DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845, for the variance (midranks from counts).
    """
    if reason := _one_class(r):
        return Unknown(reason, r.rows)
    (neg, pos), (q_neg, q_pos), (n_neg, n_pos) = r.w, r.q, r.n
    negatives, positives = neg.sum(), pos.sum()
    beaten = (np.cumsum(neg) - neg / 2) / negatives
    beating = (positives - np.cumsum(pos) + pos / 2) / positives
    area = float((pos * beaten).sum() / positives)
    parts = ((q_pos, beaten, positives, n_pos.sum()), (q_neg, beating, negatives, n_neg.sum()))
    variance = sum((q * (v - area) ** 2).sum() / total**2 * m / max(m - 1, 1) for q, v, total, m in parts)
    tied = float((pos * neg * (r.high > r.low)).sum() / (2 * positives * negatives))
    fewest = float(min(n_pos.sum(), n_neg.sum()))
    method = "wilson, effective size by DeLong's variance"
    return Effective(area, float(variance), r.rows, fewest, method, (tied, tied))


def pr_auc(r: Ranked) -> Estimate:
    """Area under the precision-recall curve as average precision, sum of (R_k - R_k-1) P_k (scikit-learn's).

    The variance is that of each row's influence on the sum, and at least the binomial one over the positives (Boyd,
    Eng & Page, ECML 2013): with few positives linearisation alone covered 92%.
    """
    if r.w[1].sum() <= 0:
        return Unknown(NO_POSITIVES, r.rows)
    (neg, pos), (q_neg, q_pos) = r.w[:, ::-1], r.q[:, ::-1]
    hits, misses, positives = np.cumsum(pos), np.cumsum(neg), pos.sum()
    seen = hits + misses
    precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
    area = float((pos * precision).sum() / positives)
    slope = np.divide(pos / positives, seen**2, out=np.zeros_like(hits), where=seen > 0)
    d_pos = (precision - area) / positives + np.cumsum((slope * misses)[::-1])[::-1]
    d_neg = -np.cumsum((slope * hits)[::-1])[::-1]
    variance = float((q_pos * d_pos**2 + q_neg * d_neg**2).sum() * r.correction)
    method = "wilson, effective size by linearised variance, at most the positives"
    spread, found = area * (1 - area), float(r.n[1].sum())
    if spread > 0:
        variance = max(variance, spread / found)
    return Effective(area, variance, r.rows, found, method, _precision_bound(r, area))


def _precision_bound(r: Ranked, area: float) -> tuple[float, float]:
    """How far the order inside wide cells may move average precision: all negatives first, or all positives first."""
    wide = (r.high > r.low)[::-1]
    if not wide.any():
        return 0.0, 0.0
    neg, pos = r.w[:, ::-1]
    hits, misses = np.cumsum(pos), np.cumsum(neg)
    before_hits, before_misses = hits - pos, misses - neg
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.where(hits + misses > 0, hits / (hits + misses), 0.0)
        worst = np.where(wide & (before_hits + misses > 0), before_hits / (before_hits + misses), middle)
        best = np.where(wide & (hits + before_misses > 0), hits / (hits + before_misses), middle)
    low, high = (float((pos * p).sum() / pos.sum()) for p in (worst, best))
    return max(area - low, 0.0), max(high - area, 0.0)


def log_loss(r: Ranked) -> Estimate:
    """Mean of -log of the probability given to what happened, probabilities clipped to [eps, 1 - eps]."""
    clipped, low, high = (np.clip(x, EPSILON, 1 - EPSILON) for x in (r.mean, r.low, r.high))
    loss = np.stack([-np.log1p(-clipped[0]), -np.log(clipped[1])])
    ends = [np.stack([-np.log1p(-x), -np.log(x)]) for x in (low, high)]
    return _mean_loss(r, loss, ends[0], ends[1], "student's mean of the loss")


def brier_score(r: Ranked) -> Estimate:
    """Mean of (score - label)^2. Source: Brier, Monthly Weather Review 78 (1950) 1-3."""
    loss = np.stack([r.mean[0] ** 2, (1 - r.mean[1]) ** 2])
    low, high = (np.stack([x**2, (1 - x) ** 2]) for x in (r.low, r.high))
    return _mean_loss(r, loss, low, high, "student's mean of the loss", highest=1.0)


def _mean_loss(
    r: Ranked, loss: Floats, low: Floats, high: Floats, method: str, highest: float = float("inf")
) -> Estimate:
    """A mean of convex losses: at each cell's mean score, at most the chord between its ends."""
    total = r.w.sum()
    if total <= 0:
        return Unknown("no rows")
    value = float((r.w * loss).sum() / total)
    variance = float((r.q * (loss - value) ** 2).sum() / total**2 * r.correction)
    wide = r.high > r.low
    if not wide.any():
        return Mean(value, variance**0.5, r.rows, method, highest)
    if r.weighted:
        up, down = np.maximum(low, high) - loss, loss - np.minimum(low, high)
    else:
        share = np.where(wide, (r.mean - r.low) / np.where(wide, r.high - r.low, 1.0), 0.0)
        up, down = low + share * (high - low) - loss, np.zeros_like(loss)
    bound = tuple(float((r.w * np.where(wide, b, 0.0)).sum() / total) for b in (down, up))
    return Mean(value, variance**0.5, r.rows, method, highest, (bound[0], bound[1]))


def calibration_error(r: Ranked, bins: int = CALIBRATION_BINS) -> Estimate:
    """Expected calibration error: mean over rows of |observed rate - mean score| of their equal-width score bin.

    Source: Naeini, Cooper & Hauskrecht, AAAI 2015; Guo et al., ICML 2017. Limits: see AbsoluteSum.
    """
    total = r.w.sum()
    if total <= 0:
        return Unknown("no rows")
    at = calibration_bin(r.mean, bins)
    residual = np.stack([-r.mean[0], 1 - r.mean[1]])
    gap, square = np.zeros(bins), np.zeros(bins)
    np.add.at(gap, at, r.w * residual / total)
    np.add.at(square, at, r.q * residual**2 / total**2 * r.correction)
    straddling = (calibration_bin(r.low, bins) != calibration_bin(np.nextafter(r.high, 0), bins)) & (r.high > r.low)
    # a row in another bin changes two bins' gaps by its own; weights may lie at either end of a cell
    width = (r.high - r.low) * r.weighted
    moved = float((r.w * (2 * straddling * (np.abs(residual) + width) + width)).sum() / total)
    return AbsoluteSum(tuple(gap.tolist()), tuple(np.sqrt(square).tolist()), r.rows, bound=(moved, moved))


def calibration_bin(scores: Floats, bins: int = CALIBRATION_BINS) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    return np.clip((scores * bins).astype(np.intp), 0, bins - 1)


RANKING = {"roc_auc": roc_auc, "pr_auc": pr_auc}
PROBABILITY = {"log_loss": log_loss, "brier_score": brier_score, "calibration_error": calibration_error}
