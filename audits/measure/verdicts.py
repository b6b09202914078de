"""Verdicts: what a rule says of the figures it rests on. A rule compares an interval with its limit, never a point.

Wholly on the good side passes, wholly on the bad side fails, otherwise inconclusive, with an estimate of the rows
that would settle it. A pass is wrong at most one time in twenty, and so is a fail; the promise is per verdict.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from audits.measure.cells import Cube, GroupingSet
from audits.measure.disparities import (
    DISPARITIES,
    disparity,
    named_reference,
    real_groups,
    suppressed_groups,
)
from audits.measure.estimates import LEVEL, Estimate, Rate, Unknown
from audits.measure.measured import Measured
from audits.measure.policy import GROUP_SIZE, Policy, Rule
from audits.measure.types import Group, Interval, Outcome, Verdict

# a score interval near 0 or 1 is not trusted where fewer rows than this are expected on either side of the limit
EXPECTED = 10
MOST_ROWS = 1e15
# figures that are measured under another name: of groups, and where the favourable outcome is the positive one
SAME = {"recall": "true_positive_rate", "favourable_rate": "selection_rate"}


@dataclass(frozen=True)
class Judgement:
    """Verdicts in the policy's order, and the figures that its min_n made (extremes over fewer groups)."""

    verdicts: tuple[Verdict, ...]
    added: tuple[Measured, ...]


@dataclass
class _Figures:
    """The measured figures by what they are of, and those that rules add."""

    cube: Cube
    references: Mapping[str, str]
    by_key: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], Measured]
    added: dict[str, Measured] = field(default_factory=dict)

    def find(self, metric: str, group: Group, attribute: str | None = None) -> Measured | None:
        named = tuple(group.items())
        return self.by_key.get((metric, attribute, named)) or self.by_key.get((SAME.get(metric, ""), attribute, named))


def judge(
    cube: Cube, found: Sequence[Measured], policy: Policy, day: datetime.date, references: Mapping[str, str]
) -> Judgement:
    """Every rule of the policy applied to the figures; `day` (UTC) decides which waivers still hold."""
    by_key = {(m.measurement.metric, m.measurement.attribute, tuple(m.measurement.group.items())): m for m in found}
    figures = _Figures(cube, references, by_key)
    verdicts: list[Verdict] = []
    for rule in policy.rules:
        verdicts.extend(_waive(verdict, rule, day) for verdict in _judge_rule(figures, rule))
    known = {m.measurement.id for m in found}
    return Judgement(tuple(verdicts), tuple(m for key, m in figures.added.items() if key not in known))


def _waive(verdict: Verdict, rule: Rule, day: datetime.date) -> Verdict:
    """A fail that is waived stays a fail, marked, and does not count in the exit code."""
    complete = replace(verdict, limit=rule.limit, direction=rule.direction, source=rule.source)
    if verdict.outcome != "fail" or not rule.waived_on(day):
        return complete
    return replace(complete, waived=True, waiver=f"Waived until {rule.waived_until}: {rule.reason}")


def _judge_rule(figures: _Figures, rule: Rule) -> list[Verdict]:
    by_attribute = rule.metric in DISPARITIES or rule.metric == GROUP_SIZE or rule.groups or rule.attribute is not None
    if not by_attribute:
        return [_population(figures, rule)]
    sets = [s for s in figures.cube.sets if len(s.attributes) == 1]
    if rule.attribute is not None:
        sets = [s for s in figures.cube.sets if s.attributes and s.name == rule.attribute]
        if not sets:
            return [Verdict(rule.id, "not_applicable", f"{rule.attribute} was not among the audited attributes.", ())]
    several = rule.attribute is None and len(sets) > 1
    return [
        replace(_attribute(figures, rule, s), rule=f"{rule.id}[{s.name}]" if several else rule.id, attribute=s.name)
        for s in sets
    ]


def _attribute(figures: _Figures, rule: Rule, cells: GroupingSet) -> Verdict:
    if rule.metric == GROUP_SIZE:
        return _group_size(figures, rule, cells)
    if rule.metric in DISPARITIES:
        named = rule.metric == "disparate_impact" and named_reference(cells, figures.references) is not None
        return _against_reference(figures, rule, cells) if named else _extreme(figures, rule, cells)
    return _every_group(figures, rule, cells)


def _population(figures: _Figures, rule: Rule) -> Verdict:
    metric = rule.metric
    found = figures.find(metric, {})
    if found is None:
        return Verdict(rule.id, "not_applicable", f"{metric} was not measured.", ())
    if rule.min_n and found.estimate.n < rule.min_n and found.estimate.value is not None:
        reason = f"The figure rests on {found.estimate.n:,} rows; the rule asks for {rule.min_n:,}."
        rows = math.ceil(figures.cube.rows * rule.min_n / max(found.estimate.n, 1))
        return Verdict(rule.id, "inconclusive", reason, (found.measurement.id,), rows_needed=rows)
    return _verdict(figures, rule, [found], [])


def _extreme(figures: _Figures, rule: Rule, cells: GroupingSet) -> Verdict:
    found = disparity(figures.cube, cells, rule.metric, rule.min_n)
    figures.added[found.measurement.id] = found
    return _verdict(figures, rule, [found], list(found.measurement.not_assessed))


def _against_reference(figures: _Figures, rule: Rule, cells: GroupingSet) -> Verdict:
    position = named_reference(cells, figures.references)
    others = [i for i in real_groups(cells) if i != position]
    if position is not None and cells.n[position].sum() < (rule.min_n or 1):
        few = (cells.group(position), *(cells.group(i) for i in others))
        reason = f"The reference group, {_named(few[0])}, has fewer rows than the rule asks for."
        return Verdict(rule.id, "inconclusive", reason, (), not_assessed=few)
    return _over_groups(figures, rule, cells, others, cells.name)


def _every_group(figures: _Figures, rule: Rule, cells: GroupingSet) -> Verdict:
    return _over_groups(figures, rule, cells, real_groups(cells), None)


def _over_groups(
    figures: _Figures, rule: Rule, cells: GroupingSet, groups: Sequence[int], attribute: str | None
) -> Verdict:
    """One rule over a figure for each group; groups under min_n, without a figure or suppressed are named."""
    kept: list[Measured] = []
    left_out: list[Group] = suppressed_groups(figures.cube, cells)
    for i in groups:
        group = cells.group(i)
        found = figures.find(rule.metric, group, attribute)
        rows = int(cells.n[i].sum()) if attribute else (found.estimate.n if found else 0)
        if found is None or found.estimate.value is None or rows < (rule.min_n or 1):
            left_out.append(group)
        else:
            kept.append(found)
    if not kept:
        groups_found = [figures.find(rule.metric, cells.group(i), attribute) for i in groups]
        if groups_found and not any(groups_found):
            return Verdict(rule.id, "not_applicable", f"{rule.metric} is not measured by {cells.name}.", ())
        whole = figures.find(rule.metric, {}, attribute) or figures.find(rule.metric, {})
        unknown = whole.estimate if whole else None
        if isinstance(unknown, Unknown) and not unknown.applicable:
            return Verdict(rule.id, "not_applicable", _sentence(unknown.reason), ())
    return _verdict(figures, rule, kept, left_out)


def _group_size(figures: _Figures, rule: Rule, cells: GroupingSet) -> Verdict:
    """Counts are known, not estimated: too few rows is too little data, so never a fail of the system."""
    sizes = {i: int(cells.n[i].sum()) for i in real_groups(cells)}
    hidden = suppressed_groups(figures.cube, cells)
    ids = tuple(m.measurement.id for i in sizes if (m := figures.find("selection_rate", cells.group(i))))
    good = rule.direction == "at_least"
    short = {i: n for i, n in sizes.items() if (n < rule.limit if good else n > rule.limit)}
    if not short and not hidden:
        return Verdict(rule.id, "pass", f"Every group has {_words(rule)} rows.", ids)
    names = [f"{_named(cells.group(i))} ({n:,})" for i, n in short.items()] + [f"{_named(g)} (hidden)" for g in hidden]
    reason = f"Not every group has {_words(rule)} rows: {', '.join(names)}."
    few = min(short.values(), default=0)
    rows = math.ceil(figures.cube.rows * rule.limit / few) if good and few else None
    left_out = (*(cells.group(i) for i in short), *hidden)
    return Verdict(rule.id, "inconclusive", reason, ids, not_assessed=left_out, rows_needed=rows)


def _verdict(figures: _Figures, rule: Rule, kept: Sequence[Measured], left_out: Sequence[Group]) -> Verdict:
    """The verdict over one figure or several, by the printed interval, exact limits, or a corrected level."""
    ids = tuple(m.measurement.id for m in kept)
    aside = f" Not assessed: {', '.join(_named(g) for g in left_out)}." if left_out else ""
    if not kept:
        return Verdict(rule.id, "inconclusive", f"No group has enough rows.{aside}", ids, not_assessed=tuple(left_out))
    unknown = [m.estimate for m in kept if m.estimate.value is None]
    if unknown:
        applicable = any(not isinstance(u, Unknown) or u.applicable for u in unknown)
        outcome: Outcome = "inconclusive" if applicable else "not_applicable"
        return Verdict(rule.id, outcome, _sentence(unknown[0].reason) + aside, ids, not_assessed=tuple(left_out))
    estimates = [m.estimate for m in kept]
    outcome = _decide(rule, estimates, 1.0)
    by, level = _telling(rule, estimates, outcome)
    reason = _because(rule, estimates, outcome, by, level) + aside
    if outcome == "pass" and left_out and rule.min_n is None:
        outcome = "inconclusive"
        reason += " The rule sets no min_n, so a group without data keeps it from passing."
    rows = _rows_needed(figures.cube.rows, rule, estimates) if outcome == "inconclusive" and not left_out else None
    if outcome == "inconclusive" and left_out and rule.min_n is not None:
        rows = _rows_needed(figures.cube.rows, rule, estimates)
    exact = None if level == LEVEL and not _near_edge(rule, by) else _limits(rule, by, level)
    return Verdict(rule.id, outcome, reason, ids, not_assessed=tuple(left_out), rows_needed=rows, interval=exact)


def _decide(rule: Rule, estimates: Sequence[Estimate], scale: float) -> Outcome:
    """Passes if every figure passes; fails if one fails at the level corrected for their number (Bonferroni)."""
    corrected = 1 - (1 - LEVEL) / len(estimates)
    if any(_side(rule, e, corrected, scale) == "fail" for e in estimates):
        return "fail"
    if all(_side(rule, e, LEVEL, scale) == "pass" for e in estimates):
        return "pass"
    return "inconclusive"


def _side(rule: Rule, estimate: Estimate, level: float, scale: float) -> Outcome:
    limits = _limits(rule, estimate, level, scale)
    low, high = limits.low, limits.high
    if rule.direction == "at_least":
        good, bad = low is not None and low >= rule.limit, high is not None and high < rule.limit
    else:
        good, bad = high is not None and high <= rule.limit, low is not None and low > rule.limit
    return "pass" if good else "fail" if bad else "inconclusive"


def _limits(rule: Rule, estimate: Estimate, level: float, scale: float = 1.0) -> Interval:
    if isinstance(estimate, Rate) and _near_edge(rule, estimate, scale):
        low, high = estimate.exact_limits(level, scale)
        return Interval(low, high, level, "clopper-pearson")
    return Interval(*estimate.limits(level, scale), level, estimate.method)


def _near_edge(rule: Rule, estimate: Estimate, scale: float = 1.0) -> bool:
    """Whether a rate's score limits are not to be trusted at this limit, so that the exact ones decide."""
    if not isinstance(estimate, Rate):
        return False
    return estimate.total * scale * min(rule.limit, 1 - rule.limit) < EXPECTED


def _telling(rule: Rule, estimates: Sequence[Estimate], outcome: Outcome) -> tuple[Estimate, float]:
    """The figure that the reason speaks of, the worst of the ones that decide, and the level it was judged at."""
    corrected = 1 - (1 - LEVEL) / len(estimates)
    if outcome == "fail":
        failing = [e for e in estimates if _side(rule, e, corrected, 1.0) == "fail"]
        return _worst(rule, failing), corrected
    pending = [e for e in estimates if _side(rule, e, LEVEL, 1.0) != "pass"]
    return _worst(rule, pending or estimates), LEVEL


def _worst(rule: Rule, estimates: Sequence[Estimate]) -> Estimate:
    sign = 1 if rule.direction == "at_least" else -1
    return min(estimates, key=lambda e: sign * (e.value if e.value is not None else 0.0))


def _rows_needed(rows: int, rule: Rule, estimates: Sequence[Estimate]) -> int | None:
    """The rows at which the verdict would be settled, at the same shares and estimates: doubling, then bisection."""

    def settled(scale: float) -> bool:
        return _decide(rule, estimates, scale) != "inconclusive"

    if any(e.value == rule.limit for e in estimates):
        return None
    return smallest_multiple(rows, settled)


def smallest_multiple(rows: int, settled: Callable[[float], bool]) -> int | None:
    """The smallest row count (to 1%) at which `settled(multiple of rows)` holds; None beyond 2^20 times the rows."""
    high = 2.0
    while not settled(high):
        high *= 2
        if high > 2**20 or rows * high > MOST_ROWS:
            return None
    low = high / 2
    while high / low > 1.01:
        middle = (low + high) / 2
        low, high = (low, middle) if settled(middle) else (middle, high)
    return math.ceil(rows * high)


def _because(rule: Rule, estimates: Sequence[Estimate], outcome: Outcome, by: Estimate, level: float) -> str:
    limits = _limits(rule, by, level)
    span = f"{_number(limits.low)} to {_number(limits.high)}"
    percent = f"{100 * level:.4g}%"
    extreme = "lowest" if rule.direction == "at_least" else "highest"
    which = f"The {extreme} of {len(estimates)} figures" if len(estimates) > 1 else "The figure"
    told = f"{which} is {_number(by.value)} with a {percent} interval of {span}"
    side = {"at_least": ("at or above", "below"), "at_most": ("at or below", "above")}[rule.direction]
    if outcome == "pass":
        return f"{told}, wholly {side[0]} the limit {rule.limit:g}."
    if outcome == "fail":
        return f"{told}, wholly {side[1]} the limit {rule.limit:g}."
    return f"{told}, which does not lie wholly on one side of the limit {rule.limit:g}."


def _number(value: float | None) -> str:
    return "no bound" if value is None else f"{value:.3f}"


def _words(rule: Rule) -> str:
    return f"{'at least' if rule.direction == 'at_least' else 'at most'} {rule.limit:,.0f}"


def _named(group: Group) -> str:
    return ", ".join(f"{k} {v}" for k, v in group.items())


def _sentence(reason: str | None) -> str:
    text = reason or "the figure cannot be estimated"
    return text[0].upper() + text[1:] + "."
