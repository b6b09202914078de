"""One small trained model for each format, with what the original says of the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

ROWS = 400


@dataclass(frozen=True)
class Example:
    """`scores` is the original's probability of class 1 for each row of `frame`."""

    path: Path
    frame: pd.DataFrame
    scores: np.ndarray

    @property
    def table(self) -> pa.Table:
        return pa.Table.from_pandas(self.frame, preserve_index=False)


@cache
def people() -> tuple[pd.DataFrame, np.ndarray]:
    """Two numbers and a text for each person, and a label that depends on all of them."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "income": random.normal(size=ROWS).astype(np.float32).astype(np.float64),
            "years": random.integers(0, 30, ROWS),
            "home": random.choice(["own", "rent", "other"], ROWS),
        }
    )
    chance = frame.income + frame.years / 15 + (frame.home == "own") - 1.5
    return frame, (chance + random.normal(size=ROWS) > 0).astype(int).to_numpy()


def numbers() -> tuple[pd.DataFrame, np.ndarray]:
    frame, label = people()
    return frame[["income", "years"]], label


def onnx_example(folder: Path) -> Example:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame, label = people()
    encode = make_column_transformer((OneHotEncoder(), ["home"]), remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression(max_iter=500)).fit(frame, label)
    kinds = {"income": FloatTensorType, "years": FloatTensorType, "home": StringTensorType}
    converted = to_onnx(model, initial_types=[(name, kind([None, 1])) for name, kind in kinds.items()])
    path = folder / "model.onnx"
    path.write_bytes(converted.SerializeToString())
    return Example(path, frame, model.predict_proba(frame)[:, 1])


def skops_example(folder: Path) -> Example:
    import skops.io
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame, label = people()
    encode = make_column_transformer((OneHotEncoder(), ["home"]), remainder="passthrough")
    model = make_pipeline(encode, RandomForestClassifier(5, random_state=0)).fit(frame, label)
    skops.io.dump(model, folder / "model.skops")
    return Example(folder / "model.skops", frame, model.predict_proba(frame)[:, 1])


def lightgbm_example(folder: Path) -> Example:
    import lightgbm

    frame, label = people()
    categories = frame.assign(home=frame.home.astype("category"))
    model = lightgbm.LGBMClassifier(n_estimators=10, num_leaves=5, verbose=-1, num_threads=1).fit(categories, label)
    model.booster_.save_model(folder / "model.txt")
    return Example(folder / "model.txt", frame, model.predict_proba(categories)[:, 1])


def xgboost_example(folder: Path) -> Example:
    import xgboost

    frame, label = people()
    categories = frame.assign(home=frame.home.astype("category"))
    model = xgboost.XGBClassifier(n_estimators=10, max_depth=3, enable_categorical=True, n_jobs=1)
    model.fit(categories, label)
    model.save_model(folder / "model.ubj")
    model.save_model(folder / "model.json")
    return Example(folder / "model.ubj", frame, model.predict_proba(categories)[:, 1])


def predictions_example(folder: Path) -> Example:
    frame, _ = people()
    scores = np.linspace(0, 1, ROWS)
    pd.DataFrame({"score": scores, "prediction": (scores > 0.5).astype(int)}).to_parquet(folder / "scores.parquet")
    return Example(folder / "scores.parquet", frame, scores)


EXAMPLES: dict[str, Callable[[Path], Example]] = {
    "onnx": onnx_example,
    "skops": skops_example,
    "lightgbm": lightgbm_example,
    "xgboost": xgboost_example,
    "predictions": predictions_example,
}


def matrix_model(names: list[str] | None = None, classes: list[Any] | None = None) -> Any:
    """An ONNX model that reads one matrix, with or without names for its columns; and the original."""
    import onnx
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    frame, label = numbers()
    values = frame.to_numpy(np.float32)
    texts = np.array(classes)[label] if classes else label
    model = LogisticRegression(max_iter=500).fit(values, texts)
    converted = to_onnx(model, values[:1])
    if names is not None:
        onnx.helper.set_model_props(converted, {"feature_names": json.dumps(names)})
    return converted, model
