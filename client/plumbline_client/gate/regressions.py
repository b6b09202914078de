"""What got worse since a baseline, from a comparison's JSON; beyond its uncertainty, or it is not here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline_client.errors import InvalidInput
from plumbline_client.gate.judged import count, number, span
from plumbline_client.gate.waivers import Waiver


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its interval, of the baseline, of the current audit, or of their difference."""

    value: float | None
    low: float | None
    high: float | None
    n: int | None = None

    def told(self) -> str:
        rows = "" if self.n is None else f", n = {count(self.n)}"
        return f"{number(self.value)} ({span(self.low, self.high)}{rows})"

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "low": self.low, "high": self.high} | ({} if self.n is None else {"n": self.n})


@dataclass(frozen=True, slots=True)
class Regression:
    """One figure that got worse. `rule` rests on it (None: none does); `counts`: it stops the gate."""

    id: str
    title: str
    metric: str
    rule: str | None
    baseline: Figure
    current: Figure
    difference: Figure
    level: float
    counts: bool
    waiver: Waiver | None = None

    def reason(self) -> str:
        return (
            f"{self.title} was {self.baseline.told()} and is {self.current.told()}: a difference of "
            f"{number(self.difference.value)} with a {100 * self.level:.4g}% interval of "
            f"{span(self.difference.low, self.difference.high)}, wholly on the worse side."
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "metric": self.metric,
            "rule": self.rule,
            "baseline": self.baseline.to_json(),
            "current": self.current.to_json(),
            "difference": self.difference.to_json() | {"level": self.level},
            "counts": self.counts,
            "waiver": self.waiver.to_json() if self.waiver else None,
            "reason": self.reason(),
        }


def regressions(
    comparison: Mapping[str, Any] | None, counting: str, waivers: Sequence[Waiver]
) -> tuple[Regression, ...]:
    """The rows of a comparison that got worse, those that count first. `waivers` are the ones that count today."""
    if comparison is None:
        return ()
    try:
        rows = [row for row in comparison["rows"] if row["direction"] == "worse"]
        found = [_regression(row, counting, waivers) for row in rows]
    except (KeyError, TypeError) as error:
        raise InvalidInput(f"The comparison is damaged: {type(error).__name__}: {error}.") from error
    return tuple(sorted(found, key=lambda regression: (not regression.counts, regression.rule is None)))


def _regression(row: Mapping[str, Any], counting: str, waivers: Sequence[Waiver]) -> Regression:
    """A rule that is waived does not stop the gate by its figure either."""
    rule = row.get("rule")
    waiver = next((waiver for waiver in waivers if rule and waiver.covers(rule, row.get("attribute"))), None)
    meant = counting == "any" or (counting == "ruled" and rule is not None)
    return Regression(
        id=str(row["id"]),
        title=str(row["title"]),
        metric=str(row["metric"]),
        rule=rule,
        baseline=_figure(row["baseline"]),
        current=_figure(row["current"]),
        difference=_figure(row["difference"]),
        level=float(row["difference"].get("level", 0.95)),
        counts=meant and waiver is None,
        waiver=waiver if meant else None,
    )


def _figure(data: Mapping[str, Any]) -> Figure:
    return Figure(data["value"], data["low"], data["high"], data.get("n"))
