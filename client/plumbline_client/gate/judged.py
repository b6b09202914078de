"""The verdicts of an audit's JSON, each with the figure that tells: value, interval, n, limit, reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline_client.errors import InvalidInput

SCHEMA = "plumbline.audit/1"
COUNTED = ("group_size", "label_size")
WORDS = {"pass": "passes", "fail": "fails", "inconclusive": "is inconclusive", "not_applicable": "is not applicable"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict. `rule` is the verdict's name (four-fifths[sex]), `base` the policy's rule (four-fifths).

    `value`, `low`, `high`, `n` are those of the figure it rests on, of several the worst; None where there is none.
    """

    rule: str
    base: str
    title: str
    metric: str
    attribute: str | None
    outcome: str
    reason: str
    direction: str
    limit: float | None
    source: str | None
    value: float | None
    low: float | None
    high: float | None
    level: float | None
    n: int | None
    rows_needed: int | None
    waived_until: str | None
    waived_because: str | None

    def figure(self) -> str:
        """`0.710 (95%: 0.553 to 0.988, n = 3,000), limit at least 0.8`."""
        if self.value is None:
            return f"no figure{self.limited()}"
        if self.metric in COUNTED:
            return f"{self.value:,.0f} rows, counted{self.limited()}"
        return f"{number(self.value)} ({self.interval()}, n = {count(self.n)}){self.limited()}"

    def interval(self) -> str:
        """`95%: 0.553 to 0.988`, at the level that decides."""
        return f"{100 * (self.level or 0.95):.4g}%: {span(self.low, self.high)}"

    def limited(self) -> str:
        return "" if self.limit is None else f", limit {self.direction.replace('_', ' ')} {self.limit:g}"

    def to_json(self) -> dict[str, Any]:
        interval = {"low": self.low, "high": self.high, "level": self.level} if self.level is not None else None
        names = ("rule", "title", "metric", "attribute", "outcome", "reason", "direction", "limit", "value", "n")
        return {name: getattr(self, name) for name in names} | {"interval": interval, "rows_needed": self.rows_needed}


def judged(audit: Mapping[str, Any]) -> tuple[Judged, ...]:
    """Every verdict of an audit's JSON, in the policy's order. InvalidInput where it is no audit."""
    if not isinstance(audit, Mapping) or audit.get("schema") != SCHEMA:
        raise InvalidInput(f"This is no audit: its schema is not {SCHEMA}.")
    try:
        rules = {rule["id"]: rule for rule in audit["policy"]["rules"]}
        measured = {m["id"]: m for m in audit["measurements"]}
        return tuple(_judged(verdict, rules, measured) for verdict in audit["verdicts"])
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"The audit's JSON is damaged: {type(error).__name__}: {error}.") from error


def _judged(verdict: Mapping[str, Any], rules: Mapping[str, Any], measured: Mapping[str, Any]) -> Judged:
    name, attribute = verdict["rule"], verdict.get("attribute")
    base = name if name in rules else name.removesuffix(f"[{attribute}]")
    rule = rules.get(base, {})
    metric = rule.get("metric", "")
    told = _telling(metric, verdict, [measured[m] for m in verdict["measurements"] if m in measured])
    interval = verdict.get("interval") or told.get("interval") or {}
    return Judged(
        rule=name,
        base=base,
        title=rule.get("title") or base,
        metric=metric,
        attribute=attribute,
        outcome=verdict["outcome"],
        reason=verdict["reason"],
        direction=verdict.get("direction") or ("at_least" if "at_least" in rule else "at_most"),
        limit=verdict.get("limit"),
        source=verdict.get("source"),
        value=told.get("value"),
        low=interval.get("low"),
        high=interval.get("high"),
        level=interval.get("level"),
        n=told.get("n"),
        rows_needed=verdict.get("rows_needed"),
        waived_until=rule.get("waived_until"),
        waived_because=rule.get("reason"),
    )


def _telling(metric: str, verdict: Mapping[str, Any], figures: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The worst of the figures that a verdict rests on. Of a count only the smallest number of rows is told."""
    if metric in COUNTED:
        rows = [m["n"] for m in figures if m["n"] is not None]
        return {"value": min(rows), "n": min(rows)} if rows else {}
    known = [m for m in figures if m["value"] is not None]
    sign = 1 if verdict.get("direction") == "at_least" else -1
    return min(known, key=lambda m: sign * m["value"], default={})


def number(value: float | None) -> str:
    return "no bound" if value is None else f"{value:.3f}"


def span(low: float | None, high: float | None) -> str:
    return f"{number(low)} to {number(high)}"


def count(n: int | None) -> str:
    return "unknown" if n is None else f"{n:,}"
