"""Where fairlearn 0.15 and AIF360 0.6 define a figure otherwise than we do, or call it otherwise, and how."""

from __future__ import annotations

from collections.abc import Iterator

from audits.measure.disparities import DISPARITIES
from audits.measure.opinions import SCORED

CONDITIONAL = ("true_positive_rate", "false_positive_rate", "true_negative_rate", "false_negative_rate")


def _conventions() -> Iterator[tuple[str, str, str]]:
    empty = "gives 0 where a rate has no denominator; here such a rate has no value, and its group is not assessed"
    for metric in (*CONDITIONAL, "precision"):
        yield metric, "fairlearn", empty
    yield "precision", "aif360", "gives 0 where no row is predicted positive; here it has no value"
    pair = "compares one unprivileged with one privileged group; asked here for the two groups furthest apart"
    for metric in DISPARITIES:
        if metric == "equalized_odds_ratio":
            yield metric, "aif360", "has no ratio of this name"
        else:
            yield metric, "aif360", pair
    signed = "gives unprivileged minus privileged, with its sign; compared without it"
    yield "demographic_parity_difference", "aif360", signed
    yield "equal_opportunity_difference", "aif360", signed
    yield "disparate_impact", "aif360", "unprivileged over privileged; the reference group is taken as privileged"
    yield (
        "disparate_impact", "fairlearn",
        "has no ratio to a reference group; over all groups, its demographic_parity_ratio of the favourable outcome",
    )  # fmt: skip
    yield "base_rate", "fairlearn", "has none of its own: its selection_rate of the label"
    for metric in ("accuracy", "precision", "recall", "f1", "balanced_accuracy", *SCORED):
        yield metric, "fairlearn", "scikit-learn's function of that name, by group through fairlearn's MetricFrame"
    for metric in ("f1", "balanced_accuracy", *SCORED):
        yield metric, "aif360", "has no figure of this name"
    yield "pr_auc", "fairlearn", "scikit-learn's average_precision_score, which does not interpolate, as here"
    yield "log_loss", "fairlearn", "clips probabilities at the smallest step of a double, as here"


CONVENTIONS = tuple(_conventions())
