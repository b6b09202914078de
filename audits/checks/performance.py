"""Performance: how well do predictions and scores meet what happened?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audits.measure.cells import Cube
from audits.measure.check import Check, Context
from audits.measure.estimates import LEVEL
from audits.measure.measured import Measured
from audits.measure.performance import measure_performance
from audits.measure.rates import effective_rate
from audits.measure.scores import CALIBRATION_BINS, Ranked, calibration_bin, ranked
from audits.measure.types import CheckResult, Column, Figure, Table

if TYPE_CHECKING:
    from audits.run.parameters import Parameters

POINTS = 100


def measure(cube: Cube, parameters: Parameters) -> list[Measured]:
    return measure_performance(cube)


def run(context: Context) -> CheckResult:
    """Confusion and score metrics, the confusion matrix, and the curves of the scores."""
    cube = context.cube
    found = tuple(m.measurement for m in measure(cube, context.parameters))
    if not cube.has_label:
        reason = "There is no label with two values, so predictions cannot be compared with what happened."
        return CheckResult(CHECK.id, CHECK.title, "not_applicable", found, reason=reason)
    tables = [_confusion(cube)]
    figures: list[Figure] = []
    if cube.scores:
        curves = _curves(ranked(cube.scores.sets[0], 0), probable=_probable(cube))
        tables.extend(table for table, _ in curves)
        figures.extend(figure for _, figure in curves)
    return CheckResult(CHECK.id, CHECK.title, "done", found, tuple(tables), tuple(figures))


def _probable(cube: Cube) -> bool:
    scores = cube.scores
    return bool(scores and scores.sets[0].low.min() >= 0 and scores.sets[0].high.max() <= 1)


def _confusion(cube: Cube) -> Table:
    n = cube.everybody.n[0]
    names = (cube.negative, cube.positive)
    columns = (
        Column("label", "What happened", "text"),
        *(Column(f"predicted_{i}", f"Predicted {name}", "count") for i, name in enumerate(names)),
    )
    rows = tuple((names[label], int(n[label, 0]), int(n[label, 1])) for label in (0, 1))
    return Table("performance-confusion", "Confusion matrix, in rows", columns, rows)


def _curves(r: Ranked, *, probable: bool) -> list[tuple[Table, Figure]]:
    if r.w[0].sum() <= 0 or r.w[1].sum() <= 0:
        return []
    curves = [_roc(r), _precision_recall(r)]
    return [*curves, _calibration(r)] if probable else curves


def _thinned(length: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.unique(np.linspace(0, length - 1, min(length, POINTS)).astype(np.intp))


def _roc(r: Ranked) -> tuple[Table, Figure]:
    negatives, positives = (np.concatenate([[0.0], np.cumsum(r.w[i, ::-1])]) for i in (0, 1))
    at = _thinned(len(positives))
    thresholds = (None, *r.low[::-1].tolist())
    rows = tuple((float(negatives[i] / negatives[-1]), float(positives[i] / positives[-1]), thresholds[i]) for i in at)
    columns = (
        Column("false_positive_rate", "False positive rate", "rate"),
        Column("true_positive_rate", "True positive rate", "rate"),
        Column("threshold", "Threshold", "number"),
    )
    table = Table("performance-roc", "ROC curve", columns, rows)
    text = "True positive rate against false positive rate as the threshold falls; by chance the two would be equal."
    alarms, found = next(row[:2] for row in rows if row[1] >= 0.5)
    title = f"At {100 * alarms:.0f}% false alarms {100 * found:.0f}% of the positives are found"
    return table, Figure(table.id, "line", title, text, table.id, "false_positive_rate", "true_positive_rate")


def _precision_recall(r: Ranked) -> tuple[Table, Figure]:
    negatives, positives = (np.cumsum(r.w[i, ::-1]) for i in (0, 1))
    seen = negatives + positives
    at = [int(i) for i in _thinned(len(positives)) if seen[i] > 0]
    rows = tuple(
        (float(positives[i] / positives[-1]), float(positives[i] / seen[i]), float(r.low[::-1][i])) for i in at
    )
    columns = (
        Column("recall", "Recall", "rate"),
        Column("precision", "Precision", "rate"),
        Column("threshold", "Threshold", "number"),
    )
    table = Table("performance-precision-recall", "Precision-recall curve", columns, rows)
    text = "Share of predicted positives that are right, against the share of positives found, as the threshold falls."
    found, right = next(row[:2] for row in rows if row[0] >= 0.5)
    title = f"Where {100 * found:.0f}% of the positives are found, {100 * right:.0f}% of those flagged are right"
    return table, Figure(table.id, "line", title, text, table.id, "recall", "precision")


def _calibration(r: Ranked) -> tuple[Table, Figure]:
    at = calibration_bin(r.mean)
    n, w, q, score = (np.zeros((2, CALIBRATION_BINS)) for _ in range(4))
    for total, values in ((n, r.n), (w, r.w), (q, r.q), (score, r.w * r.mean)):
        for label in (0, 1):
            np.add.at(total[label], at[label], values[label])
    rows = []
    for b in np.flatnonzero(w.sum(axis=0) > 0).tolist():
        found = effective_rate(float(w[1, b]), float(w[0, b]), float(q[1, b]), float(q[0, b]), int(n[:, b].sum()))
        mean = float(score[:, b].sum() / w[:, b].sum())
        rows.append((b / CALIBRATION_BINS, mean, found.value, *found.limits(LEVEL), found.n))
    columns = (
        Column("bin", "Score from", "rate"),
        Column("mean_score", "Mean score", "rate"),
        Column("observed", "Observed rate", "rate"),
        Column("low", "95% interval, from", "rate"),
        Column("high", "to", "rate"),
        Column("n", "n", "count"),
    )
    table = Table("performance-calibration", "Calibration by score", columns, tuple(rows))
    text = "Observed rate of positives against the mean score, in bins of equal width; the diagonal is perfect."
    agree = sum(low <= mean <= high for _, mean, _, low, high, _ in rows)
    title = f"In {agree} of {len(rows)} bins the mean score agrees with the rate that was observed"
    return table, Figure(table.id, "calibration", title, text, table.id, "mean_score", "observed", "low", "high")


CHECK = Check(
    id="performance",
    title="Performance",
    question="How well do predictions and scores meet what happened?",
    run=run,
    measure=measure,
    answers_to=("eu-ai-act:15(1)", "eu-ai-act:15(3)", "nist-ai-rmf:MEASURE 2.3"),
)
