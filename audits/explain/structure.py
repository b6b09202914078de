"""What the exact methods need to know of a model: its additive core and which input each derived column is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from audits.explain.trees import Floats, LinearSum, TreeSum

Link = Literal["identity", "logistic"]
Space = Literal["log-odds", "probability", "score", "decision"]
Design = Callable[[pa.Table], Floats]
"""Makes of a table of the model's inputs (n rows) the columns that its core asks about (n, m)."""


class NotAdditive(Exception):
    """The model cannot be read as one additive core over single inputs; the reason, as half a sentence, for people."""


@dataclass(frozen=True, slots=True)
class Structure:
    """An additive core over derived columns, each a function of one input.

    `design` makes the derived columns (n, m) of a table of the model's inputs, in its order; `players[j]` is the place
    of the input that column j is made of, below `inputs`. `link` leads from the core's output to the score.
    """

    title: str
    inputs: int
    players: tuple[int, ...]
    core: TreeSum | LinearSum
    link: Link
    design: Design

    def __post_init__(self) -> None:
        """Raises NotAdditive where the core asks for columns that are not there, or its trees are none."""
        if isinstance(self.core, LinearSum):
            sound = len(self.core.weights) == len(self.players)
        else:
            sound = all(tree.is_tree(len(self.players)) for tree in self.core.trees)
        if not sound or not all(0 <= player < self.inputs for player in self.players):
            raise NotAdditive("its trees or weights do not fit its inputs")

    def score(self, output: Floats) -> Floats:
        """The score that the model gives where its core gives this output."""
        if self.link == "identity":
            return output
        score: Floats = 1.0 / (1.0 + np.exp(-np.clip(output, -700.0, 700.0)))
        return score
