"""The demo's model: gradient-boosted trees on the numeric inputs, exported to ONNX and checked against the original."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from demo.prepare import FOLDER, INPUTS, LABEL, SEED, SENSITIVE, clients, split

TOLERANCE = 1e-5  # ONNX computes in single precision


def main() -> None:
    """Writes model.onnx, train.parquet, holdout.parquet and predictions.parquet under var/demo; the same every time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    train, holdout = split(clients())
    model = fit(train)
    save_model(model, FOLDER / "model.onnx")
    scores = onnx_scores(FOLDER / "model.onnx", holdout)
    check_equal(model, holdout, scores)
    train.to_parquet(FOLDER / "train.parquet", index=False)
    holdout.to_parquet(FOLDER / "holdout.parquet", index=False)
    predictions = holdout[[*SENSITIVE, LABEL]].assign(score=scores)
    predictions.to_parquet(FOLDER / "predictions.parquet", index=False)
    print(f"Trained on {len(train):,} clients; {len(holdout):,} held out. {FOLDER / 'model.onnx'} equals the original.")


def fit(train: pd.DataFrame) -> HistGradientBoostingClassifier:
    """200 small trees. One thread, one seed and no early stopping make it the same model every time."""
    model = HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.05,
        max_leaf_nodes=15,
        min_samples_leaf=50,
        early_stopping=False,
        random_state=SEED,
    )
    with threadpool_limits(1):
        return model.fit(inputs(train), train[LABEL])


def inputs(table: pd.DataFrame) -> np.ndarray:
    """One row per client, one column per input in the order of INPUTS; whole numbers that single precision holds."""
    return table[list(INPUTS)].to_numpy(np.float32)


def save_model(model: HistGradientBoostingClassifier, path: Path) -> None:
    """Writes the ONNX file, with the names of its inputs in the metadata so that a table's columns find their place."""
    converted = to_onnx(
        model, np.zeros((1, len(INPUTS)), np.float32), name="credit_default", options={"zipmap": False}, target_opset=18
    )
    onnx.helper.set_model_props(converted, {"feature_names": json.dumps(INPUTS)})
    path.write_bytes(converted.SerializeToString(deterministic=True))


def onnx_scores(path: Path, table: pd.DataFrame) -> np.ndarray:
    """The probability of default that the exported model gives each client."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [probabilities] = session.run(["probabilities"], {session.get_inputs()[0].name: inputs(table)})
    return probabilities[:, 1].astype(np.float64)


def check_equal(model: HistGradientBoostingClassifier, table: pd.DataFrame, scores: np.ndarray) -> None:
    """Raises RuntimeError where the exported model does not score as the original."""
    difference = np.abs(model.predict_proba(inputs(table))[:, 1] - scores).max()
    if difference > TOLERANCE:
        raise RuntimeError(f"the exported model's scores differ from the original's by up to {difference:.2g}")


if __name__ == "__main__":
    main()
