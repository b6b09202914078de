"""The same figures by fairlearn and by AIF360: each library asked in its own words, row by row.

Both are slow to import and loud about what else could be installed, so they are imported where they are called.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]
Functions = Mapping[str, Callable[..., float]]
# fairlearn's own functions; the rest of its column is scikit-learn's, by group through fairlearn's MetricFrame
SCORED = ("roc_auc", "pr_auc", "log_loss", "brier_score")


@dataclass(frozen=True)
class Frame:
    """Rows with their groups as whole numbers. Label and prediction are 0 or 1; `favourable` is the one that benefits
    the person."""

    group: Whole
    prediction: Whole
    label: Whole | None
    score: Floats | None
    weight: Floats | None
    favourable: int

    def only(self, groups: Sequence[int]) -> Frame:
        """The rows of these groups that weigh anything: neither library takes a group whose weights are all 0."""
        keep = np.isin(self.group, np.asarray(groups, dtype=np.int64))
        if self.weight is not None:
            keep &= self.weight > 0
        return Frame(
            self.group[keep],
            self.prediction[keep],
            None if self.label is None else self.label[keep],
            None if self.score is None else self.score[keep],
            None if self.weight is None else self.weight[keep],
            self.favourable,
        )

    def gathered(self) -> Frame:
        """Rows alike in group, label and prediction as one row that weighs as much as all of them; without scores.

        Both libraries honour weights, and are slow by the row.
        """
        kinds, first, kind = np.unique(
            4 * self.group + 2 * self.truth + self.prediction, return_index=True, return_inverse=True
        )
        weight = np.bincount(kind.reshape(-1), self.weight, minlength=len(kinds)).astype(np.float64)
        label = None if self.label is None else self.label[first]
        return Frame(self.group[first], self.prediction[first], label, None, weight, self.favourable)

    @property
    def truth(self) -> Whole:
        """The label; where there is none the prediction stands in for it, for functions that do not look at it."""
        return self.prediction if self.label is None else self.label


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without hints on import, and without warnings where a figure does not exist: those are recorded instead."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def defined(value: Any) -> float | None:
    """A library's answer as a number, None where it gave none (nan, an infinite ratio)."""
    number = float(value)
    return number if np.isfinite(number) else None


@dataclass(frozen=True)
class Fairlearn:
    """fairlearn on one frame: rates and scores by group with MetricFrame, disparities with its own functions."""

    frame: Frame

    def rates(self) -> dict[str, dict[int, float | None]]:
        """Rates and what else follows from predictions: metric -> group -> value."""
        return self._frame(_rate_functions(self.frame), self.frame.prediction)

    def scores(self) -> dict[str, dict[int, float | None]]:
        """Score metrics: metric -> group -> value; nothing without scores or label."""
        if self.frame.score is None or self.frame.label is None:
            return {}
        return self._frame(_score_functions(), self.frame.score)

    def _frame(self, functions: Functions, predicted: Any) -> dict[str, dict[int, float | None]]:
        from fairlearn.metrics import MetricFrame

        weight = {"sample_weight": self.frame.weight} if self.frame.weight is not None else {}
        found = MetricFrame(
            metrics=dict(functions),
            y_true=self.frame.truth,
            y_pred=predicted,
            sensitive_features=self.frame.group,
            sample_params=dict.fromkeys(functions, weight),
        ).by_group
        return {name: {int(g): defined(v) for g, v in found[name].items()} for name in functions}

    def disparity(self, name: str) -> float | None:
        """A disparity over all groups of the frame. disparate_impact is the demographic parity ratio of what is
        favourable."""
        from fairlearn import metrics

        function = getattr(metrics, "demographic_parity_ratio" if name == "disparate_impact" else name)
        predicted = self.frame.prediction
        if name == "disparate_impact":
            predicted = (predicted == self.frame.favourable).astype(np.int64)
        weight = {} if self.frame.weight is None else {"sample_weight": self.frame.weight}
        return defined(function(self.frame.truth, predicted, sensitive_features=self.frame.group, **weight))


def _rate_functions(frame: Frame) -> dict[str, Callable[..., float]]:
    from fairlearn import metrics
    from sklearn import metrics as sk

    def base_rate(truth: Any, predicted: Any, **weight: Any) -> float:
        return float(metrics.selection_rate(truth, truth, **weight))

    def favourable_rate(truth: Any, predicted: Any, **weight: Any) -> float:
        return float(metrics.selection_rate(truth, predicted, pos_label=frame.favourable, **weight))

    functions = {"selection_rate": metrics.selection_rate, "favourable_rate": favourable_rate}
    if frame.label is None:
        return functions
    rates = ("true_positive_rate", "false_positive_rate", "true_negative_rate", "false_negative_rate")
    return functions | {name: getattr(metrics, name) for name in rates} | {
        "base_rate": base_rate,
        "accuracy": sk.accuracy_score,
        "precision": sk.precision_score,
        "recall": sk.recall_score,
        "f1": sk.f1_score,
        "balanced_accuracy": sk.balanced_accuracy_score,
    }  # fmt: skip


def _score_functions() -> dict[str, Callable[..., float]]:
    from sklearn import metrics as sk

    def two_classes(function: Callable[..., float], **more: Any) -> Callable[..., float]:
        def of_both(truth: Any, score: Any, **weight: Any) -> float:
            return function(truth, score, **more, **weight) if len(np.unique(truth)) == 2 else float("nan")

        return of_both

    def log_loss(truth: Any, score: Any, **weight: Any) -> float:
        return float(sk.log_loss(truth, score, labels=[0, 1], **weight)) if _probable(score) else float("nan")

    def brier_score(truth: Any, score: Any, **weight: Any) -> float:
        if not _probable(score):
            return float("nan")
        return float(sk.brier_score_loss(truth, score, labels=[0, 1], pos_label=1, **weight))

    return {
        "roc_auc": two_classes(sk.roc_auc_score),
        "pr_auc": sk.average_precision_score,
        "log_loss": log_loss,
        "brier_score": brier_score,
    }


def _probable(score: Any) -> bool:
    return bool(np.min(score) >= 0 and np.max(score) <= 1)


# AIF360's names of the rates, as its performance_measures() gives them
MEASURES = {
    "true_positive_rate": "TPR",
    "false_positive_rate": "FPR",
    "true_negative_rate": "TNR",
    "false_negative_rate": "FNR",
    "recall": "TPR",
    "precision": "PPV",
    "accuracy": "ACC",
}


@dataclass(frozen=True)
class Aif360:
    """AIF360 on one frame: its ClassificationMetric where there is a label, else its BinaryLabelDatasetMetric of the
    predictions. It compares one unprivileged with one privileged group."""

    frame: Frame

    def _dataset(self, labels: Whole, favourable: int = 1) -> Any:
        import pandas as pd
        from aif360.datasets import BinaryLabelDataset

        columns = {"group": self.frame.group.astype(float), "label": labels.astype(float)}
        names: dict[str, Any] = {"label_names": ["label"], "protected_attribute_names": ["group"]}
        if self.frame.weight is not None:
            columns["weight"] = self.frame.weight
            names["instance_weights_name"] = "weight"
        return BinaryLabelDataset(
            favorable_label=favourable, unfavorable_label=1 - favourable, df=pd.DataFrame(columns), **names
        )

    @cached_property
    def _truth(self) -> Any:
        return self._dataset(self.frame.truth)

    @cached_property
    def _predicted(self) -> Any:
        made = self._truth.copy(deepcopy=True)
        made.labels = self.frame.prediction.astype(float).reshape(-1, 1)
        return made

    @cached_property
    def _favourable(self) -> Any:
        return self._dataset(self.frame.prediction, self.frame.favourable)

    def _compare(self, unprivileged: int, privileged: int | None) -> Any:
        from aif360.metrics import ClassificationMetric

        return ClassificationMetric(self._truth, self._predicted, *_groups(unprivileged, privileged))

    def rates(self, group: int) -> dict[str, float | None]:
        """Every rate of one group that AIF360 has a name for."""
        metric, impact = self._compare(group, None), self._impact(group, None)
        found = {
            "selection_rate": metric.selection_rate(privileged=False),
            "favourable_rate": impact.base_rate(privileged=False),
        }
        if self.frame.label is not None:
            measures = metric.performance_measures(privileged=False)
            found |= {name: measures[short] for name, short in MEASURES.items()}
            found["base_rate"] = metric.base_rate(privileged=False)
        return {name: defined(value) for name, value in found.items()}

    def _impact(self, unprivileged: int, privileged: int | None) -> Any:
        from aif360.metrics import BinaryLabelDatasetMetric

        return BinaryLabelDatasetMetric(self._favourable, *_groups(unprivileged, privileged))

    def disparate_impact(self, group: int, reference: int) -> float | None:
        """The favourable rate of `group` over that of `reference`."""
        return defined(self._impact(group, reference).disparate_impact())

    def disparity(self, name: str, rates: Mapping[str, Mapping[int, float | None]]) -> float | None:
        """A disparity between the two groups furthest apart by AIF360's own `rates` (metric -> group -> value)."""
        if name == "disparate_impact":
            return self.disparate_impact(*_furthest(rates["favourable_rate"]))
        if name == "demographic_parity_ratio":
            return defined(self._compare(*_furthest(rates["selection_rate"])).disparate_impact())
        if name == "demographic_parity_difference":
            pair = self._compare(*_furthest(rates["selection_rate"]))
            return defined(abs(pair.statistical_parity_difference()))
        positives = self._compare(*_furthest(rates["true_positive_rate"]))
        if name == "equal_opportunity_difference":
            return defined(abs(positives.equal_opportunity_difference()))
        if name == "equalized_odds_difference":
            negatives = self._compare(*_furthest(rates["false_positive_rate"]))
            return defined(max(positives.equalized_odds_difference(), negatives.equalized_odds_difference()))
        return None


def _groups(unprivileged: int, privileged: int | None) -> tuple[list[dict[str, int]], list[dict[str, int]] | None]:
    return [{"group": unprivileged}], None if privileged is None else [{"group": privileged}]


def _furthest(rates: Mapping[int, float | None]) -> tuple[int, int]:
    """The groups with the lowest and with the highest rate; two different ones also where all rates are equal."""
    known = {group: rate for group, rate in rates.items() if rate is not None}
    low = min(known, key=known.__getitem__)
    return low, max((group for group in known if group != low), key=known.__getitem__)
