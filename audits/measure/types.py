"""The values that pass between cube, checks, policy and report. Frozen, typed, JSON-serialisable; no Django."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Group = Mapping[str, str]
Outcome = Literal["pass", "fail", "inconclusive", "not_applicable"]
CheckStatus = Literal["done", "not_applicable"]

MISSING = "(missing)"
SUPPRESSED = "suppressed"


def finite(value: float | None) -> float | None:
    """The value as JSON can hold it: null where there is no finite number."""
    return None if value is None or not math.isfinite(value) else float(value)


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval. A bound that does not exist (a ratio over nearly nothing) is None."""

    low: float | None
    high: float | None
    level: float
    method: str

    def to_json(self) -> dict[str, Any]:
        return {"low": finite(self.low), "high": finite(self.high), "level": self.level, "method": self.method}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number: what was measured, of whom, how sure it is and on how many rows it rests.

    `group` is empty for the whole population and for a disparity, which names its `attribute` instead
    ("race", or "race*sex" for an intersection). `n` is the number of rows the figure rests on: a rate's denominator,
    for a disparity the sum over its groups; None only where the count itself is suppressed. A figure that cannot be
    estimated has neither value nor interval, and a `reason`. `over` names the groups that a disparity is over where a
    rule's min_n left in fewer than all; such a figure has a metric name of its own (`of_assessed`). `details` holds
    what else a reader needs to recompute it.
    """

    check: str
    metric: str
    value: float | None
    interval: Interval | None
    n: int | None
    group: Group = field(default_factory=dict)
    attribute: str | None = None
    reference: Group | None = None
    feature: str | None = None
    over: tuple[Group, ...] | None = None
    not_assessed: tuple[Group, ...] = ()
    reason: str | None = None
    details: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """Stable from run to run: a function of check, metric, attribute, group (or feature) and nothing measured."""
        return measurement_id(self.check, self.metric, self.attribute, self.group, self.feature)

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": self.id,
            "check": self.check,
            "metric": self.metric,
            "group": dict(self.group),
            "value": finite(self.value),
            "interval": self.interval.to_json() if self.interval and finite(self.value) is not None else None,
            "n": self.n,
        }
        optional = {
            "attribute": self.attribute,
            "reference": dict(self.reference) if self.reference else None,
            "feature": self.feature,
            "over": [dict(g) for g in self.over] if self.over is not None else None,
            "not_assessed": [dict(g) for g in self.not_assessed] or None,
            "reason": self.reason,
            "details": dict(self.details) if self.details else None,
        }
        return row | {key: value for key, value in optional.items() if value is not None}


def of_assessed(metric: str, min_n: int) -> str:
    """The name of a disparity over the groups that a rule's min_n leaves in: demographic_parity_ratio_min_n_100."""
    return f"{metric}_min_n_{min_n}"


def measurement_id(
    check: str,
    metric: str,
    attribute: str | None = None,
    group: Group | None = None,
    feature: str | None = None,
) -> str:
    """`M-` and ten hexadecimal digits of a hash of what the figure is about."""
    about: list[object] = [check, metric, attribute, sorted((group or {}).items()), feature]
    digest = hashlib.sha256(json.dumps(about, ensure_ascii=False).encode()).hexdigest()
    return f"M-{digest[:10]}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `kind` decides how it is printed: text, count, rate (0 to 1), number or id."""

    name: str
    title: str
    kind: Literal["text", "count", "rate", "number", "id"] = "number"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows behind a figure or beside the measurements: curves, a confusion matrix, Shapley values."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "columns": [{"name": c.name, "title": c.title, "kind": c.kind} for c in self.columns],
            "rows": [[finite(v) if isinstance(v, float) else v for v in row] for row in self.rows],
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing of a table: which columns stand on which axis. The report turns it into one Vega-Lite specification.

    `title` states the finding in a sentence; `description` is the text for those who do not see it.
    """

    id: str
    kind: Literal["line", "bar", "interval", "calibration"]
    title: str
    description: str
    table: str
    x: str
    y: str
    low: str | None = None
    high: str | None = None
    series: str | None = None
    limit: float | None = None

    def to_json(self) -> dict[str, Any]:
        names = ("id", "kind", "title", "description", "table", "x", "y", "low", "high", "series", "limit")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. `reason` says why a check, or a part of it, was not applicable."""

    check: str
    title: str
    status: CheckStatus
    measurements: tuple[Measurement, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Without the measurements, which stand together at the top of the audit."""
        return {
            "id": self.check,
            "title": self.title,
            "status": self.status,
            "reason": self.reason,
            "tables": [t.to_json() for t in self.tables],
            "figures": [f.to_json() for f in self.figures],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of the measurements it rests on.

    `rows_needed` is the total number of rows, at the same shares and estimates, that would settle an inconclusive
    one; None where more rows would not. `interval` is there where the rule did not decide by the printed interval
    (an exact binomial limit near 0 or 1, or a level corrected for many figures).
    """

    rule: str
    outcome: Outcome
    reason: str
    measurements: tuple[str, ...]
    attribute: str | None = None
    limit: float | None = None
    direction: Literal["at_least", "at_most"] | None = None
    not_assessed: tuple[Group, ...] = ()
    rows_needed: int | None = None
    waived: bool = False
    waiver: str | None = None
    interval: Interval | None = None
    source: str | None = None

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "rule": self.rule,
            "outcome": self.outcome,
            "reason": self.reason,
            "measurements": list(self.measurements),
            "attribute": self.attribute,
            "limit": self.limit,
            "direction": self.direction,
            "not_assessed": [dict(g) for g in self.not_assessed],
            "interval": self.interval.to_json() if self.interval else None,
            "source": self.source,
        }
        if self.outcome == "inconclusive":
            row["rows_needed"] = self.rows_needed
        if self.waived:
            row |= {"waived": True, "waiver": self.waiver}
        return row
