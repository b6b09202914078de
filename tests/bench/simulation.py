"""Simulated audits of populations whose truth is known: how often an interval misses it, and a verdict is wrong.

A verdict is hardest where the truth sits exactly at the limit of its rule. There a fail is wrong, for the rule holds;
and a pass would be wrong of the population that lies a hair on the other side, which no audit can tell from this one.
So both are counted in the same draws. The promise is at most 5% either way; two standard errors of the simulation are
allowed on top.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.measure.cells import Cube, GroupingSet
from audits.measure.estimates import LEVEL
from audits.measure.fairness import measure_fairness
from audits.measure.intervals import wilson
from audits.measure.performance import measure_performance
from audits.measure.policy import Policy, Rule, parse_policy
from audits.measure.rates import effective_rate
from audits.measure.verdicts import judge
from tests.bench.row import FULL, Row

DRAWS = 4000 if FULL else 400
SEED = 12
DAY = datetime.date(2026, 1, 1)


@dataclass(frozen=True)
class Population:
    """Groups by their number of rows, their base rate, and the rates at which either label is predicted positive."""

    rows: tuple[int, ...]
    base: tuple[float, ...]
    true_positive: tuple[float, ...]
    false_positive: tuple[float, ...]

    def draw(self, random: np.random.Generator) -> Cube:
        cells = np.stack([random.multinomial(n, p) for n, p in zip(self.rows, self.shares(), strict=True)])
        n = cells.reshape(-1, 2, 2).astype(np.int64)
        names = tuple((f"g{i}",) for i in range(len(self.rows)))
        sets = (GroupingSet((), ((),), n.sum(axis=0, keepdims=True)), GroupingSet(("group",), names, n))
        return Cube(("group",), "1", "0", "1", has_label=True, weighting="none", sets=sets)

    def shares(self) -> NDArray[np.float64]:
        """Of each group, the shares of (label, prediction) = 00, 01, 10, 11."""
        b, t, f = (np.array(values) for values in (self.base, self.true_positive, self.false_positive))
        return np.stack([(1 - b) * (1 - f), (1 - b) * f, b * (1 - t), b * t], axis=1)


@dataclass(frozen=True)
class Setting:
    """A population, and a rule whose limit its truth sits at (or is far from, where the case is clear)."""

    name: str
    population: Population
    rule: dict[str, object]

    @property
    def policy(self) -> Policy:
        return parse_policy({"schema": "plumbline.policy/1", "rule": [{"id": "rule", **self.rule}]}, "simulated")


def alike(groups: int, rows: int, selected: float) -> Population:
    """Groups selected at the same rate, whatever their label."""
    return selecting(rows, *[selected] * groups)


def selecting(rows: int, *selected: float) -> Population:
    return Population((rows,) * len(selected), (0.3,) * len(selected), selected, selected)


AT_THE_LIMIT = (
    Setting(
        "two groups, ten points apart",
        selecting(500, 0.3, 0.4),
        {"metric": "demographic_parity_difference", "at_most": 0.1},
    ),
    Setting("ratio of four fifths", selecting(800, 0.4, 0.5), {"metric": "disparate_impact", "at_least": 0.8}),
    Setting(
        "ten groups, one at four fifths",
        selecting(600, 0.4, *[0.5] * 9),
        {"metric": "disparate_impact", "at_least": 0.8},
    ),
    Setting("twelve equal groups", alike(12, 400, 0.3), {"metric": "demographic_parity_difference", "at_most": 0}),
    Setting("eight equal groups, ratio", alike(8, 400, 0.3), {"metric": "disparate_impact", "at_least": 1}),
    Setting("rates near 0", selecting(1500, 0.016, 0.02), {"metric": "demographic_parity_ratio", "at_least": 0.8}),
    Setting("rates near 1", selecting(600, 0.96, 0.99), {"metric": "demographic_parity_difference", "at_most": 0.03}),
    Setting(
        "equalized odds of four groups",
        Population((800,) * 4, (0.4,) * 4, (0.6, 0.7, 0.7, 0.7), (0.2,) * 4),
        {"metric": "equalized_odds_difference", "at_most": 0.1},
    ),
    Setting("a rate near 0", selecting(400, 0.01, 0.01), {"metric": "false_positive_rate", "at_most": 0.01}),
    Setting("a rate near 1", selecting(300, 0.98, 0.98), {"metric": "true_positive_rate", "at_least": 0.98}),
    Setting(
        "a rate of each of six groups",
        alike(6, 500, 0.6),
        {"metric": "true_positive_rate", "groups": True, "at_least": 0.6},
    ),
    Setting("no better than chance", alike(2, 500, 0.4), {"metric": "balanced_accuracy", "at_least": 0.5}),
)

CLEAR = (
    (Setting("ratio of 0.6", selecting(1000, 0.3, 0.5), {"metric": "disparate_impact", "at_least": 0.8}), "fail"),
    (Setting("equal groups", alike(4, 2000, 0.5), {"metric": "disparate_impact", "at_least": 0.8}), "pass"),
)


def measure() -> Iterator[Row]:
    random = np.random.default_rng(SEED)
    yield coverage("intervals of rates", list(covered(random)))
    yield coverage("intervals of weighted rates", list(covered_with_weights(random)))
    for setting in AT_THE_LIMIT:
        yield wrong(setting, random)
    for setting, outcome in CLEAR:
        decided = outcomes(setting, random).count(outcome) / DRAWS
        yield Row(
            f"a clear case: {setting.name}", f"{decided:.1%} {outcome}", "", None, "at least 95%", decided >= 0.95
        )


def coverage(what: str, shares: list[float]) -> Row:
    low, high = min(shares), max(shares)
    return Row(f"{what}: coverage", f"{low:.1%} to {high:.1%}", "", None, "93% to 98%", low >= 0.93 and high <= 0.98)


def covered(random: np.random.Generator) -> Iterator[float]:
    """The share of 95% intervals that hold the truth, for rates from 5% to 95% on 100 to 10,000 rows."""
    for rows in (100, 1000, 10_000):
        for truth in (0.05, 0.2, 0.5, 0.8, 0.95):
            low, high = wilson(random.binomial(rows, truth, 40 * DRAWS).astype(float), np.float64(rows), LEVEL)
            yield float(np.mean((low <= truth) & (truth <= high)))


def covered_with_weights(random: np.random.Generator) -> Iterator[float]:
    """The same where rows have weights, alike for both outcomes or heavier for one of them."""
    for truth, heavier in ((0.2, 1.0), (0.5, 1.0), (0.5, 3.0), (0.3, 3.0)):
        hits = [holds(random, truth, heavier) for _ in range(6 * DRAWS)]
        yield sum(hits) / len(hits)


def holds(random: np.random.Generator, truth: float, heavier: float, rows: int = 800) -> bool:
    hit = random.random(rows) < truth
    weights = random.gamma(2.0, 0.5, rows) * np.where(hit, heavier, 1.0)
    w, w2 = (lambda part, power: float((weights[part] ** power).sum())), 2
    rate = effective_rate(w(hit, 1), w(~hit, 1), w(hit, w2), w(~hit, w2), rows)
    weighted_truth = truth * heavier / (truth * heavier + 1 - truth)
    low, high = rate.limits(LEVEL)
    return low <= weighted_truth <= high


def wrong(setting: Setting, random: np.random.Generator) -> Row:
    found = outcomes(setting, random)
    fails, passes = found.count("fail") / DRAWS, found.count("pass") / DRAWS
    margin = 2 * math.sqrt(0.05 * 0.95 / DRAWS)
    ours = f"{fails:.1%} fail, {passes:.1%} pass"
    return Row(f"wrong at the limit: {setting.name}", ours, "", None, "at most 5%", max(fails, passes) <= 0.05 + margin)


def outcomes(setting: Setting, random: np.random.Generator) -> list[str]:
    [rule] = setting.policy.rules
    return [judged(setting.population.draw(random), rule, setting.policy) for _ in range(DRAWS)]


def judged(cube: Cube, rule: Rule, policy: Policy) -> str:
    by_rate = rule.groups or rule.metric in {"false_positive_rate", "true_positive_rate"}
    found = measure_fairness(cube, {}) if by_rate else []
    if rule.metric == "balanced_accuracy":
        found = measure_performance(cube)
    [verdict] = judge(cube, found, policy, DAY, {}).verdicts
    assert verdict.outcome != "not_applicable", verdict.reason
    return verdict.outcome
