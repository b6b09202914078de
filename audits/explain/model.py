"""A model file opened for explaining: the columns it reads, its score, and its structure if it has one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from audits.explain.structure import NotAdditive, Structure
from audits.explain.trees import Floats
from models.registry.formats.classes import positive_column, positive_score, same_class
from models.registry.formats.discovery import recognised
from models.registry.formats.format import Format, Scorer, Signature
from models.registry.formats.matching import matched_columns
from models.registry.formats.values import matrix
from models.registry.intake.read import open_table


@dataclass(frozen=True)
class OpenModel:
    """`columns` are the data's columns that the model reads, in its own order; tables are passed with these names.

    `texts` are those that it reads as text.
    """

    path: Path
    format: Format
    signature: Signature
    columns: tuple[str, ...]
    texts: tuple[str, ...]
    positive: str
    scorer: Scorer

    def score(self, table: pa.Table) -> Floats:
        """The score of the positive class (n,); 1 or 0 where the model gives labels only."""
        named = self.named(table)
        predictions = self.scorer(named)
        score = positive_score(predictions, self.signature, self.positive)
        if score is None:
            score = np.array([same_class(label, self.positive) for label in predictions.labels or []])
        return score.astype(np.float64)

    def named(self, table: pa.Table) -> pa.Table:
        """The table under the names that the model knows its columns by."""
        return table.select(list(self.columns)).rename_columns(self.known_as)

    @property
    def known_as(self) -> list[str]:
        """The columns by the model's own names, in its own order."""
        return [each.name for each in self.signature.inputs] or list(self.columns)

    @property
    def positive_place(self) -> int:
        """The place of the positive class among two; a model without classes scores the positive one."""
        return positive_column(self.signature, self.positive) if self.signature.classes else 1

    def structure(self) -> Structure:
        """The additive core of the model.

        Raises
        ------
        NotAdditive
            Where its format, or the model, has none that we can read exactly.
        """
        reader = _READERS.get(self.format.id)
        if reader is None:
            raise NotAdditive(f"we cannot take models in the format {self.format.title} apart")
        if self.signature.kind != "score":
            raise NotAdditive("it gives labels, no scores")
        try:
            return reader(self)
        except (KeyError, IndexError, ValueError, TypeError, RecursionError) as error:
            # a file that its own library reads but we do not: the sampled method serves it
            raise NotAdditive(f"its trees or weights are written in a way we do not know ({error!r})") from error


def open_model(path: Path, data: Path, positive: str, exclude: Collection[str]) -> OpenModel:
    """Check the model and match it to the data's columns.

    Raises InputError where the file is no model that we run, or the data lack what it reads.
    """
    format = recognised(path)
    signature = format.inspect(path)
    columns = matched_columns(signature, open_table(data).columns, exclude)
    return OpenModel(
        path=path,
        format=format,
        signature=signature,
        columns=tuple(column.name for column in columns.values()),
        texts=tuple(columns[each.name].name for each in signature.inputs if each.type == "text"),
        positive=positive,
        scorer=format.load(path, signature),
    )


def _onnx(model: OpenModel) -> Structure:
    from audits.explain.onnx_model import read_onnx
    from models.registry.formats.onnx_model import fed, open_session

    session = open_session(model.path)

    def feeds(table: pa.Table) -> dict[str, np.ndarray]:
        return fed(session, model.named(table), model.signature)

    return read_onnx(model.path, model.known_as, feeds, model.positive_place)


def _lightgbm(model: OpenModel) -> Structure:
    from audits.explain.lightgbm_text import read_lightgbm
    from models.registry.formats.lightgbm_text import design
    from models.registry.formats.lightgbm_trees import read_checked

    header = read_checked(model.path)

    def numbers(table: pa.Table) -> Floats:
        found: Floats = design(header, model.named(table)).astype(np.float64)
        return found

    return read_lightgbm(model.path, len(model.columns), numbers, model.positive_place)


def _xgboost(model: OpenModel) -> Structure:
    from audits.explain.xgboost_json import read_xgboost
    from models.registry.formats.xgboost_model import design
    from models.registry.formats.xgboost_trees import read_checked

    read = read_checked(model.path)

    def numbers(table: pa.Table) -> Floats:
        found: Floats = design(read, model.named(table)).astype(np.float64)
        return found

    return read_xgboost(read.document, len(model.columns), numbers, model.positive_place, read.rounds)


def _skops(model: OpenModel) -> Structure:
    from audits.explain.sklearn_model import read_sklearn
    from models.registry.formats.skops_model import load_model

    def frame(table: pa.Table) -> Any:
        return model.named(table).to_pandas() if model.signature.inputs else matrix(table)

    return read_sklearn(load_model(model.path), model.columns, frame, model.positive_place)


_READERS = {"onnx": _onnx, "skops": _skops, "lightgbm": _lightgbm, "xgboost": _xgboost}
