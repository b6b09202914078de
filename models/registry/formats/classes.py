"""A model's classes as texts, and the score of the one that counts as positive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.registry.formats.format import Predictions, Signature

if TYPE_CHECKING:
    import numpy as np


def class_text(value: Any) -> str:
    """A class as the label column of a table prints it: 1, not 1.0; true, not True."""
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, float) and item.is_integer():
        return str(int(item))
    return str(item)


def same_class(left: str | None, right: str) -> bool:
    """Whether two texts name one class; a missing one is none."""
    return left is not None and (left == right or canonical(left) == canonical(right))


def canonical(text: str) -> str:
    """One spelling for 1, 1.0 and true, for 0, 0.0 and false."""
    lower = text.strip().lower()
    if lower in ("true", "false"):
        return "1" if lower == "true" else "0"
    try:
        return class_text(float(lower))
    except ValueError:
        return text.strip()


def named_classes(signature: Signature, names: Sequence[str] | None) -> tuple[str, ...]:
    """The classes under the names that the caller gives them, where the file keeps only their positions.

    Raises:
        InputError: there are more or fewer names than classes.
    """
    if not names or not signature.numbered:
        return signature.classes
    if len(names) != len(signature.classes):
        raise InputError(f"The model has {len(signature.classes)} classes, but the label has {len(names)}.")
    return tuple(names)


def positive_column(signature: Signature, positive: str, names: Sequence[str] | None = None) -> int:
    """The column of the scores that belongs to the positive class.

    Raises:
        InputError: the model does not know that class.
    """
    classes = named_classes(signature, names)
    if not classes:
        return 0
    for index, name in enumerate(classes):
        if same_class(name, positive):
            return index
    hint = " Its file keeps only their numbers; label the rows with these." if signature.numbered else ""
    raise InputError(f"The model knows the classes {', '.join(classes[:10])}, not {positive!r}.{hint}")


def positive_score(
    predictions: Predictions, signature: Signature, positive: str, names: Sequence[str] | None = None
) -> np.ndarray | None:
    """The score of the positive class for each row, float64 [N]; None where the model gives labels only."""
    scores = predictions.scores
    if scores is None:
        return None
    column = positive_column(signature, positive, names)
    if scores.shape[1] == 1 and len(signature.classes) == 2:
        return scores[:, 0] if column == 1 else 1.0 - scores[:, 0]
    if column >= scores.shape[1]:
        raise InputError(
            f"The model gives {scores.shape[1]} scores a row, but declares {len(signature.classes)} classes."
        )
    return scores[:, column]
