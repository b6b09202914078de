"""What a model format is: how a file is recognised, what its signature says, and how it scores a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

InputType = Literal["number", "integer", "boolean", "text", "any"]
Kind = Literal["score", "label"]


@dataclass(frozen=True, slots=True)
class Input:
    """One column that a model reads. `missing` tells whether it takes missing values."""

    name: str
    type: InputType
    missing: bool = True


@dataclass(frozen=True, slots=True)
class Signature:
    """What goes into a model and what comes out.

    `inputs` are in the model's own order. A model that reads one matrix without names has no inputs but a `width`, the
    number of its columns (None where the model takes any number). `kind` is "score" where it gives a number for each
    class or a single one, "label" where it gives nothing but a class. `classes` are in the order of the scores; none
    for a single score. `numbered` says that the classes are mere positions, since the file keeps no names for them.
    `rows` is the number of rows for which the file holds predictions already; None for a model that makes them.
    """

    format: str
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    kind: Kind
    classes: tuple[str, ...] = ()
    width: int | None = None
    numbered: bool = False
    rows: int | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Signature:
        inputs = tuple(Input(**each) for each in values["inputs"])
        lists = {name: tuple(values[name]) for name in ("outputs", "classes")}
        return cls(**{**values, **lists, "inputs": inputs})


@dataclass(frozen=True)
class Predictions:
    """What a model says of N rows: `scores` is float64 [N, K], K classes or 1; `labels` N texts; either may be None."""

    scores: np.ndarray | None
    labels: Sequence[str | None] | None

    @property
    def rows(self) -> int:
        if self.scores is not None:
            return int(self.scores.shape[0])
        return len(self.labels or ())


Scorer = Callable[["pyarrow.Table"], Predictions]
Progress = Callable[[float, str], None]
BATCH = 65_536


class Format(ABC):
    """One way of storing a model. Its methods read a stranger's file, so they run in the sandbox only.

    A file of this folder declares one as FORMAT; nothing else needs to know of it.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Whether the file's content is of this format; cheap, and never runs anything of it."""

    @abstractmethod
    def inspect(self, path: Path) -> Signature:
        """Check the file and read its signature.

        Raises:
            InputError: it is damaged, declares impossible sizes, or holds what is not run.
        """

    @abstractmethod
    def load(self, path: Path, signature: Signature) -> Scorer:
        """The model as a function from a table, with a column for each input in their order, to its predictions.

        The file has been inspected. A model without named inputs gets its `width` columns in the table's order.
        """

    def predict(
        self, path: Path, table: pyarrow.Table, signature: Signature, progress: Progress = lambda fraction, what: None
    ) -> Predictions:
        """The predictions for every row of a table that holds the inputs' columns, batch by batch."""
        scorer, parts = self.load(path, signature), []
        for start in range(0, max(table.num_rows, 1), BATCH):
            parts.append(scorer(table.slice(start, BATCH)))
            progress(min(1.0, (start + BATCH) / max(table.num_rows, 1)), "Predicting")
        return joined(parts)


def joined(parts: list[Predictions]) -> Predictions:
    """The predictions of consecutive batches as one."""
    import numpy as np

    scores = [part.scores for part in parts if part.scores is not None]
    labels = [part.labels for part in parts if part.labels is not None]
    return Predictions(
        np.concatenate(scores) if scores else None, [text for part in labels for text in part] if labels else None
    )
