"""skops: scikit-learn's models as a list of types and arrays, without pickle."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.registry.formats.classes import class_text
from models.registry.formats.format import Format, Input, Predictions, Scorer, Signature
from models.registry.formats.skops_trees import check_trees
from models.registry.formats.skops_types import REVIEWED, VALUES, check_types
from models.registry.formats.values import matrix
from models.registry.intake.content import first_bytes

if TYPE_CHECKING:
    import pyarrow


class Skops(Format):
    id = "skops"
    title = "skops (scikit-learn)"
    suffixes = (".skops",)

    def recognises(self, path: Path) -> bool:
        if not first_bytes(path, 4).startswith(b"PK\x03\x04"):
            return False
        try:
            with zipfile.ZipFile(path) as archive:
                return "schema.json" in archive.namelist()
        except (zipfile.BadZipFile, OSError, NotImplementedError):
            return False

    def inspect(self, path: Path) -> Signature:
        model = load_model(path)
        if not callable(getattr(model, "predict", None)):
            raise InputError(f"{path.name} holds a {type(model).__name__}, which predicts nothing.")
        names = getattr(model, "feature_names_in_", None)
        width = getattr(model, "n_features_in_", None)
        classes = getattr(model, "classes_", None)
        scores = classes is None or hasattr(model, "predict_proba")
        return Signature(
            self.id,
            () if names is None else tuple(Input(str(name), "any") for name in names),
            ("predict_proba" if classes is not None and scores else "predict",),
            "score" if scores else "label",
            () if classes is None else tuple(class_text(value) for value in classes),
            width if names is None and isinstance(width, int) else None,
        )

    def load(self, path: Path, signature: Signature) -> Scorer:
        model = load_model(path)

        def score(table: pyarrow.Table) -> Predictions:
            rows = table.to_pandas() if signature.inputs else matrix(table)
            try:
                return predictions(model, rows, signature)
            except MemoryError:
                raise
            except Exception as error:
                text = " ".join(str(error).split())[:400]
                raise InputError(f"The scikit-learn model fails on these rows: {text}") from error

        return score


def predictions(model: Any, rows: Any, signature: Signature) -> Predictions:
    import numpy as np

    if signature.outputs == ("predict_proba",):
        scores = np.asarray(model.predict_proba(rows), dtype=np.float64)
        return Predictions(scores, [class_text(value) for value in model.predict(rows)])
    if signature.kind == "label":
        return Predictions(None, [class_text(value) for value in model.predict(rows)])
    return Predictions(np.asarray(model.predict(rows), dtype=np.float64).reshape(len(rows), -1), None)


def load_model(path: Path) -> Any:
    """The model, after its types were checked by our list and again by skops, and its trees' indices.

    Raises:
        InputError: a type is not on the list, or the file is damaged.
    """
    check_types(path)
    import skops.io  # takes seconds: it lists every estimator of scikit-learn

    try:
        model = skops.io.load(path, trusted=sorted(REVIEWED | VALUES))
    except MemoryError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise InputError(f"{path.name} cannot be read as a skops file: {type(error).__name__}: {text}") from error
    check_trees(model)
    return model


FORMAT = Skops()
