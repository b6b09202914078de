"""Plain words for metrics, groups and outcomes. Nothing here measures; it only says what was measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from audits.measure.catalogue import METRICS, Metric
from audits.report import numbers
from audits.report.blocks import Tone

Kind = Literal["rate", "difference", "ratio", "number"]
Json = Mapping[str, Any]

OUTCOMES: dict[Tone, str] = {
    "pass": "Passes",
    "fail": "Fails",
    "waived": "Fails, waived",
    "inconclusive": "Too close to call",
    "not_applicable": "Not applicable",
}
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Plain:
    """A metric in words: its title, what it is the share or the difference of, and how it is printed."""

    title: str
    noun: str
    kind: Kind


# metric: what it is the share of (a rate) or what differs (a disparity), and how it is printed; titles and formulas
# stand in the catalogue
NOUNS: dict[str, tuple[str, Kind]] = {
    "selection_rate": ("the share predicted positive", "rate"),
    "base_rate": ("the share that is truly positive", "rate"),
    "favourable_rate": ("the share with the favourable outcome", "rate"),
    "accuracy": ("the share predicted rightly", "rate"),
    "true_positive_rate": ("the share of true positives that the model finds", "rate"),
    "false_positive_rate": ("the share of true negatives predicted positive", "rate"),
    "true_negative_rate": ("the share of true negatives that the model finds", "rate"),
    "false_negative_rate": ("the share of true positives that the model misses", "rate"),
    "precision": ("the share of positive predictions that are right", "rate"),
    "recall": ("the share of true positives that the model finds", "rate"),
    "balanced_accuracy": ("the mean of both classes’ hit rates", "rate"),
    "f1": ("the harmonic mean of precision and recall", "number"),
    "roc_auc": ("how often a true positive scores above a true negative", "number"),
    "pr_auc": ("precision averaged over all thresholds", "number"),
    "log_loss": ("the mean surprise at what came true", "number"),
    "brier_score": ("the mean squared error of the scores", "number"),
    "calibration_error": ("the mean gap between a score and what came true", "number"),
    "demographic_parity_difference": ("positive predictions", "difference"),
    "demographic_parity_ratio": ("positive predictions", "ratio"),
    "equal_opportunity_difference": ("true positives found", "difference"),
    "equalized_odds_difference": ("the model’s errors", "difference"),
    "equalized_odds_ratio": ("the model’s errors", "ratio"),
    "disparate_impact": ("the favourable outcome", "ratio"),
}


def plain(metric: str) -> Plain:
    """A metric that has no words here gets its name's own."""
    spoken = metric.replace("_", " ")
    noun, kind = NOUNS.get(metric) or (spoken, _kind(metric))
    known = entry(metric)
    return Plain(known.title if known else sentence(clean(spoken)), noun, kind)


def entry(metric: str) -> Metric | None:
    """The catalogue's entry: title, formula, range, source."""
    return METRICS.get(metric)


def _kind(metric: str) -> Kind:
    endings: tuple[Kind, ...] = ("difference", "ratio", "rate")
    return next((kind for kind in endings if metric.endswith(f"_{kind}")), "number")


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def clean(text: Any) -> str:
    """Text that XML and PDF can hold: control characters, direction marks and lone surrogates become a visible mark."""
    return UNPRINTABLE.sub("\ufffd", str(text))


def short(text: Any, longest: int = LONGEST_NAME) -> str:
    """A name as running text can hold it; tables and the evidence have it whole."""
    name = " ".join(clean(text).split())
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"


def attribute(name: str | None) -> str:
    """`age_band*sex` as people say it: age band × sex."""
    return short(" × ".join(part.replace("_", " ") for part in (name or "").split("*")))


def group(values: Mapping[str, str] | None) -> str:
    """The groups' values, without the attributes' names: male × under 30."""
    return " × ".join(short(value) for value in (values or {}).values()) or "everyone"


def group_in_full(values: Mapping[str, str] | None) -> str:
    return " × ".join(clean(value) for value in (values or {}).values()) or "everyone"


def value(metric: str, figure: Any) -> str:
    """A measurement's value as every table and figure prints it."""
    kind = plain(metric).kind
    if kind == "rate":
        return numbers.rate(figure)
    return numbers.number(figure, 3 if kind in ("difference", "ratio") else None)


def value_or_reason(m: Json) -> str:
    return value(m["metric"], m["value"]) if m["value"] is not None else reason(m)


def reason(m: Json) -> str:
    return clean(m.get("reason") or numbers.NONE)


def interval(metric: str, bounds: Json | None) -> str:
    """`0.914 to 0.966`; a bound that does not exist is said in words."""
    if not bounds or (bounds["low"] is None and bounds["high"] is None):
        return "none"
    low, high = bounds["low"], bounds["high"]
    if low is None:
        return f"at most {value(metric, high)}"
    if high is None:
        return f"at least {value(metric, low)}"
    return f"{value(metric, low)} to {value(metric, high)}"


def limit(metric: str, figure: Any) -> str:
    return numbers.rate_limit(figure) if plain(metric).kind == "rate" else numbers.limit(figure)


def direction(verdict: Json) -> str:
    return "at least" if verdict.get("direction") == "at_least" else "at most"


def waiver(verdict: Json) -> str:
    return f"{clean(verdict.get('waiver') or 'Waived without a reason').rstrip('.')}."


def tone(verdict: Json) -> Tone:
    outcome: Tone = verdict["outcome"]
    return "waived" if outcome == "fail" and verdict.get("waived") else outcome


def n_of(m: Json) -> str:
    return numbers.count(m["n"]) if m["n"] is not None else "suppressed"


def listed(items: list[str] | tuple[str, ...], most: int | None = None) -> str:
    """a, b and c; with `most`, the rest as a number."""
    names = list(items)
    if most is not None and len(names) > most:
        names = [*names[:most], f"{len(names) - most} more"]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else "none"


def small(n: int) -> str:
    """Small numbers in words, as prose has them."""
    names = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return names[n] if 0 <= n < len(names) else numbers.count(n)
