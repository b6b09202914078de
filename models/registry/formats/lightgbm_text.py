"""LightGBM's text format, as Booster.save_model writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import InputError
from models.registry.formats.format import Format, Input, Predictions, Scorer, Signature
from models.registry.formats.lightgbm_trees import Header, read_checked
from models.registry.formats.onnx_signature import positions
from models.registry.formats.values import codes, numbers
from models.registry.intake.content import first_bytes

if TYPE_CHECKING:
    import numpy as np
    import pyarrow


class LightGBM(Format):
    id = "lightgbm"
    title = "LightGBM text"
    suffixes = (".lgb", ".txt")

    def recognises(self, path: Path) -> bool:
        start = first_bytes(path, 200).lstrip()
        return start.startswith(b"tree") and b"version=" in start

    def inspect(self, path: Path) -> Signature:
        header = read_checked(path)
        classes = class_count(header)
        unnamed = all(name == f"Column_{index}" for index, name in enumerate(header.features))
        return Signature(
            self.id,
            () if unnamed and not header.categories else inputs(header),
            ("score",),
            "score",
            positions(classes),
            len(header.features) if unnamed and not header.categories else None,
            numbered=bool(classes),
        )

    def load(self, path: Path, signature: Signature) -> Scorer:
        import lightgbm
        import numpy as np

        header = read_checked(path)
        try:
            booster = lightgbm.Booster(model_str=trees_only(path))
        except lightgbm.basic.LightGBMError as error:
            raise InputError(f"LightGBM does not accept the model: {error}") from error

        def score(table: pyarrow.Table) -> Predictions:
            values = np.asarray(booster.predict(design(header, table)), dtype=np.float64)
            return Predictions(values.reshape(table.num_rows, -1), None)

        return score


def trees_only(path: Path) -> str:
    """The model without the parameters of its training, which its trees do not need and which name files and hosts."""
    body, end, _ = path.read_text(encoding="utf-8").partition("\nend of trees")
    return f"{body}{end}\n"


def class_count(header: Header) -> int:
    """How many classes the scores are of; none where the model gives one number that is no probability of a class."""
    name = header.objective.split(" ")[0]
    if name == "binary":
        return 2
    return header.classes if name in ("multiclass", "multiclassova") else 0


def inputs(header: Header) -> tuple[Input, ...]:
    """The features by name; those that pandas had as categories of texts are read as text."""
    kinds = dict(zip(header.categorical, header.categories, strict=False))
    texts = {index for index, values in kinds.items() if any(isinstance(value, str) for value in values)}
    return tuple(Input(name, "text" if index in texts else "number") for index, name in enumerate(header.features))


def design(header: Header, table: pyarrow.Table) -> np.ndarray:
    """The table as the numbers that the trees ask about, [N, F]: categories as their codes, missing values as NaN."""
    import numpy as np

    if header.categories and len(header.categories) != len(header.categorical):
        raise InputError(
            f"The LightGBM model lists {len(header.categories)} sets of categories for {len(header.categorical)} "
            "categorical features, so it is not known which belong together."
        )
    kinds = dict(zip(header.categorical, header.categories, strict=False))
    columns = enumerate(table.columns)
    return np.column_stack([codes(each, kinds[at]) if at in kinds else numbers(each) for at, each in columns])


FORMAT = LightGBM()
