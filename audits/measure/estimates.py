"""Estimates: a value, the rows it rests on, and its limits at any level and for any multiple of the data.

A rule needs more than the printed 95% interval: limits corrected for many figures, and those that more rows at the
same shares would give. So an estimate keeps what its limits are a function of. `scale` multiplies the data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from audits.measure.intervals import (
    Numbers,
    clopper_pearson,
    miettinen_nurminen_ratio,
    mover_mean,
    newcombe,
    normal_quantile,
    student,
    wilson,
)
from audits.measure.types import Interval

LEVEL = 0.95


class Estimate(Protocol):
    """What a measurement and a rule need of a figure."""

    @property
    def value(self) -> float | None: ...
    @property
    def n(self) -> int: ...
    @property
    def method(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    def limits(self, level: float, scale: float = 1.0) -> tuple[float | None, float | None]: ...


def interval(estimate: Estimate, level: float = LEVEL) -> Interval | None:
    """The two-sided interval to print; None where there is no figure."""
    if estimate.value is None:
        return None
    low, high = estimate.limits(level)
    return Interval(low, high, level, estimate.method)


@dataclass(frozen=True)
class Unknown:
    """A figure that cannot be estimated, and why; not applicable where no amount of rows would give it."""

    reason: str
    n: int = 0
    applicable: bool = True
    value: None = None
    method: str = "none"

    def limits(self, level: float, scale: float = 1.0) -> tuple[None, None]:
        return None, None


@dataclass(frozen=True)
class Rate:
    """A proportion: of `n` rows an effective `total`, of which `successes` (not whole with weights).

    Score limits (Wilson); with weights at the effective size total = p(1-p) / variance, the variance linearised.
    """

    successes: float
    total: float
    n: int
    weighted: bool = False
    reason: str | None = None

    @property
    def value(self) -> float:
        return self.successes / self.total

    @property
    def method(self) -> str:
        return "wilson, effective size by linearised variance" if self.weighted else "wilson"

    def limits(self, level: float, scale: float = 1.0) -> tuple[float, float]:
        low, high = wilson(np.float64(self.successes * scale), np.float64(self.total * scale), level)
        return float(low), float(high)

    def exact_limits(self, level: float, scale: float = 1.0) -> tuple[float, float]:
        """Clopper-Pearson limits: what a rule near 0 or 1 decides by."""
        low, high = clopper_pearson(np.float64(self.successes * scale), np.float64(self.total * scale), level)
        return float(low), float(high)


@dataclass(frozen=True)
class RateRatio:
    """One group's rate over the reference group's: Miettinen-Nurminen score limits."""

    rate: Rate
    reference: Rate

    @property
    def n(self) -> int:
        return self.rate.n + self.reference.n

    @property
    def reason(self) -> str | None:
        return "the reference group's rate is 0" if self.reference.successes <= 0 else None

    @property
    def value(self) -> float | None:
        return None if self.reason else self.rate.value / self.reference.value

    @property
    def method(self) -> str:
        return "miettinen-nurminen"

    def limits(self, level: float, scale: float = 1.0) -> tuple[float | None, float | None]:
        a, b = self.rate, self.reference
        x1, n1, x2, n2 = (np.array([x * scale]) for x in (a.successes, a.total, b.successes, b.total))
        low, high = miettinen_nurminen_ratio(x1, n1, x2, n2, level)
        return float(low[0]), _exists(float(high[0]))


def _exists(bound: float) -> float | None:
    return bound if math.isfinite(bound) and bound < 1e12 else None


@dataclass(frozen=True)
class Extreme:
    """The extreme disparity over groups: max - min (a difference) or min / max (a ratio) of one or more rates.

    `families` holds one sequence of group rates for each rate (equalized odds has two, and takes the worse).
    Away from equality the limit is the furthest pairwise one, a union of tests all of which must hold; towards
    equality the furthest pairwise limit at a level corrected for all ordered comparisons (Bonferroni), since the data
    picked the pair. Pairs by Newcombe (difference) or Miettinen-Nurminen (ratio).
    """

    families: tuple[tuple[Rate, ...], ...]
    ratio: bool
    _cache: dict[tuple[float, float], tuple[float | None, float | None]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def n(self) -> int:
        return sum(rate.n for family in self.families for rate in family)

    @property
    def reason(self) -> str | None:
        if self.ratio and any(max(r.value for r in family) <= 0 for family in self.families):
            return "the rate is 0 in every group, so no ratio exists"
        return None

    @property
    def value(self) -> float | None:
        if self.reason:
            return None
        values = [[rate.value for rate in family] for family in self.families]
        return min(min(v) / max(v) for v in values) if self.ratio else max(max(v) - min(v) for v in values)

    @property
    def method(self) -> str:
        pair = "miettinen-nurminen" if self.ratio else "newcombe"
        return f"furthest pairwise {pair}, corrected for {self.comparisons} comparisons towards equality"

    @property
    def comparisons(self) -> int:
        return sum(len(family) * (len(family) - 1) for family in self.families)

    def limits(self, level: float, scale: float = 1.0) -> tuple[float | None, float | None]:
        key = (level, scale)
        if key not in self._cache:
            self._cache[key] = self._limits(level, scale)
        return self._cache[key]

    def _limits(self, level: float, scale: float) -> tuple[float | None, float | None]:
        towards = 1 - (1 - level) / self.comparisons
        pairs = [_ordered_pairs(family, scale) for family in self.families]
        if self.ratio:
            low = min(float(miettinen_nurminen_ratio(*p, level)[0].min()) for p in pairs)
            high = min(float(miettinen_nurminen_ratio(*p, towards)[1].min()) for p in pairs)
            return low, min(high, 1.0)
        high = max(float(newcombe(*p, level)[1].max()) for p in pairs)
        low = max(float(newcombe(*p, towards)[0].max()) for p in pairs)
        return max(low, 0.0), high


def _ordered_pairs(rates: Sequence[Rate], scale: float) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    x = np.array([r.successes for r in rates]) * scale
    n = np.array([r.total for r in rates]) * scale
    first, second = np.nonzero(~np.eye(len(rates), dtype=bool))
    return x[first], n[first], x[second], n[second]


@dataclass(frozen=True)
class Effective:
    """A figure between 0 and 1 with a variance: score limits at the effective size value(1-value) / variance.

    Where the variance is nothing (perfect separation) the size is `fewest`, the smaller class. `bound` is how far
    binned scores may have moved the value either way, and widens the limits.
    """

    value: float
    variance: float
    n: int
    fewest: float
    method: str
    bound: tuple[float, float] = (0.0, 0.0)
    reason: str | None = None

    def limits(self, level: float, scale: float = 1.0) -> tuple[float, float]:
        spread = self.value * (1 - self.value)
        size = min(spread / self.variance, float(self.n)) if self.variance > 0 and spread > 0 else self.fewest
        low, high = wilson(np.float64(self.value * size * scale), np.float64(size * scale), level)
        return max(float(low) - self.bound[0], 0.0), min(float(high) + self.bound[1], 1.0)


@dataclass(frozen=True)
class Mean:
    """A mean over rows with its standard error: Student's limits, kept within the figure's range."""

    value: float
    error: float
    n: int
    method: str
    highest: float = math.inf
    bound: tuple[float, float] = (0.0, 0.0)
    reason: str | None = None

    def limits(self, level: float, scale: float = 1.0) -> tuple[float | None, float | None]:
        low, high = student(self.value, self.error / math.sqrt(scale), self.n * scale - 1, level)
        return max(low - self.bound[0], 0.0), _exists(min(high + self.bound[1], self.highest))


@dataclass(frozen=True)
class MeanOfRates:
    """The mean of two independent rates (balanced accuracy): MOVER limits from their score limits."""

    one: Rate
    two: Rate
    reason: str | None = None
    method: str = "mover of two wilson limits"

    @property
    def value(self) -> float:
        return (self.one.value + self.two.value) / 2

    @property
    def n(self) -> int:
        return self.one.n + self.two.n

    def limits(self, level: float, scale: float = 1.0) -> tuple[float, float]:
        one, two = ((r.value, *r.limits(level, scale)) for r in (self.one, self.two))
        return mover_mean(one, two)


@dataclass(frozen=True)
class F1:
    """F1 = 2J / (1 + J) of the Jaccard share J = TP / (TP + FP + FN): the limits of J, carried over."""

    jaccard: Rate
    reason: str | None = None

    @property
    def value(self) -> float:
        return 2 * self.jaccard.value / (1 + self.jaccard.value)

    @property
    def n(self) -> int:
        return self.jaccard.n

    @property
    def method(self) -> str:
        return f"{self.jaccard.method}, of the share TP / (TP + FP + FN)"

    def limits(self, level: float, scale: float = 1.0) -> tuple[float, float]:
        low, high = self.jaccard.limits(level, scale)
        return 2 * low / (1 + low), 2 * high / (1 + high)


@dataclass(frozen=True)
class AbsoluteSum:
    """A sum of absolute bin means, sum |a_b| (calibration error), each with its standard error.

    It is the extreme of sum e_b a_b over all signs e. Upwards the limit of the signs seen, which holds for the true
    ones too; downwards the figure less what noise alone adds: |a| <= |true a| + |noise|, so the limit takes off the
    upper quantile of sum |noise_b|, by its mean and variance for independent normal bins.
    """

    means: tuple[float, ...]
    errors: tuple[float, ...]
    n: int
    method: str = "sum of absolute bin means, bias taken off below"
    bound: tuple[float, float] = (0.0, 0.0)
    reason: str | None = None

    @property
    def value(self) -> float:
        return sum(abs(m) for m in self.means)

    def limits(self, level: float, scale: float = 1.0) -> tuple[float, float]:
        errors = np.array(self.errors) / math.sqrt(scale)
        z, total = normal_quantile(level), math.sqrt(float((errors**2).sum()))
        noise = math.sqrt(2 / math.pi) * float(errors.sum()) + z * math.sqrt(1 - 2 / math.pi) * total
        low, high = self.value - noise - self.bound[0], self.value + z * total + self.bound[1]
        return max(low, 0.0), min(high, 1.0)
