"""Two values and their names: which label and prediction counts as positive, which one benefits the person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

if TYPE_CHECKING:
    from audits.measure.cube import Question


def printed(value: Any) -> str | None:
    """A label as it is compared: true is 1, 1.0 is 1, text as it stands; None where it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false")):
        return "1" if str(value).lower() == "true" else "0"
    if isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


@dataclass(frozen=True)
class Outcomes:
    """The two values by name, and where each raw value of label and prediction belongs (0 negative, 1 positive)."""

    positive: str
    negative: str
    favourable: str
    has_label: bool
    by_threshold: bool
    label_given: bool = True
    dropped: dict[str, int] = field(default_factory=dict)

    def label_index(self, raw: Any) -> int | None:
        """0 or 1; None for a missing label. Without a label, or with one of a single value, all others have index 0."""
        if self.label_given and printed(raw) is None:
            return None
        return self._index(printed(raw)) if self.has_label else 0

    def prediction_index(self, raw: Any) -> int | None:
        if self.by_threshold:
            return None if raw is None else int(raw)
        return self._index(printed(raw))

    def _index(self, text: str | None) -> int | None:
        return None if text is None else int(text == self.positive)


def name_outcomes(
    question: Question, labels: Sequence[Any], predictions: Sequence[Any], rows: NDArray[Any]
) -> Outcomes:
    """Name the two values from what the columns hold. InputError for more than two, infinite, or missing ones."""
    dropped: dict[str, int] = {}
    label_values = _values(labels) if question.label else []
    predicted = [] if question.score else _values(predictions)
    _refuse_many(question.label, label_values)
    _refuse_many(question.prediction, predicted)
    _count_missing(question, labels, predictions, rows, dropped)
    if len(label_values) == 2 and (extra := [v for v in predicted if v not in label_values]):
        raise InputError(
            f"Column {question.prediction!r} predicts {extra[0]!r}, which the label {question.label!r} never is: it "
            f"has {_and(label_values)}. Label and prediction must use the same two values."
        )
    values = sorted({*label_values, *predicted})
    if len(values) > 2:
        raise InputError(f"Label and prediction together have the values {_and(values)}; an audit needs two.")
    positive = _find(question.positive, values)
    if positive is None:
        positive = _absent_positive(question, values)
    negative = next((v for v in values if v != positive), "0" if positive == "1" else f"not {positive}")
    favourable = positive if question.favourable is None else _find(question.favourable, [positive, negative])
    if favourable is None:
        raise InputError(
            f"--favourable {question.favourable} is none of the outcomes, which are {_and([positive, negative])}."
        )
    has_label, by_threshold = len(label_values) == 2, question.score is not None
    return Outcomes(positive, negative, favourable, has_label, by_threshold, question.label is not None, dropped)


def _values(raw: Sequence[Any]) -> list[str]:
    return sorted({text for v in raw if (text := printed(v)) is not None})


def _refuse_many(column: str | None, values: Sequence[str]) -> None:
    if column and any(v in ("inf", "-inf") for v in values):
        raise InputError(f"Column {column!r} holds infinite values. Mend the file.")
    if column and len(values) > 2:
        shown = ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")
        raise InputError(
            f"Column {column!r} has {len(values)} values ({shown}); label and prediction must have two. "
            "If it holds scores, name it with --score."
        )


def _count_missing(
    question: Question, labels: Sequence[Any], predictions: Sequence[Any], rows: NDArray[Any], dropped: dict[str, int]
) -> None:
    """Rows without a label or a prediction: counted, and refused unless they may be dropped (each row once)."""
    no_label = np.array([printed(v) is None for v in labels], dtype=bool) & (question.label is not None)
    no_prediction = np.array([printed(v) is None for v in predictions], dtype=bool) & (question.score is None)
    counts = {
        str(question.label): int(rows[no_label].sum()),
        str(question.prediction): int(rows[no_prediction & ~no_label].sum()),
    }
    found = {column: count for column, count in counts.items() if count}
    if found and not question.drop_missing:
        told = " and ".join(f"{column!r} in {count:,} rows" for column, count in found.items())
        raise InputError(f"Values are missing: {told}. Mend the file, or leave those rows out with --drop-missing.")
    dropped |= found


def _find(wanted: str, values: Sequence[str]) -> str | None:
    """The value that is meant: as written, as true or false, or the same number."""
    if wanted in values:
        return wanted
    asked = {"true": "1", "false": "0"}.get(wanted.lower(), wanted)
    for value in values:
        if asked == value or _same_number(asked, value):
            return value
    return None


def _same_number(one: str, two: str) -> bool:
    try:
        return float(one) == float(two)
    except ValueError:
        return False


def _absent_positive(question: Question, values: Sequence[str]) -> str:
    """The positive value where nobody has it: fine when at most one other value is there, else it is a slip."""
    if question.score and not question.label:
        return question.positive
    if len(values) == 2 or (len(values) == 1 and values != ["0"]):
        raise InputError(
            f"No label or prediction is {question.positive!r}; they are {_and(values)}. "
            f"Say which one counts as positive: --positive {values[-1]}."
        )
    return question.positive


def _and(values: Sequence[str]) -> str:
    return " and ".join(repr(v) for v in values) if values else "nothing"
