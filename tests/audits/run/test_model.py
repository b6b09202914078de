"""An audit that runs the model itself: what had to be guessed for that is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audits.measure.policy import load_policy
from audits.run.audit import quiet
from audits.run.parameters import Parameters
from audits.run.sandboxed import Request, audit_in_sandbox

FEATURES = ["a", "b", "c"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    random = np.random.default_rng(5)
    rows = pd.DataFrame(random.normal(size=(200, 3)), columns=FEATURES)
    return rows.assign(y=(rows.a > 0).astype(int), sex=random.choice(["f", "m"], 200))


def onnx_without_names(people: pd.DataFrame, path: Path) -> None:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    x = people[FEATURES].to_numpy(dtype=np.float32)
    made = to_onnx(LogisticRegression().fit(x, people.y), x[:1], options={"zipmap": False})
    path.write_bytes(made.SerializeToString())


def onnx_with_names(people: pd.DataFrame, path: Path) -> None:
    import onnx

    onnx_without_names(people, path)
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"feature_names": json.dumps(FEATURES)})
    path.write_bytes(model.SerializeToString())


def lightgbm_without_names(people: pd.DataFrame, path: Path) -> None:
    import lightgbm

    data = lightgbm.Dataset(people[FEATURES].to_numpy(), people.y.to_numpy())
    lightgbm.train({"objective": "binary", "verbose": -1}, data, 5).save_model(path)


def skops_without_names(people: pd.DataFrame, path: Path) -> None:
    import skops.io
    from sklearn.linear_model import LogisticRegression

    skops.io.dump(LogisticRegression().fit(people[FEATURES].to_numpy(), people.y), path)


def warnings(people: pd.DataFrame, folder: Path, make: Callable[[pd.DataFrame, Path], None]) -> Any:
    make(people, folder / "model.bin")
    people[["sex", "c", "b", "a", "y"]].to_csv(folder / "holdout.csv", index=False)
    request = Request(
        Parameters(
            sensitive=("sex",), label="y", model=True, options={"explanation": {"rows": 50}}
        ),
        folder / "holdout.csv",
        load_policy(None),
        model=folder / "model.bin",
    )  # fmt: skip
    return audit_in_sandbox(request, folder / "out", quiet)["warnings"]


@pytest.mark.parametrize("make", [onnx_without_names, lightgbm_without_names, skops_without_names])
def test_the_order_of_columns_that_a_model_without_names_is_given_is_said(
    people: pd.DataFrame, tmp_path: Path, make: Callable[[pd.DataFrame, Path], None]
) -> None:
    (said,) = warnings(people, tmp_path, make)
    assert "the columns 'c', 'b', 'a' of holdout.csv were taken in this order" in said
    assert "feature_names" in said


def test_nothing_is_guessed_where_the_model_names_its_columns(people: pd.DataFrame, tmp_path: Path) -> None:
    assert warnings(people, tmp_path, onnx_with_names) == []
