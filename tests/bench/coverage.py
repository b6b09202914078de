"""What printed intervals promise, shown by simulation: how often an extreme disparity or a score metric lies outside.

Every setting draws from a known truth, goes through the same estimates as an audit, and counts the misses. Rates and
verdicts are simulated in simulation.py. Seeded. Alone: `.venv/bin/python -m tests.bench.coverage`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from audits.measure.cells import ScoreSet
from audits.measure.estimates import Estimate, Extreme, Rate
from audits.measure.scores import PROBABILITY, RANKING, ranked
from tests.bench.row import Row

SEED = 20261121
Floats = NDArray[np.float64]
Draw = np.random.Generator

# selection rates of the groups and rows of each
EXTREMES: tuple[tuple[str, tuple[float, ...], int], ...] = (
    ("two equal groups", (0.3, 0.3), 300),
    ("two groups apart", (0.3, 0.45), 300),
    ("five equal groups", (0.4,) * 5, 200),
    ("ten equal groups", (0.5,) * 10, 150),
    ("ten groups, one apart", (0.5,) * 9 + (0.35,), 300),
    ("rates near 0", (0.02, 0.03, 0.05), 400),
    ("rates near 1", (0.95, 0.97, 0.99), 400),
)


def measure() -> Iterator[Row]:
    """The rows of `make bench`."""
    yield from extreme_coverage()
    yield from score_coverage()


def generator(*key: object) -> Draw:
    """A stream of its own for each setting, so that one more setting changes no other."""
    return np.random.default_rng([SEED, *map(ord, repr(key))])


def extreme_coverage(draws: int = 400) -> Iterator[Row]:
    """How often the furthest disparity lies outside of its interval, on either side."""
    for ratio in (False, True):
        for name, rates, n in EXTREMES:
            truth = min(rates) / max(rates) if ratio else max(rates) - min(rates)
            rng = generator("extreme", ratio, name)
            missed = np.array([_misses(Extreme((_drawn(rng, rates, n),), ratio), truth) for _ in range(draws)])
            what = f"{'min / max' if ratio else 'max - min'} misses the truth: {name}, {n} rows each"
            below, above = missed.mean(axis=0)
            ours = f"{100 * below:.1f}% below, {100 * above:.1f}% above"
            yield Row(what, ours, "", None, "together at most 5%", bool(below + above <= 0.05))


def _drawn(rng: Draw, rates: Sequence[float], n: int) -> tuple[Rate, ...]:
    return tuple(Rate(float(rng.binomial(n, p)), float(n), n) for p in rates)


def _misses(estimate: Estimate, truth: float) -> tuple[bool, bool]:
    low, high = estimate.limits(0.95)
    return low is not None and truth < low - 1e-12, high is not None and truth > high + 1e-12


Truth = Callable[[Floats], Floats]
# how the probability of the positive label follows from the score
MODELS: dict[str, Truth] = {
    "calibrated": lambda score: score,
    "overconfident": lambda score: 0.2 + 0.5 * score,
    "rare positives": lambda score: 0.2 * score**2,
}


def score_coverage(draws: int = 1_000) -> Iterator[Row]:
    """How often the interval of a score metric holds the truth."""
    metrics = RANKING | PROBABILITY
    for model, n in (("calibrated", 300), ("overconfident", 1000), ("rare positives", 2000)):
        truth = {name: metric(ranked(_scores(model), 0)).value for name, metric in metrics.items()}
        held = dict.fromkeys(metrics, 0)
        rng = generator("scores", model)
        for _ in range(draws):
            cells = ranked(_scores(model, rng, n), 0)
            for name, metric in metrics.items():
                missed = _misses(metric(cells), float(truth[name] or 0.0))
                held[name] += not any(missed)
        for name, times in held.items():
            what = f"{name} in its interval: {model} scores, {n:,} rows"
            yield Row(what, f"{100 * times / draws:.1f}%", "", None, "at least 93%", times / draws >= 0.93)


POINTS = 1000


def _scores(model: str, rng: Draw | None = None, n: int = 0) -> ScoreSet:
    """Scores with two peaks on a grid, drawn n times; without a generator the truth: expected counts."""
    grid = (np.arange(POINTS) + 0.5) / POINTS
    density = np.exp(-(((grid - 0.3) / 0.2) ** 2)) + np.exp(-(((grid - 0.7) / 0.15) ** 2))
    density /= density.sum()
    positive = MODELS[model](grid)
    cells = np.stack([density * (1 - positive), density * positive])
    counts = np.round(cells * 1e12).astype(np.int64) if rng is None else rng.multinomial(n, cells.ravel())
    label, at = np.nonzero(counts.reshape(cells.shape))
    order = np.lexsort((label, at))
    label, at = label[order], at[order]
    rows = counts.reshape(cells.shape)[label, at]
    return ScoreSet((), ((),), np.zeros_like(label), label, grid[at], grid[at], rows)


if __name__ == "__main__":
    from rich.console import Console

    from tests.bench.run import table_of

    made = list(measure())
    Console(width=150).print(table_of(made))
    sys.exit(1 if any(row.met is False for row in made) else 0)
