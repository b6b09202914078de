"""Limits of rates, differences and ratios, against published examples and against definitions computed otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from audits.measure.estimates import Extreme, Rate, RateRatio
from audits.measure.intervals import (
    clopper_pearson,
    miettinen_nurminen_ratio,
    mover_mean,
    newcombe,
    student,
    wilson,
)

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def one(*numbers: float) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    return [np.array([float(x)]) for x in numbers]


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_published(x: int, n: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3."""
    found = wilson(*one(x, n), 0.95)
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_clopper_pearson_published(x: int, n: int, low: float, high: float) -> None:
    """The same table, method 5."""
    found = clopper_pearson(*one(x, n), 0.95)
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_newcombe_published(x1: int, n1: int, x2: int, n2: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10."""
    found = newcombe(*one(x1, n1, x2, n2), 0.95)
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=5e-5)


def test_miettinen_nurminen_is_koopman_but_for_its_one_factor() -> None:
    """Koopman, Biometrics 40 (1984) 513-517: 36 of 40 against 16 of 80, 2.94 to 7.15. Miettinen and Nurminen multiply
    the variance by N / (N - 1), here 120 / 119, which widens these by under half a percent."""
    low, high = (limit[0] for limit in miettinen_nurminen_ratio(*one(36, 40, 16, 80), 0.95))
    assert low == pytest.approx(2.94, rel=0.006)
    assert high == pytest.approx(7.15, rel=0.006)


@settings(deadline=None, max_examples=60)
@given(counts)
def test_wilson_and_clopper_pearson_are_scipys(pair: tuple[int, int]) -> None:
    x, n = pair
    theirs = stats.binomtest(x, n)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        low, high = (limit[0] for limit in ours(*one(x, n), 0.95))
        found = theirs.proportion_ci(0.95, method)
        assert (low, high) == pytest.approx((found.low, found.high), abs=1e-9)


def statistic(ratio: float, x1: int, n1: int, x2: int, n2: int) -> float:
    """The score statistic with the constrained maximum found by search instead of in closed form."""

    def unlikely(p2: float) -> float:
        p1 = ratio * p2
        return -sum(
            k * math.log(p) for k, p in ((x1, p1), (n1 - x1, 1 - p1), (x2, p2), (n2 - x2, 1 - p2)) if k > 0
        )  # fmt: skip

    most = min(1.0, 1 / ratio)
    p2 = optimize.minimize_scalar(unlikely, bounds=(1e-12, most * (1 - 1e-12)), options={"xatol": 1e-13}).x
    p1, total = ratio * p2, n1 + n2
    variance = (p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2) * total / (total - 1)
    return float((x1 / n1 - ratio * x2 / n2) ** 2 / variance)


@settings(deadline=None, max_examples=40)
@given(st.integers(5, 200), st.integers(5, 200), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_miettinen_nurminen_limits_lie_where_the_score_statistic_reaches_its_quantile(
    n1: int, n2: int, share1: float, share2: float
) -> None:
    x1, x2 = max(1, round(share1 * n1)), max(1, round(share2 * n2))
    low, high = (float(limit[0]) for limit in miettinen_nurminen_ratio(*one(x1, n1, x2, n2), 0.95))
    assert low <= x1 / n1 / (x2 / n2) <= high
    for limit in (low, high):
        assert statistic(limit, x1, n1, x2, n2) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-3)


def test_a_ratio_over_nothing_has_no_upper_bound_and_of_nothing_starts_at_0() -> None:
    ratio = RateRatio(Rate(5.0, 20.0, 20), Rate(0.0, 30.0, 30))
    assert (ratio.value, ratio.limits(0.95)[1]) == (None, None)
    low, high = miettinen_nurminen_ratio(*one(0, 20, 9, 30), 0.95)
    assert low[0] == 0
    assert 0 < high[0] < 1


@settings(deadline=None, max_examples=60)
@given(counts, counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_limits_contain_the_estimate_mirror_and_widen_with_the_level(
    a: tuple[int, int], b: tuple[int, int], level: float
) -> None:
    low, high = (float(limit[0]) for limit in newcombe(*one(*a, *b), level))
    back = [float(limit[0]) for limit in newcombe(*one(*b, *a), level)]
    assert (low, high) == pytest.approx((-back[1], -back[0]), abs=1e-12)
    assert low - 1e-12 <= a[0] / a[1] - b[0] / b[1] <= high + 1e-12
    wider = [float(limit[0]) for limit in newcombe(*one(*a, *b), 0.999)]
    assert wider[0] <= low + 1e-12
    assert high - 1e-12 <= wider[1]


def test_a_mean_of_two_rates_is_tighter_than_either_and_a_mean_has_students_limits() -> None:
    low, high = mover_mean((0.5, 0.4, 0.6), (0.5, 0.4, 0.6))
    assert (low, high) == pytest.approx((0.5 - 0.1 / math.sqrt(2), 0.5 + 0.1 / math.sqrt(2)))
    assert student(1.0, 0.1, 10, 0.95) == pytest.approx((1 - 0.2228139, 1 + 0.2228139), abs=1e-6)


def rates(*pairs: tuple[float, float]) -> tuple[Rate, ...]:
    return tuple(Rate(x, n, int(n)) for x, n in pairs)


def test_an_extreme_of_two_groups_is_their_pairwise_interval_away_from_equality() -> None:
    """Two groups make two ordered comparisons, so towards equality the level is 97.5%."""
    extreme = Extreme((rates((56, 70), (48, 80)),), ratio=False)
    assert extreme.value == pytest.approx(0.2)
    low, high = extreme.limits(0.95)
    assert high == pytest.approx(0.3339, abs=5e-5)
    assert low == pytest.approx(float(newcombe(*one(56, 70, 48, 80), 1 - 0.05 / 2)[0][0]), abs=1e-12)
    assert low < 0.0524


def test_an_extreme_counts_every_ordered_comparison_of_every_rate() -> None:
    family = rates((1, 10), (2, 10), (3, 10), (4, 10))
    assert Extreme((family,), ratio=False).comparisons == 12
    assert Extreme((family, family), ratio=True).comparisons == 24


@settings(deadline=None, max_examples=60)
@given(st.lists(counts, min_size=2, max_size=6), st.booleans())
def test_an_extremes_interval_contains_its_value_and_shrinks_with_more_rows(
    pairs: list[tuple[int, int]], ratio: bool
) -> None:
    extreme = Extreme((rates(*pairs),), ratio=ratio)
    if extreme.value is None:
        assert max(x for x, _ in pairs) == 0
        return
    low, high = extreme.limits(0.95)
    assert (0 if low is None else low) - 1e-9 <= extreme.value <= (math.inf if high is None else high) + 1e-9
    narrow = extreme.limits(0.95, 1000.0)
    assert narrow[0] is None or low is None or narrow[0] >= low - 1e-9
