"""Two audits compared, figure by figure: what got worse, what got better, and what the data cannot tell.

A difference has a 95% interval by MOVER (mover.py), and a direction only where that interval leaves out no difference.
The figures that a rule rests on are held to the promise of verdicts: however many there are, a rule raises a false
alarm at most one time in twenty (Bonferroni: their intervals are at the level 1 - 0.05 / number of figures). All other
figures are exploratory; of a hundred that did not change, some five will look as if they had.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from audits.compare import words
from audits.compare.comparable import (
    Groups,
    cautions,
    other_questions,
    other_rules,
    plain_name,
    question,
    why_not,
)
from audits.compare.levels import Levels
from audits.compare.mover import Span, difference, folded
from audits.compare.types import Change, Comparison, Direction, Row, Side, Uncompared, Value
from audits.measure.catalogue import METRICS
from audits.measure.estimates import LEVEL
from audits.measure.policy import COUNTS
from audits.measure.types import SUPPRESSED
from audits.report.evidence import SCHEMA, canonical_bytes
from models.errors import InputError

Json = Mapping[str, Any]
ORDER: tuple[Direction, ...] = ("worse", "better", "unclear", "same")
BY_DEFINITION = "by definition"


def compare(baseline: dict[str, Any], current: dict[str, Any], *, sides: tuple[Side, Side] | None = None) -> Comparison:
    """The current audit beside an earlier one, both as JSON (schema plumbline.audit/1).

    `sides` says how the two are known; without it they are named by their subject and the hash of their evidence.
    Raises InputError for another schema, or evidence that is damaged.
    """
    try:
        return _compare(baseline, current, sides or (_side(baseline), _side(current)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"The evidence is damaged: {type(error).__name__}: {error}.") from error


def _side(audit: Json) -> Side:
    if not isinstance(audit, Mapping) or audit.get("schema") != SCHEMA:
        raise InputError(f"This is no audit: its schema is not {SCHEMA}.")
    return Side(hashlib.sha256(canonical_bytes(audit)).hexdigest(), words.title_of(audit))


def _compare(baseline: dict[str, Any], current: dict[str, Any], sides: tuple[Side, Side]) -> Comparison:
    for audit in (baseline, current):
        if audit.get("schema") != SCHEMA:
            raise InputError(f"This is no audit: its schema is not {SCHEMA}.")
    then, since = question(baseline), question(current)
    if reasons := other_questions(then, since):
        summary = f"The two audits cannot be compared. {' '.join(reasons)}"
        return Comparison(*sides, False, tuple(reasons), (), (), (), summary)
    rows, left_out = _rows(baseline, current, then, since)
    changes, unjudged = _changes(baseline, current)
    notes = (*cautions(then, since), *words.notes(rows, left_out))
    summary = words.summary(rows, changes)
    return Comparison(*sides, True, notes, tuple(rows), tuple(changes), tuple(left_out + unjudged), summary)


def _rows(
    baseline: dict[str, Any], current: dict[str, Any], then: Json, since: Json
) -> tuple[list[Row], list[Uncompared]]:
    """Every figure of both audits that means the same in both, and the others with the reason."""
    before, now = ({m["id"]: m for m in audit["measurements"]} for audit in (baseline, current))
    groups = Groups(baseline["measurements"]), Groups(current["measurements"])
    left_out = [_alone(m, "current") for ident, m in now.items() if ident not in before]
    left_out += [_alone(m, "earlier") for ident, m in before.items() if ident not in now]
    pairs: list[tuple[Json, Json]] = []
    for m in (m for ident, m in now.items() if ident in before):
        earlier = before[m["id"]]
        if (_given(m) and _given(earlier)) or _never_measured(earlier, m):
            continue
        if reason := why_not(earlier, m, then, since, groups):
            left_out.append(Uncompared(words.title(m), reason))
        else:
            pairs.append((earlier, m))
    rules = _resting({m["id"] for _, m in pairs}, baseline, current)
    levels = Levels(baseline), Levels(current)
    rows = [_row(earlier, m, rules.get(m["id"]), levels) for earlier, m in pairs]
    return sorted(rows, key=_place), left_out


def _alone(m: Json, where: str) -> Uncompared:
    return Uncompared(words.title(m), f"it stands in the {where} audit only")


def _given(m: Json) -> bool:
    """A group against itself: 1 by definition, and nothing that was measured."""
    return bool(m["interval"]) and m["interval"]["method"] == BY_DEFINITION


def _never_measured(before: Json, now: Json) -> bool:
    """No figure in either audit, and not because it is hidden: scores were not given, say."""
    return before["value"] is None and now["value"] is None and SUPPRESSED not in (before["reason"], now["reason"])


def _place(row: Row) -> tuple[int, bool]:
    return ORDER.index(row.direction), row.rule is None


def _resting(compared: set[str], baseline: Json, current: Json) -> dict[str, tuple[str, int]]:
    """Figure by figure, the rule that rests on it and how many compared figures that rule has.

    Rules on counts rest on no estimate. Where several rules rest on a figure, the one with the most figures counts,
    since its level keeps the promise of them all.
    """
    figures: dict[str, set[str]] = {}
    for audit in (baseline, current):
        counting = {rule["id"] for rule in audit["policy"]["rules"] if rule["metric"] in COUNTS}
        for v in audit["verdicts"]:
            if _rule_id(v["rule"], audit) not in counting:
                figures.setdefault(v["rule"], set()).update(compared.intersection(v["measurements"]))
    found: dict[str, tuple[str, int]] = {}
    for rule, idents in figures.items():
        for ident in idents:
            if ident not in found or found[ident][1] < len(idents):
                found[ident] = (rule, len(idents))
    return found


def _rule_id(rule: str, audit: Json) -> str:
    """The policy's id of a verdict's rule, which may carry its attribute: four-fifths[sex]."""
    known = {each["id"] for each in audit["policy"]["rules"]}
    return rule if rule in known else rule.rpartition("[")[0]


def _row(before: Json, now: Json, resting: tuple[str, int] | None, levels: tuple[Levels, Levels]) -> Row:
    rule, figures = resting or (None, 1)
    level = 1 - (1 - LEVEL) / figures
    spans = levels[0].span(before, level), levels[1].span(now, level)
    found = difference(*spans)
    metric = plain_name(now["metric"])
    return Row(
        id=now["id"],
        check=now["check"],
        metric=metric,
        attribute=now.get("attribute") or ("*".join(now["group"]) or None),
        group=now["group"],
        feature=now.get("feature"),
        title=words.title(now),
        baseline=Value(levels[0].span(before, LEVEL), before["n"]),
        current=Value(levels[1].span(now, LEVEL), now["n"]),
        difference=found,
        level=level,
        direction=_direction(metric, spans, found),
        changed=_sign(found) != 0,
        rule=rule,
        adjusted=figures > 1,
    )


def _direction(metric: str, spans: tuple[Span, Span], found: Span) -> Direction:
    """By the metric's good direction; for a ratio by its distance from 1, whichever side it is on."""
    if spans[0] == spans[1]:
        return "same"
    known = METRICS.get(metric)
    good = known.good if known else "depends"
    if good == "near 1":
        sign = _sign(difference(folded(spans[0]), folded(spans[1])))
    else:
        sign = _sign(found) * {"high": 1, "low": -1}.get(good, 0)
    return "better" if sign > 0 else "worse" if sign < 0 else "unclear"


def _sign(found: Span) -> int:
    """Which side of no difference the whole interval lies on; 0 where it holds it."""
    if found.low is not None and found.low > 0:
        return 1
    return -1 if found.high is not None and found.high < 0 else 0


def _changes(baseline: Json, current: Json) -> tuple[list[Change], list[Uncompared]]:
    """The rules that are judged otherwise now, and those that cannot be compared."""
    other = other_rules(baseline, current)
    then, since = ({v["rule"]: _outcome(v) for v in audit["verdicts"]} for audit in (baseline, current))
    rules = {rule["id"]: rule for rule in current["policy"]["rules"]}
    changes, left_out = [], []
    for rule, now in since.items():
        name = _rule_id(rule, current)
        if rule in then and name in other:
            left_out.append(Uncompared(f"The rule {rule}", other[name]))
        elif rule in then and then[rule] != now:
            about = words.rule_about(rule, rules.get(name) or {})
            changes.append(Change(rule, (rules.get(name) or {}).get("title") or name, about, then[rule], now))
    left_out += [Uncompared(f"The rule {rule}", "it is new") for rule in _only(since, then)]
    left_out += [Uncompared(f"The rule {rule}", "it is no longer asked") for rule in _only(then, since)]
    return sorted(changes, key=lambda c: words.SEVERITY.index(c.now)), left_out


def _only(here: Iterable[str], there: Iterable[str]) -> list[str]:
    known = set(there)
    return [rule for rule in here if rule not in known]


def _outcome(verdict: Json) -> str:
    return "waived" if verdict.get("waived") else str(verdict["outcome"])
