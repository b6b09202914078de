"""Limits for rates, their differences and ratios. Every function takes counts that may be effective sizes (not whole).

All are vectorised: arrays of one shape in, two arrays (low, high) of that shape out. `level` is two-sided.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64] | np.float64
Limits: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


def normal_quantile(level: float) -> float:
    """The standard normal's two-sided quantile: 1.96 for 0.95."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def wilson(successes: Numbers, total: Numbers, level: float) -> Limits:
    """Score limits of a proportion. Source: Wilson, JASA 22 (1927) 209-212; Brown, Cai & DasGupta (2001)."""
    z2 = normal_quantile(level) ** 2
    share = successes / total
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = np.sqrt(z2 / total * (share * (1 - share) + z2 / (4 * total))) / (1 + z2 / total)
    low = np.where(successes <= 0, 0.0, np.clip(centre - half, 0.0, 1.0))
    high = np.where(successes >= total, 1.0, np.clip(centre + half, 0.0, 1.0))
    return low, high


def clopper_pearson(successes: Numbers, total: Numbers, level: float) -> Limits:
    """Exact binomial limits of a proportion. Source: Clopper & Pearson, Biometrika 26 (1934) 404-413."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    failures = total - successes
    with np.errstate(invalid="ignore"):
        low = np.where(successes <= 0, 0.0, betaincinv(np.maximum(successes, 1e-12), failures + 1, tail))
        high = np.where(failures <= 0, 1.0, betaincinv(successes + 1, np.maximum(failures, 1e-12), 1 - tail))
    return low, high


def newcombe(x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers, level: float) -> Limits:
    """Limits of the difference of two proportions, p1 - p2, from their score limits.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.
    """
    p1, p2 = x1 / n1, x2 / n2
    l1, u1 = wilson(x1, n1, level)
    l2, u2 = wilson(x2, n2, level)
    low = p1 - p2 - np.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
    high = p1 - p2 + np.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
    return np.clip(low, -1.0, 1.0), np.clip(high, -1.0, 1.0)


def miettinen_nurminen_ratio(x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers, level: float) -> Limits:
    """Score limits of the ratio of two proportions, p1 / p2; infinite where no upper limit exists.

    Source: Miettinen & Nurminen, Statistics in Medicine 4 (1985) 213-226, equations 9 to 12.
    """
    x1, n1, x2, n2 = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (x1, n1, x2, n2)))
    z2 = normal_quantile(level) ** 2
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low = _score_root(x1, n1, x2, n2, z2, upward=False)
        high = _score_root(x1, n1, x2, n2, z2, upward=True)
    return np.where(x1 <= 0, 0.0, low), np.where(x2 <= 0, np.inf, high)


def _score_root(x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers, z2: float, *, upward: bool) -> Numbers:
    """Where the score statistic of log(ratio) reaches z2 on one side of the estimate: bisection on the log scale.

    The statistic rises monotonically away from the estimate; 700 on either side is the range of a double.
    """
    # an estimate on the edge (nothing in one group) starts the search inside
    start = np.log(np.maximum(x1, 0.5) / n1) - np.log(np.maximum(x2, 0.5) / n2)
    sign = 1.0 if upward else -1.0
    near, far = np.where((x1 <= 0) | (x2 <= 0), -sign * 30.0, start), np.full(x1.shape, sign * 60.0)
    for _ in range(60):
        middle = (near + far) / 2
        inside = _score_statistic(np.exp(middle), x1, n1, x2, n2) < z2
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    return np.asarray(np.exp((near + far) / 2))


def _score_statistic(ratio: Numbers, x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers) -> Numbers:
    """The squared score statistic of p1 / p2 = ratio, with the constrained maximum-likelihood estimates."""
    total = n1 + n2
    a, b, c = total * ratio, -(n1 * ratio + x1 + n2 + x2 * ratio), x1 + x2
    # the smaller root of a p^2 + b p + c, in the form that does not cancel
    p2 = 2 * c / (-b + np.sqrt(np.maximum(b * b - 4 * a * c, 0.0)))
    p1 = ratio * p2
    variance = (p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2) * total / (total - 1)
    gap = x1 / n1 - ratio * x2 / n2
    return np.where(variance > 0, gap**2 / np.where(variance > 0, variance, 1.0), np.where(gap == 0, 0.0, np.inf))


def student(value: float, error: float, degrees: float, level: float) -> tuple[float, float]:
    """Limits of a mean from its standard error. Source: Student, Biometrika 6 (1908) 1-25."""
    from scipy.special import stdtrit

    half = float(stdtrit(max(degrees, 1.0), 0.5 + level / 2)) * error
    return value - half, value + half


def mover_mean(one: tuple[float, float, float], two: tuple[float, float, float]) -> tuple[float, float]:
    """Limits of the mean of two independent estimates, each given as (value, low, high).

    Source: Zou & Donner, Statistics in Medicine 27 (2008) 1693-1702 (method of variance estimates recovery).
    """
    (a, la, ua), (b, lb, ub) = one, two
    middle = (a + b) / 2
    return middle - math.hypot(a - la, b - lb) / 2, middle + math.hypot(ua - a, ub - b) / 2
