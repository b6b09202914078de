"""What a comparison of two audits says. Frozen, typed, JSON-serialisable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from audits.compare.mover import Span
from audits.measure.types import finite

Direction = Literal["worse", "better", "unclear", "same"]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two audits: `id` is whatever its owner knows it by."""

    id: str
    title: str

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title}


@dataclass(frozen=True, slots=True)
class Value:
    """A figure as its audit printed it, with its 95% interval."""

    span: Span
    n: int | None

    def to_json(self) -> dict[str, Any]:
        return _span(self.span) | {"n": self.n}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in both audits.

    `rule` is the rule that rests on it, None where the figure is exploratory. `level` is that of the difference's
    interval, which decides `direction`: 95%, or where a rule rests on several figures (`adjusted`) so much more that
    a false alarm stays at most one in twenty for the whole rule. `changed` says whether the interval leaves out no
    difference; a metric without a good direction changes without being better or worse.
    """

    id: str
    check: str
    metric: str
    attribute: str | None
    group: Mapping[str, str]
    feature: str | None
    title: str
    baseline: Value
    current: Value
    difference: Span
    level: float
    direction: Direction
    changed: bool
    rule: str | None = None
    adjusted: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "check": self.check,
            "metric": self.metric,
            "attribute": self.attribute,
            "group": dict(self.group),
            "feature": self.feature,
            "title": self.title,
            "baseline": self.baseline.to_json(),
            "current": self.current.to_json(),
            "difference": _span(self.difference) | {"level": self.level},
            "direction": self.direction,
            "changed": self.changed,
            "rule": self.rule,
            "adjusted": self.adjusted,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that is judged otherwise than before. `about` says in words what it asks about, and by what."""

    rule: str
    title: str
    about: str
    before: str
    now: str

    def to_json(self) -> dict[str, Any]:
        return {"rule": self.rule, "title": self.title, "from": self.before, "to": self.now}


@dataclass(frozen=True, slots=True)
class Uncompared:
    """A figure, a rule or a group that stands in one audit only or means something else there, and why."""

    title: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"title": self.title, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two audits side by side; `rows` are sorted: worse, better, unclear, same, those that rules rest on first."""

    baseline: Side
    current: Side
    comparable: bool
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
    verdicts: tuple[Change, ...]
    not_compared: tuple[Uncompared, ...]
    summary: str

    @property
    def worse(self) -> tuple[Row, ...]:
        """What a gate may stop at: figures that a rule rests on and that got worse beyond their uncertainty."""
        return tuple(row for row in self.rows if row.rule is not None and row.direction == "worse")

    def to_json(self) -> dict[str, Any]:
        return {
            "baseline": self.baseline.to_json(),
            "current": self.current.to_json(),
            "comparable": self.comparable,
            "notes": list(self.notes),
            "rows": [row.to_json() for row in self.rows],
            "verdicts": [change.to_json() for change in self.verdicts],
            "worse": [row.id for row in self.worse],
            "not_compared": [each.to_json() for each in self.not_compared],
            "summary": self.summary,
        }


def _span(span: Span) -> dict[str, Any]:
    return {"value": finite(span.value), "low": finite(span.low), "high": finite(span.high)}
