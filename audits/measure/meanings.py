"""Each metric of the catalogue for people who meet it for the first time: a value read aloud, and what it hides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from audits.measure.catalogue import METRICS, Metric

Family = Literal["Who gets what", "Errors", "Quality", "Scores", "Differences between groups", "Counts", "Explanation"]
GOOD = {
    "high": "Higher is better.",
    "low": "Lower is better.",
    "near 1": "Closer to 1 is better: 1 is the same for everyone.",
    "depends": "Neither high nor low is good by itself.",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """`example` reads one value aloud; `caution` says what the figure does not tell."""

    metric: Metric
    family: Family
    example: str
    caution: str

    @property
    def name(self) -> str:
        return self.metric.name

    @property
    def good(self) -> str:
        return GOOD[self.metric.good]


_RATE_OF_FEW = "A group with few such rows has a wide interval: read the interval, not the figure."
_TWO_FURTHEST = (
    "It speaks of the two groups furthest apart only. With many groups some are far apart by chance; the interval "
    "accounts for that."
)


class Words(NamedTuple):
    family: Family
    example: str
    caution: str


_WORDS: dict[str, Words] = {
    "base_rate": Words(
        "Who gets what", "0.22: of 100 people 22 really have the positive label.",
        "It describes the data, not the model. Where it differs between groups, several fairness measures cannot all "
        "be met at once (Kleinberg et al. 2017; Chouldechova 2017).",
    ),
    "selection_rate": Words(
        "Who gets what", "0.31: of 100 people 31 are predicted positive.",
        "It does not say whether those predictions are right, nor whether being predicted positive is good for the "
        "person.",
    ),
    "favourable_rate": Words(
        "Who gets what", "0.69: of 100 people 69 get the prediction that benefits them.",
        "It does not say whether those who get it are those who should.",
    ),
    "true_positive_rate": Words(
        "Errors", "0.80: of 100 people who are positive, the model finds 80.",
        f"It looks at the truly positive only; a model that predicts everybody positive reaches 1. {_RATE_OF_FEW}",
    ),
    "false_positive_rate": Words(
        "Errors", "0.10: of 100 people who are negative, 10 are wrongly predicted positive.",
        f"It looks at the truly negative only; a model that predicts nobody positive reaches 0. {_RATE_OF_FEW}",
    ),
    "true_negative_rate": Words(
        "Errors", "0.90: of 100 people who are negative, the model recognises 90.",
        "It is one minus the false positive rate, so it adds nothing to it.",
    ),
    "false_negative_rate": Words(
        "Errors", "0.20: of 100 people who are positive, the model misses 20.",
        "It is one minus the true positive rate, so it adds nothing to it.",
    ),
    "precision": Words(
        "Errors", "0.75: of 100 positive predictions 75 are right.",
        "It depends on how common the positive label is: the same model has a lower precision where positives are "
        "rarer. So groups with other base rates differ in it even where the model errs alike.",
    ),
    "recall": Words(
        "Quality", "0.80: of 100 people who are positive, the model finds 80.",
        "The same figure as the true positive rate, under the name that goes with precision.",
    ),
    "accuracy": Words(
        "Quality", "0.85: of 100 predictions 85 are right.",
        "Where one label is rare, always predicting the other already has a high accuracy. Compare it with the larger "
        "of the base rate and one minus it.",
    ),
    "balanced_accuracy": Words(
        "Quality", "0.70: halfway between finding 80 of 100 positives and 60 of 100 negatives, say.",
        "Both kinds of error count alike in it, which they may not do in your case.",
    ),
    "f1": Words(
        "Quality", "0.67: with precision 0.75 and recall 0.60, say.",
        "It ignores the true negatives, and it changes with how common the positive label is.",
    ),
    "roc_auc": Words(
        "Scores", "0.85: of a positive and a negative person drawn at random, the positive has the higher score 85 "
        "times in 100.",
        "It is about the order of scores only: scores can be in good order and still be far too high or too low.",
    ),
    "pr_auc": Words(
        "Scores", "0.60: averaged over all thresholds, 60 of 100 positive predictions are right.",
        "Chance is the base rate, not 0.5, so figures of groups or data with other base rates cannot be compared "
        "directly.",
    ),
    "log_loss": Words(
        "Scores", "0.69 is what always saying 50% gives; 0 would be certain and always right.",
        "A single confident error can move it far. It mixes how well scores order people and how well they are "
        "calibrated.",
    ),
    "brier_score": Words(
        "Scores", "0.25 is what always saying 50% gives; 0 would be certain and always right.",
        "It depends on the base rate: with rare positives it is small for useless scores too.",
    ),
    "calibration_error": Words(
        "Scores", "0.05: scores are on average five points away from the share that comes true.",
        "Errors in opposite directions for two groups can cancel out in the figure of everybody; look at it by group.",
    ),
    "demographic_parity_difference": Words(
        "Differences between groups", "0.12: in one group 43 of 100 are predicted positive, in another 31.",
        f"It asks for equal shares whatever the labels are. {_TWO_FURTHEST}",
    ),
    "demographic_parity_ratio": Words(
        "Differences between groups", "0.75: for 40 of 100 predicted positive in one group there are 30 in another.",
        f"For rare outcomes a small difference makes a small ratio. {_TWO_FURTHEST}",
    ),
    "equal_opportunity_difference": Words(
        "Differences between groups", "0.10: the model finds 80 of 100 positives in one group, 70 in another.",
        f"It trusts the label: where the label is biased, so is the figure. {_TWO_FURTHEST}",
    ),
    "equalized_odds_difference": Words(
        "Differences between groups", "0.10: one of the two error rates differs by ten points between two groups.",
        "It trusts the label, and says neither which error differs nor for whom; the tables beside it do. "
        f"{_TWO_FURTHEST}",
    ),
    "equalized_odds_ratio": Words(
        "Differences between groups", "0.50: an error, or a hit, is half as frequent in one group as in another.",
        f"Where both rates are small, it is far from 1 for small differences. {_TWO_FURTHEST}",
    ),
    "disparate_impact": Words(
        "Differences between groups", "0.75: for 40 of 100 with the favourable outcome in the reference group there "
        "are 30 in this one.",
        "Below 0.8 is the rule of thumb of US employment law for adverse impact. It is evidence, not a finding of "
        "discrimination, and a figure above it is no defence by itself.",
    ),
    "mean_absolute_shapley": Words(
        "Explanation", "0.04: the input moves the output by four hundredths on average, up or down.",
        "It says how the model computes, not what causes what in the world. Inputs that go together share their "
        "weight in ways that the method decides.",
    ),
    "label_size": Words(
        "Counts", "120: of its rarer label, the group has 120 rows.", "It is counted, so it has no interval.",
    ),
    "group_size": Words("Counts", "350: the group has 350 rows.", "It is counted, so it has no interval."),
}  # fmt: skip

MEANINGS: dict[str, Meaning] = {name: Meaning(entry, *_WORDS[name]) for name, entry in METRICS.items()}
