"""What explaining a model gives, before it is summed up: values row by row, with all that they were made by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audits.explain.exact import ShapleyValues
from audits.explain.structure import Space
from audits.explain.trees import Floats


@dataclass(frozen=True)
class Explained:
    """The rows explained (n), their inputs and groups, scores (n,) and Shapley values (n, f) in `space`.

    `distance` is the largest distance between the model's own score and that of the trees or weights read from its
    file, None where the values were sampled from the model itself. `adverse` (n,) tells whose decision is not the
    favourable one. `background` counts the rows that stand for what is not known; None for path-dependent values, where
    the training rows do, by the counts that the trees hold.
    """

    inputs: pa.Table
    groups: dict[str, NDArray[np.str_]]
    scores: Floats
    adverse: NDArray[np.bool_]
    shapley: ShapleyValues
    space: Space
    method: str
    background: int | None
    total: int
    threshold: float
    distance: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return list(self.inputs.column_names)

    @property
    def n(self) -> int:
        return len(self.scores)

    @property
    def against(self) -> str:
        """What the values are set against, in words."""
        return (
            "the training rows counted in the trees"
            if self.background is None
            else f"{self.background:,} background rows"
        )

    def importance(self) -> Floats:
        """Each input's mean absolute Shapley value (f,)."""
        result: Floats = np.abs(self.shapley.values).mean(axis=0)
        return result

    def ranking(self) -> list[int]:
        """The inputs' places, the most important first."""
        return [int(place) for place in np.argsort(-self.importance(), kind="stable")]

    def groups_of(self, attribute: str) -> list[tuple[str, NDArray[np.bool_]]]:
        """Each group of an attribute with its rows, in order of name."""
        found = self.groups[attribute]
        return [(str(name), found == name) for name in np.unique(found)]


def printed(value: Any) -> str | float | None:
    """A cell of a model's input as a table shows it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None if value is None else str(value)
    return float(value)
