"""What every metric means: formula, range, which way is good, where it comes from, and who defines it otherwise.

Reports, pages and help take their words from here. Values of `good`: "high", "low", "near 1" or "depends".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Good = Literal["high", "low", "near 1", "depends"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric's entry. `plain` says in a sentence what the figure tells; `elsewhere` how others differ."""

    name: str
    title: str
    plain: str
    formula: str
    range: str
    good: Good
    source: str
    elsewhere: str = ""


_FAIRLEARN = "fairlearn 0.15, fairlearn.metrics"
_SKLEARN = "scikit-learn 1.9, sklearn.metrics"
_ZERO = "fairlearn gives 0 where there is no denominator; here there is no figure."

_ENTRIES = (
    Metric("base_rate", "Base rate", "How many really have the positive label.", "P / n", "0 to 1", "depends",
           "AIF360 0.6, BinaryLabelDatasetMetric.base_rate",
           "AIF360 speaks of its favourable label, here it is the positive one."),
    Metric("selection_rate", "Selection rate", "How many are predicted positive.", "(TP + FP) / n", "0 to 1", "depends",
           _FAIRLEARN),
    Metric("favourable_rate", "Favourable rate", "How many get the prediction that benefits them.",
           "predicted favourable / n", "0 to 1", "depends", "29 CFR 1607.4(D) (there: selection rate)"),
    Metric("true_positive_rate", "True positive rate", "Of those who are positive, how many are predicted so.",
           "TP / (TP + FN)", "0 to 1", "high", _FAIRLEARN, _ZERO),
    Metric("false_positive_rate", "False positive rate", "Of those who are negative, how many are predicted positive.",
           "FP / (FP + TN)", "0 to 1", "low", _FAIRLEARN, _ZERO),
    Metric("true_negative_rate", "True negative rate", "Of those who are negative, how many are predicted so.",
           "TN / (FP + TN)", "0 to 1", "high", _FAIRLEARN, _ZERO),
    Metric("false_negative_rate", "False negative rate", "Of those who are positive, how many are missed.",
           "FN / (TP + FN)", "0 to 1", "low", _FAIRLEARN, _ZERO),
    Metric("precision", "Precision", "Of those predicted positive, how many are.", "TP / (TP + FP)", "0 to 1", "high",
           _SKLEARN, "scikit-learn gives 0 where nothing is predicted positive; here there is no figure."),
    Metric("recall", "Recall", "Of those who are positive, how many are predicted so (the true positive rate).",
           "TP / (TP + FN)", "0 to 1", "high", _SKLEARN),
    Metric("accuracy", "Accuracy", "How many predictions are right.", "(TP + TN) / n", "0 to 1", "high", _SKLEARN),
    Metric("balanced_accuracy", "Balanced accuracy",
           "How many predictions are right, either label counting alike; 0.5 is chance.",
           "(true positive rate + true negative rate) / 2", "0 to 1", "high", _SKLEARN),
    Metric("f1", "F1", "Precision and recall in one figure, the lower one weighing more.",
           "2 TP / (2 TP + FP + FN)", "0 to 1", "high", _SKLEARN),
    Metric("roc_auc", "ROC AUC", "How often a positive scores above a negative, ties counting half; 0.5 is chance.",
           "area under true positive rate against false positive rate", "0 to 1", "high", _SKLEARN),
    Metric("pr_auc", "PR AUC", "Precision averaged over recall; chance is the base rate.",
           "sum of (R_k - R_k-1) P_k over thresholds", "0 to 1", "high",
           "scikit-learn 1.9, average_precision_score",
           "The trapezoid under the same curve, sometimes called PR AUC too, is optimistic."),
    Metric("log_loss", "Log loss", "How surprised the score is by what happened; confident errors weigh most.",
           "mean of -log of the probability of what happened", "0 and up", "low", _SKLEARN,
           "Probabilities are clipped to the machine precision from 0 and 1, as scikit-learn does."),
    Metric("brier_score", "Brier score", "Mean squared distance of the score from what happened.",
           "mean of (score - label)^2", "0 to 1", "low", "Brier, Monthly Weather Review 78 (1950) 1-3",
           "Brier's own figure for two outcomes is twice this one."),
    Metric("calibration_error", "Calibration error", "How far scores lie from the rates that happen, on average.",
           "sum over 15 equal-width bins of n_b / n |observed rate - mean score|", "0 to 1", "low",
           "Naeini et al., AAAI 2015; Guo et al., ICML 2017",
           "Others take 10 bins, or bins of equal size; the figure changes with them."),
    Metric("demographic_parity_difference", "Demographic parity difference",
           "By how much the share predicted positive differs between the two groups furthest apart.",
           "max - min of the selection rate over groups", "0 to 1", "low", _FAIRLEARN,
           "AIF360's statistical parity difference is signed: unprivileged minus privileged."),
    Metric("demographic_parity_ratio", "Demographic parity ratio",
           "The lowest share predicted positive as a part of the highest.",
           "min / max of the selection rate over groups", "0 to 1", "near 1", _FAIRLEARN),
    Metric("equal_opportunity_difference", "Equal opportunity difference",
           "By how much the share of positives that is found differs between the two groups furthest apart.",
           "max - min of the true positive rate over groups", "0 to 1", "low",
           "Hardt, Price & Srebro, NeurIPS 2016; fairlearn 0.15",
           "AIF360's figure is signed: unprivileged minus privileged."),
    Metric("equalized_odds_difference", "Equalized odds difference",
           "By how much errors differ between groups, for the label where they differ more.",
           "the larger of max - min of the true and of the false positive rate", "0 to 1", "low", _FAIRLEARN,
           "AIF360's average odds difference averages the two; its equalized odds difference agrees for two groups."),
    Metric("equalized_odds_ratio", "Equalized odds ratio",
           "The lower error rate as a part of the higher, for the label where they differ more.",
           "the smaller of min / max of the true and of the false positive rate", "0 to 1", "near 1", _FAIRLEARN),
    Metric("disparate_impact", "Disparate impact",
           "A group's share of favourable outcomes as a part of the reference group's (or the highest).",
           "favourable rate of the group / favourable rate of the reference", "0 and up", "near 1",
           "29 CFR 1607.4(D), the four-fifths rule; AIF360 0.6",
           "AIF360 and fairlearn use the rate of the favourable, respectively of the positive, value."),
    Metric("mean_absolute_shapley", "Mean absolute Shapley value",
           "By how much an input moves the model's output, on average over rows.",
           "mean over rows of |Shapley value|", "0 and up", "depends", "Lundberg & Lee, NeurIPS 2017"),
    Metric("label_size", "Rows of the rarer label", "How many rows a group has of its rarer label; counted.",
           "min(P, N)", "0 and up", "high", "Plumbline"),
    Metric("group_size", "Group size", "How many rows a group has; counted, not estimated.", "n", "0 and up", "high",
           "Plumbline"),
)  # fmt: skip

METRICS: dict[str, Metric] = {entry.name: entry for entry in _ENTRIES}
