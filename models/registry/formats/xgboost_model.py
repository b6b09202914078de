"""XGBoost's JSON and UBJSON, as Booster.save_model writes them. Needs the group `xgboost`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.registry.formats.classes import class_text
from models.registry.formats.format import Format, Input, Predictions, Scorer, Signature
from models.registry.formats.onnx_signature import positions
from models.registry.formats.values import codes, numbers
from models.registry.formats.xgboost_trees import Model, read_checked
from models.registry.intake.content import first_bytes

if TYPE_CHECKING:
    import numpy as np
    import pyarrow


class MissingGroup(InputError):
    """A group of dependencies that is not installed; the message has the line that installs it."""


class XGBoost(Format):
    id = "xgboost"
    title = "XGBoost JSON or UBJSON"
    suffixes = (".ubj", ".xgb", ".json")

    def recognises(self, path: Path) -> bool:
        start = first_bytes(path, 4096).lstrip()
        return start.startswith(b"{") and (b'"learner"' in start or b"\x07learner" in start)

    def inspect(self, path: Path) -> Signature:
        model = read_checked(path)
        load_booster(model)
        softmax = model.objective == "multi:softmax"
        classes = 2 if model.objective == "binary:logistic" else model.classes
        return Signature(
            self.id,
            inputs(model),
            ("label" if softmax else "score",),
            "label" if softmax else "score",
            positions(classes),
            None if model.names else model.features,
            numbered=bool(classes),
        )

    def load(self, path: Path, signature: Signature) -> Scorer:
        import numpy as np

        model = read_checked(path)
        booster = load_booster(model)

        def score(table: pyarrow.Table) -> Predictions:
            import xgboost

            rows = xgboost.DMatrix(
                design(model, table),
                feature_names=list(model.names) or None,
                feature_types=list(model.types) or None,
                enable_categorical=True,
            )
            found = np.asarray(booster.predict(rows, iteration_range=(0, model.rounds or 0)), dtype=np.float64)
            if signature.kind == "label":
                return Predictions(None, [class_text(value) for value in found])
            return Predictions(found.reshape(table.num_rows, -1), None)

        return score


def load_booster(model: Model) -> Any:
    """XGBoost's own object, from the checked document and not from the file, so that both mean the same.

    Raises:
        MissingGroup: XGBoost is not installed.
        InputError: it does not accept the model.
    """
    try:
        import xgboost
    except ImportError:
        raise MissingGroup('XGBoost models need the group xgboost: make install WITH="xgboost"') from None
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(json.dumps(model.document, allow_nan=False).encode()))
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise InputError(f"XGBoost does not accept the model: {str(error)[:300]}") from error
    return booster


def inputs(model: Model) -> tuple[Input, ...]:
    """The features by name; those whose categories are texts are read as text."""
    kinds = zip(model.names, model.categories, strict=False)
    return tuple(Input(name, "text" if any(isinstance(v, str) for v in values) else "number") for name, values in kinds)


def design(model: Model, table: pyarrow.Table) -> np.ndarray:
    """The table as the numbers that the trees ask about, [N, F]: categories as their codes, missing values as NaN."""
    import numpy as np

    pairs = zip(table.columns, model.categories, strict=True)
    return np.column_stack([codes(column, values) if values else numbers(column) for column, values in pairs])


FORMAT = XGBoost()
