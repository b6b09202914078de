"""How much each input moves the score: the mean absolute Shapley value of each, with its interval over rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from audits.explain.explained import Explained
from audits.explain.trees import Floats
from audits.measure.estimates import LEVEL, Mean, interval
from audits.measure.types import Column, Figure, Interval, Measurement, Table

CHECK = "explanation"
METRIC = "mean_absolute_shapley"
INTERVAL_METHOD = "student limits of a mean over rows"
SHOWN = 15


def absolute_mean(details: Mapping[str, Any]) -> tuple[float, Interval | None]:
    """The value and its 95% interval from a measurement's details alone, as a verifier recomputes them.

    value = sum / n; its standard error is the rows' standard deviation over the root of n, its limits Student's
    (Cochran, Sampling Techniques, 1977, section 2.8). A sampled value's error makes its absolute value larger on
    average: the lower limit lies lower by `bias_at_most`.
    """
    n, total, squares = int(details["n"]), float(details["sum"]), float(details["sum_of_squares"])
    value = total / n
    variance = max(0.0, squares - total * value) / (n - 1) if n > 1 else math.inf
    bias = float(details.get("bias_at_most", 0.0))
    mean = Mean(value, math.sqrt(variance / n), n, INTERVAL_METHOD, bound=(bias, 0.0))
    return value, interval(mean, LEVEL) if n > 1 else None


def measure(found: Explained) -> tuple[Measurement, ...]:
    """One measurement for each input, in the model's order."""
    return tuple(_measurement(found, place, name) for place, name in enumerate(found.names))


def _measurement(found: Explained, place: int, name: str) -> Measurement:
    absolute = np.abs(found.shapley.values[:, place])
    details: dict[str, Any] = {
        "sum": float(absolute.sum()),
        "sum_of_squares": float(np.square(absolute).sum()),
        "n": found.n,
        "space": found.space,
        "method": found.method,
    } | ({} if found.background is None else {"background_rows": found.background})
    details |= _errors(found, place)
    value, limits = absolute_mean(details)
    return Measurement(CHECK, METRIC, value, limits, found.n, feature=name, details=details)


def _errors(found: Explained, place: int) -> dict[str, float]:
    """The two parts of a sampled figure's standard error: from the orders drawn, and from the rows drawn.

    The rows' spread holds both, since each row's orders are its own. The true mean of absolute values lies, on average
    over samples, between that of what two halves agree on and that of the estimates: `bias_at_most` is the distance.
    """
    if found.shapley.error is None or found.shapley.agreed is None or found.n < 2:
        return {}
    error, absolute = found.shapley.error[:, place], np.abs(found.shapley.values[:, place])
    both = float(absolute.var(ddof=1)) / found.n
    orders = float(np.square(error).sum()) / found.n**2
    return {
        "error_from_orders": math.sqrt(orders),
        "error_from_rows": math.sqrt(max(0.0, both - orders)),
        "bias_at_most": max(0.0, float(absolute.mean() - found.shapley.agreed[:, place].mean())),
    }


def importance_table(found: Explained, measurements: tuple[Measurement, ...]) -> Table:
    """The inputs by importance, with their share of the whole and the direction they push on average."""
    total = float(found.importance().sum())
    rows = []
    for place in found.ranking()[:SHOWN]:
        m = measurements[place]
        share = (m.value or 0.0) / total if total else 0.0
        low, high = (m.interval.low, m.interval.high) if m.interval else (None, None)
        rows.append((m.feature, m.value, low, high, share, _direction(found, place)))
    columns = (
        Column("feature", "Input", "text"),
        Column("value", f"Mean absolute Shapley value, {found.space}"),
        Column("low", "95% interval, from"),
        Column("high", "to"),
        Column("share", "Share of all", "rate"),
        Column("direction", "A higher value means", "text"),
    )
    note = f"Of {found.n:,} rows, against {found.against}."
    return Table("explanation-importance", "What moves the score", columns, tuple(rows), note)


def _direction(found: Explained, place: int) -> str:
    """Whether the score rises or falls with a number, by the rank correlation of value and Shapley value."""
    values = numeric(found, place)
    shapley = found.shapley.values[:, place]
    if values is None:
        return "not a number"
    known = np.isfinite(values)
    if known.sum() < 3 or np.ptp(values[known]) == 0 or np.ptp(shapley[known]) == 0:
        return "no difference"
    correlation = rank_correlation(values[known], shapley[known])
    return "a higher score" if correlation > 0.3 else "a lower score" if correlation < -0.3 else "now higher, now lower"


def rank_correlation(one: Floats, two: Floats) -> float:
    """Spearman's, ties at their mean rank (American Journal of Psychology 15 (1904) 72-101); neither is constant."""
    return float(np.corrcoef(_ranks(one), _ranks(two))[0, 1])


def _ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    result: Floats = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return result


def numeric(found: Explained, place: int) -> Floats | None:
    """The input's values as floats (n,), NaN where missing; None where it holds no numbers."""
    import pyarrow as pa

    from models.registry.formats.values import numbers

    kind = found.inputs.schema.field(place).type
    plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return numbers(found.inputs.column(place)) if plain else None


def importance_figure(found: Explained, table: Table) -> Figure:
    first = found.names[found.ranking()[0]]
    return Figure(
        id="explanation-importance",
        kind="bar",
        title=f"{first} moves the score most",
        description=f"Mean absolute Shapley value of each input in {found.space}, with 95% intervals over rows.",
        table=table.id,
        x="value",
        y="feature",
        low="low",
        high="high",
    )
