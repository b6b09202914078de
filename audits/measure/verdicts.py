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
    CONSTANT,
    DISPARITIES,
    disparity,
    extreme,
    named_reference,
    real_groups,
    suppressed_groups,
)
from audits.measure.estimates import LEVEL, Estimate, Rate, Unknown
from audits.measure.measured import Measured
from audits.measure.policy import COUNTS, LABEL_SIZE, Policy, Rule
from audits.measure.rates import NO_LABEL
from audits.measure.types import Group, Interval, Outcome, Verdict

# a score interval near 0 or 1 is not trusted where fewer rows than this are expected on either side of the limit
EXPECTED = 10
MOST_ROWS = 1e15
MOST_SCALE = 2.0**20
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
    by_attribute = rule.metric in DISPARITIES or rule.metric in COUNTS or rule.groups or rule.attribute is not None
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
    if rule.metric in COUNTS:
        return _counted(figures, rule, cells)
    if rule.metric in DISPARITIES:
        named = rule.metric == "disparate_impact" and _reference_asked(figures, cells)
        return _against_reference(figures, rule, cells) if named else _extreme(figures, rule, cells)
    return _every_group(figures, rule, cells)


def _reference_asked(figures: _Figures, cells: GroupingSet) -> bool:
    """Whether a reference group was named for this set, be it suppressed or not."""
    asked = {a: figures.references[a] for a in cells.attributes if a in figures.references}
    return named_reference(cells, figures.references) is not None or asked in suppressed_groups(figures.cube, cells)


def _population(figures: _Figures, rule: Rule) -> Verdict:
    metric = rule.metric
    found = figures.find(metric, {})
    if found is None:
        return Verdict(rule.id, "not_applicable", f"{metric} was not measured.", ())
    if rule.min_n and found.estimate.n < rule.min_n and found.estimate.value is not None:
        reason = f"The figure rests on {found.estimate.n:,} rows; the rule asks for {rule.min_n:,}."
        rows = math.ceil(figures.cube.rows * rule.min_n / max(found.estimate.n, 1))
        return Verdict(rule.id, "inconclusive", reason, (found.measurement.id,), rows_needed=rows)
    return _verdict(figures, rule, lambda scale: _Selection((found.estimate,), (found.measurement.id,), ()))


@dataclass(frozen=True)
class _Selection:
    """What a rule rests on at some multiple of the data: the figures kept, the groups left out, the figures that
    leaving groups out set aside, and why a group has no figure."""

    kept: tuple[Estimate, ...]
    ids: tuple[str, ...]
    left_out: tuple[Group, ...]
    aside: tuple[Estimate, ...] = ()
    why: str | None = None


_Select = Callable[[float], _Selection]


def _extreme(figures: _Figures, rule: Rule, cells: GroupingSet) -> Verdict:
    """One figure over the groups that are large enough; the one over all of them is set aside."""
    found = disparity(figures.cube, cells, rule.metric, rule.min_n)
    whole = figures.find(rule.metric, {}, cells.name)
    if found.estimate.value is None and whole is not None:
        ids = (whole.measurement.id,)
    else:
        figures.added[found.measurement.id] = found
        ids = (found.measurement.id,)

    def select(scale: float) -> _Selection:
        few = None if rule.min_n is None else max(1, math.ceil(rule.min_n / scale))
        estimate, _, left_out = extreme(figures.cube, cells, rule.metric, few)
        aside = (whole.estimate,) if whole and whole.estimate.value is not None and left_out else ()
        return _Selection((estimate,), ids, tuple(left_out), aside)

    return _verdict(figures, rule, select)


def _against_reference(figures: _Figures, rule: Rule, cells: GroupingSet) -> Verdict:
    position = named_reference(cells, figures.references)
    if position is None:
        reason = "The reference group is suppressed."
        return Verdict(rule.id, "inconclusive", reason, (), not_assessed=tuple(suppressed_groups(figures.cube, cells)))
    others = [i for i in real_groups(cells) if i != position]
    if cells.n[position].sum() < (rule.min_n or 1):
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
    found = {i: figures.find(rule.metric, cells.group(i), attribute) for i in groups}
    if found and not any(found.values()):
        return Verdict(rule.id, "not_applicable", f"{rule.metric} is not measured by {cells.name}.", ())
    known = {i: m for i, m in found.items() if m is not None}
    unknown = [m.estimate for m in known.values() if m.estimate.value is None]
    if known and len(unknown) == len(known) and all(isinstance(u, Unknown) and not u.applicable for u in unknown):
        return Verdict(rule.id, "not_applicable", _sentence(unknown[0].reason), ())
    rows = {i: int(cells.n[i].sum()) if attribute else m.estimate.n for i, m in known.items()}

    def select(scale: float) -> _Selection:
        large = {i for i in known if known[i].estimate.value is not None and rows[i] * scale >= (rule.min_n or 1)}
        kept = [m for i, m in known.items() if i in large]
        left_out = (*suppressed_groups(figures.cube, cells), *(cells.group(i) for i in groups if i not in large))
        aside = tuple(m.estimate for i, m in known.items() if i not in large and m.estimate.value is not None)
        why = unknown[0].reason if unknown else None
        ids = tuple(m.measurement.id for m in kept)
        return _Selection(tuple(m.estimate for m in kept), ids, left_out, aside, why)

    return _verdict(figures, rule, select)


def _counted(figures: _Figures, rule: Rule, cells: GroupingSet) -> Verdict:
    """Counts are known, not estimated: too few rows is too little data, so never a fail of the system."""
    hidden = suppressed_groups(figures.cube, cells)
    if len(cells.groups) < 2 and not hidden:
        return Verdict(rule.id, "not_applicable", _sentence(CONSTANT), ())
    by_label = rule.metric == LABEL_SIZE
    if by_label and not figures.cube.has_label:
        return Verdict(rule.id, "not_applicable", _sentence(NO_LABEL), ())
    sizes = {i: int(cells.n[i].sum(axis=1).min() if by_label else cells.n[i].sum()) for i in real_groups(cells)}
    resting = ("true_positive_rate", "false_positive_rate") if by_label else ("selection_rate",)
    ids = tuple(m.measurement.id for i in sizes for name in resting if (m := figures.find(name, cells.group(i))))
    good = rule.direction == "at_least"
    short = {i: n for i, n in sizes.items() if (n < rule.limit if good else n > rule.limit)}
    counted = f"{_words(rule)} rows{' of either label' if by_label else ''}"
    if not short and not hidden:
        return Verdict(rule.id, "pass", f"Every group has {counted}.", ids)
    names = [f"{_named(cells.group(i))} ({n:,})" for i, n in short.items()] + [f"{_named(g)} (hidden)" for g in hidden]
    few = min(short.values(), default=0)
    rows = math.ceil(figures.cube.rows * rule.limit / few) if good and few else None
    left_out = (*(cells.group(i) for i in short), *hidden)
    reason = f"Not every group has {counted}: {', '.join(names)}."
    return Verdict(rule.id, "inconclusive", reason, ids, not_assessed=left_out, rows_needed=rows)


def _verdict(figures: _Figures, rule: Rule, select: _Select) -> Verdict:
    """The verdict over one figure or several, by the printed interval, exact limits, or a corrected level."""
    found = select(1.0)
    aside = f" Not assessed: {', '.join(_named(g) for g in found.left_out)}." if found.left_out else ""
    unknown = [e for e in found.kept if e.value is None]
    if unknown and all(isinstance(u, Unknown) and not u.applicable for u in unknown):
        return Verdict(rule.id, "not_applicable", _sentence(unknown[0].reason) + aside, found.ids)
    told: Interval | None = None
    if unknown or not found.kept:
        outcome: Outcome = "inconclusive"
        reason = _sentence(unknown[0].reason if unknown else found.why or "no group has enough rows") + aside
    else:
        outcome = _decide(rule, found.kept, 1.0)
        by, level = _telling(rule, found.kept, outcome)
        reason = _because(rule, found.kept, outcome, by, level) + aside
        told = None if level == LEVEL and not _near_edge(rule, by) else _limits(rule, by, level)
        if outcome == "pass" and found.left_out:
            outcome = "pass" if rule.min_n else "inconclusive"
            reason += _set_aside(rule, found)
    rows = _rows_needed(figures.cube.rows, rule, select) if outcome == "inconclusive" else None
    return Verdict(rule.id, outcome, reason, found.ids, not_assessed=found.left_out, rows_needed=rows, interval=told)


def _set_aside(rule: Rule, found: _Selection) -> str:
    """What a reader of a pass must know of the groups that it leaves out: that nobody agreed to it, or that they fail.

    A rule's min_n is an agreement to set small groups aside; the rules on enough data are there so that it never
    passes unseen."""
    if rule.min_n is None:
        return " The rule sets no min_n, so a group without data keeps it from passing."
    level = 1 - (1 - LEVEL) / (len(found.kept) + len(found.aside))
    failing = [e for e in found.aside if _side(rule, e, level, 1.0) == "fail"]
    if not failing:
        return ""
    worst = _worst(rule, failing)
    limits = _limits(rule, worst, level)
    span = f"{_number(limits.low)} to {_number(limits.high)}"
    return f" With the groups set aside it would be {_number(worst.value)} ({span}), on the wrong side of the limit."


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


def _rows_needed(rows: int, rule: Rule, select: _Select) -> int | None:
    """The rows at which the verdict would be settled, at the same shares and estimates: doubling, then bisection. More
    rows also bring in the groups that min_n left out; None where a figure sits at the limit or rows do not help."""

    def settled(scale: float) -> bool:
        found = select(scale)
        if not found.kept or any(e.value is None for e in found.kept):
            return False
        outcome = _decide(rule, found.kept, scale)
        return outcome == "fail" or (outcome == "pass" and not (found.left_out and rule.min_n is None))

    if any(e.value == rule.limit for e in select(MOST_SCALE).kept):
        return None
    return smallest_multiple(rows, settled)


def smallest_multiple(rows: int, settled: Callable[[float], bool]) -> int | None:
    """The smallest row count (to 1%) at which `settled(multiple of rows)` holds; None beyond 2^20 times the rows."""
    high = 2.0
    while not settled(high):
        high *= 2
        if high > MOST_SCALE or rows * high > MOST_ROWS:
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
