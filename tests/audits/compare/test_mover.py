"""The difference of two estimates: published examples, laws, and coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from audits.compare.mover import Span, difference, folded
from audits.measure.estimates import Rate, RateRatio

SEED = 20261121


def of(x: float, n: float, level: float = 0.95) -> Span:
    rate = Rate(x, n, int(n))
    return Span(rate.value, *rate.limits(level))


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
def test_wilson_limits_give_newcombes_published_examples(x1, n1, x2, n2, low, high):
    """Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10."""
    found = difference(of(x2, n2), of(x1, n1))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


values = st.floats(-10, 10, allow_nan=False)
widths = st.floats(0, 5, allow_nan=False)
spans = st.builds(lambda v, a, b: Span(v, v - a, v + b), values, widths, widths)


@given(spans, spans)
def test_the_other_way_round_is_the_same_difference_with_the_other_sign(one, two):
    there, back = difference(one, two), difference(two, one)
    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@given(spans, spans)
def test_it_is_wider_than_either_and_narrower_than_both_together(one, two):
    found = difference(one, two)
    assert found.high - found.value >= max(two.high - two.value, one.value - one.low) - 1e-9
    assert found.high <= two.high - one.low + 1e-9
    assert found.low >= two.low - one.high - 1e-9


def test_a_limit_that_does_not_exist_leaves_only_the_one_open_that_needs_it():
    found = difference(Span(0.8, 0.7, 0.9), Span(2.0, 1.1, None))
    assert found.high is None
    assert found.low == pytest.approx(1.2 - math.hypot(0.9, 0.1))


def test_a_ratio_is_as_far_from_one_on_either_side():
    assert folded(Span(1.25, 1.25, 1.25)) == Span(0.8, 0.8, 0.8)
    assert folded(Span(0.8, 0.5, 1.1)) == Span(0.8, 0.5, 1.0)
    assert folded(Span(1.6, 1.25, None)) == Span(0.625, 0.0, 0.8)


@given(st.floats(0.01, 20), st.floats(0, 1), st.floats(0, 20))
def test_what_a_ratios_interval_holds_its_folded_one_holds(value, below, above):
    span = Span(value, value * (1 - below), value + above)
    found = folded(span)
    for ratio in np.linspace(span.low, span.high, 7):
        assert found.low - 1e-9 <= (min(ratio, 1 / ratio) if ratio > 0 else 0.0) <= found.high + 1e-9


@pytest.mark.parametrize(
    ("p1", "n1", "p2", "n2"),
    [(0.3, 200, 0.3, 200), (0.3, 150, 0.45, 900), (0.05, 300, 0.08, 250), (0.9, 120, 0.7, 80), (0.5, 5000, 0.48, 400)],
)
def test_the_interval_of_a_difference_holds_it_nineteen_times_in_twenty(p1, n1, p2, n2):
    """Not less often, as intervals that leave out one side's uncertainty would; and not nearly always, as the rule
    "the two intervals must not overlap" would."""
    rng, draws = np.random.default_rng([SEED, n1, n2]), 2000
    pairs = zip(rng.binomial(n1, p1, draws), rng.binomial(n2, p2, draws), strict=True)
    found = [difference(of(x1, n1), of(x2, n2)) for x1, x2 in pairs]
    missed = sum(not s.low <= p2 - p1 <= s.high for s in found)
    assert stats.binom.ppf(1e-4, draws, 0.035) <= missed <= stats.binom.ppf(1 - 1e-4, draws, 0.055)


def test_the_interval_of_a_difference_of_ratios_holds_it_nineteen_times_in_twenty():
    rng, draws, missed = np.random.default_rng([SEED, 7]), 600, 0
    rates, rows = ((0.30, 0.40), (0.36, 0.40)), 800
    truth = 0.36 / 0.40 - 0.30 / 0.40
    for _ in range(draws):
        spans = []
        for own, reference in rates:
            ratio = RateRatio(*(Rate(float(rng.binomial(rows, p)), rows, rows) for p in (own, reference)))
            spans.append(Span(ratio.value, *ratio.limits(0.95)))
        found = difference(*spans)
        missed += not found.low <= truth <= found.high
    assert stats.binom.ppf(1e-4, draws, 0.035) <= missed <= stats.binom.ppf(1 - 1e-4, draws, 0.055)


def test_of_the_same_rows_it_holds_more_often():
    """Two versions that answer alike on most rows: what they have in common makes the independent interval wide."""
    rng, draws, rows, missed = np.random.default_rng([SEED, 9]), 1000, 400, 0
    for _ in range(draws):
        both, only_before, only_now, _ = rng.multinomial(rows, (0.55, 0.08, 0.12, 0.25))
        found = difference(of(both + only_before, rows), of(both + only_now, rows))
        missed += not found.low <= 0.04 <= found.high
    assert missed <= stats.binom.ppf(1e-4, draws, 0.05)
