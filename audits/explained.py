"""A policy in plain words, rule by rule: what is asked, what the limit means, who is set aside, where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audits.measure.catalogue import METRICS
from audits.measure.policy import COUNTS, Policy, Rule
from audits.report import numbers, words


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule. `asks` says what is measured, `means` what keeping to the limit comes to."""

    id: str
    title: str
    metric: str
    metric_title: str
    asks: str
    limit: str
    means: str
    of_whom: str
    source: str


def explained(policy: Policy) -> Iterator[Explained]:
    for rule in policy.rules:
        entry = METRICS.get(rule.metric)
        yield Explained(
            rule.id,
            rule.title or (entry.title if entry else rule.id),
            rule.metric,
            entry.title if entry else rule.metric,
            entry.plain if entry else "",
            f"{'at least' if rule.direction == 'at_least' else 'at most'} {words.limit(rule.metric, rule.limit)}",
            means(rule),
            of_whom(rule),
            rule.source or "not given",
        )


def means(rule: Rule) -> str:
    """The limit as it looks in a hundred people."""
    kind, least = words.plain(rule.metric).kind, rule.direction == "at_least"
    if rule.metric in COUNTS:
        return "A group with fewer rows is never failed: the rule says that the data are too few."
    if kind == "ratio" and least:
        return f"Where 100 have it in one group, at least {numbers.number(100 * rule.limit, 0)} do in any other."
    if kind == "difference" and not least:
        far = numbers.number(40 + 100 * rule.limit, 0)
        return f"40 of 100 in one group and {far} of 100 in another are as far apart as groups may be."
    if kind == "rate":
        return f"{'At least' if least else 'At most'} {numbers.number(100 * rule.limit, 0)} of 100."
    return ""


def of_whom(rule: Rule) -> str:
    by_group = rule.groups or words.plain(rule.metric).kind in ("difference", "ratio") or rule.metric in COUNTS
    attribute = f"by {words.attribute(rule.attribute)}" if rule.attribute else "by every sensitive column"
    whom = f"Groups {attribute}." if by_group else "Everybody."
    aside = f" Groups of fewer than {numbers.count(rule.min_n)} rows are set aside and named." if rule.min_n else ""
    waived = f" Waived until {rule.waived_until:%-d %B %Y}: {rule.reason}" if rule.waived_until else ""
    return whom + aside + waived
