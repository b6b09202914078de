"""The difference of two independent estimates, with limits recovered from each one's own.

Square-and-add: half the width of each estimate's own interval, on the side that matters, stands in for its standard
error. With Wilson limits it is Newcombe's method 10 for two proportions; with others it keeps their asymmetry.
Sources: Zou & Donner, Statistics in Medicine 27 (2008) 1693-1702 (method of variance estimates recovery, MOVER);
Newcombe, Statistics in Medicine 17 (1998) 873-890.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A value between its limits; a limit that does not exist is None."""

    value: float
    low: float | None
    high: float | None


def difference(baseline: Span, current: Span) -> Span:
    """Current minus baseline, at the level of their intervals; a limit is None where one that it needs is."""
    value = current.value - baseline.value
    below = _together(_gap(current.value, current.low), _gap(baseline.high, baseline.value))
    above = _together(_gap(current.high, current.value), _gap(baseline.value, baseline.low))
    return Span(value, None if below is None else value - below, None if above is None else value + above)


def _gap(upper: float | None, lower: float | None) -> float | None:
    return None if upper is None or lower is None else max(upper - lower, 0.0)


def _together(one: float | None, two: float | None) -> float | None:
    return None if one is None or two is None else math.hypot(one, two)


def folded(span: Span) -> Span:
    """A ratio as the smaller over the larger, so that 0.8 and 1.25 are equally far from 1; the limits follow.

    Where the interval holds 1, so does the folded one, from the further of its ends.
    """
    ends = [_fold(math.inf if end is None else end) for end in (span.low if span.low is not None else 0.0, span.high)]
    within = (span.low is None or span.low <= 1) and (span.high is None or span.high >= 1)
    return Span(_fold(span.value), min(ends), 1.0 if within else max(ends))


def _fold(ratio: float) -> float:
    if ratio <= 0 or math.isinf(ratio):
        return 0.0
    return min(ratio, 1 / ratio)
