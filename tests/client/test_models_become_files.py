"""A model that a user holds becomes a file that the service reads: its own reading is the judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from models.registry.formats.discovery import recognised
from models.registry.formats.skops_types import REVIEWED as SERVERS_OWN
from models.registry.formats.skops_types import VALUES as SERVERS_VALUES
from models.registry.formats.skops_types import check_types
from plumbline_client.errors import InvalidInput
from plumbline_client.model_files import sklearn
from plumbline_client.model_files.discovery import kinds, write_model
from plumbline_client.model_files.kind import Asked
from tests.client.tables import ROWS, loans

CHANCE = np.random.default_rng(3)
TABLE = pd.DataFrame(loans(fair=True)).assign(age=CHANCE.normal(50, 9, ROWS), income=CHANCE.normal(30, 8, ROWS))
NUMBERS, ALL = TABLE[["income", "age"]], TABLE[["income", "age", "sex"]]
LABEL = TABLE["paid"]


def doubled(values: Any) -> Any:
    return values * 2


class Weighed(ClassifierMixin, BaseEstimator):
    """An estimator of the user's own."""

    def fit(self, x: Any, y: Any) -> Weighed:
        self.classes_ = np.unique(y)
        return self

    def predict(self, x: Any) -> Any:
        return np.zeros(len(x))


def fitted(name: str) -> Any:
    columns = make_column_transformer((OneHotEncoder(), ["sex"]), (StandardScaler(), ["income", "age"]))
    estimators = {
        "logistic": (LogisticRegression(), NUMBERS),
        "regression": (LinearRegression(), NUMBERS),
        "forest": (RandomForestClassifier(5, random_state=0), NUMBERS),
        "boosting": (HistGradientBoostingClassifier(max_iter=5), NUMBERS),
        "columns": (make_pipeline(columns, LogisticRegression()), ALL),
        "imputed": (make_pipeline(SimpleImputer(), LogisticRegression()), NUMBERS),
        "categories": (HistGradientBoostingClassifier(max_iter=5, categorical_features=[1]), NUMBERS.round(-1)),
        "categories within": (
            BaggingClassifier(HistGradientBoostingClassifier(max_iter=2, categorical_features=[1]), n_estimators=2),
            NUMBERS.round(-1),
        ),
        "neighbours": (KNeighborsClassifier(), NUMBERS),
        "neighbours of columns": (make_pipeline(columns, KNeighborsClassifier()), ALL),
        "own function": (make_pipeline(FunctionTransformer(doubled), LogisticRegression()), NUMBERS),
        "own class": (Weighed(), NUMBERS),
    }
    estimator, rows = estimators[name]
    return estimator.fit(rows, LABEL)


def written(model: Any, folder: Path, **asked: Any) -> Path:
    return write_model(model, Asked(folder, "Credit scoring / 2026", **asked)).path


@pytest.mark.parametrize("name", ["logistic", "regression", "forest", "boosting", "columns", "imputed"])
def test_an_estimator_goes_as_skops_and_the_service_reads_all_its_types(name: str, tmp_path: Path) -> None:
    model = fitted(name)
    path = written(model, tmp_path)

    check_types(path)
    format_ = recognised(path)
    assert format_.id == "skops"
    signature = format_.inspect(path)
    assert [given.name for given in signature.inputs] == list(model.feature_names_in_)


@pytest.mark.parametrize("name", ["neighbours", "own function", "own class"])
def test_types_that_the_service_refuses_are_found_out_before_anything_is_sent(name: str, tmp_path: Path) -> None:
    from models.errors import InputError

    path = sklearn.write_skops(fitted(name), Asked(tmp_path, name))

    assert sklearn.refused_types(path)
    with pytest.raises(InputError):
        check_types(path)


def test_the_reviewed_types_are_the_services_own_list() -> None:
    assert sklearn.REVIEWED == SERVERS_OWN
    assert sklearn.VALUES <= SERVERS_VALUES


@pytest.mark.parametrize(("name", "example"), [("neighbours", None), ("neighbours of columns", ALL[:5])])
def test_what_skops_would_not_carry_goes_as_onnx_and_scores_as_before(
    name: str, example: pd.DataFrame | None, tmp_path: Path
) -> None:
    import pyarrow

    model = fitted(name)
    path = written(model, tmp_path, example=example)

    format_ = recognised(path)
    assert format_.id == "onnx"
    signature = format_.inspect(path)
    rows = NUMBERS if example is None else ALL
    assert [given.name for given in signature.inputs] == list(rows.columns)
    kinds_of = dict.fromkeys(("income", "age"), np.float32) if example is None else {}
    scores = format_.load(path, signature)(pyarrow.Table.from_pandas(rows[:200].astype(kinds_of))).scores
    assert np.allclose(scores[:, 1], model.predict_proba(rows[:200])[:, 1], atol=1e-5)


def test_a_converted_model_that_scores_otherwise_is_told_of(tmp_path: Path) -> None:
    """Distances that tie in double precision differ in single precision, and with them the neighbours."""
    tied = NUMBERS.round(1).assign(age=NUMBERS["income"].round(1) * 2)
    model = KNeighborsClassifier().fit(tied, LABEL)
    with pytest.warns(UserWarning, match="otherwise on the example"):
        written(model, tmp_path, to="onnx", example=tied)


def test_onnx_can_be_asked_for(tmp_path: Path) -> None:
    assert recognised(written(fitted("logistic"), tmp_path, to="onnx")).id == "onnx"


@pytest.mark.parametrize(
    ("name", "to", "told"),
    [
        ("own function", None, "doubled"),
        ("neighbours of columns", None, "example=X"),
        ("neighbours", "skops", "Try to='onnx'"),
        ("categories", None, "take the categories for numbers"),
        ("categories", "onnx", "take the categories for numbers"),
        ("categories within", "onnx", "take the categories for numbers"),
        ("logistic", "pickle", "'skops' or 'onnx'"),
    ],
)
def test_what_cannot_be_converted_is_told_with_what_to_do(name: str, to: str | None, told: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        written(fitted(name), tmp_path, to=to)
    assert told in str(refused.value)
    assert refused.value.exit_code == 2


def test_an_estimator_that_is_not_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="not fitted"):
        written(LogisticRegression(), tmp_path)


@pytest.mark.parametrize("booster", [False, True])
def test_lightgbm_goes_in_its_own_format(booster: bool, tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(NUMBERS, LABEL)
    path = written(model.booster_ if booster else model, tmp_path)
    assert recognised(path).id == "lightgbm"
    assert [given.name for given in recognised(path).inspect(path).inputs] == ["income", "age"]


@pytest.mark.parametrize("booster", [False, True])
def test_xgboost_goes_in_its_own_format(booster: bool, tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=5).fit(NUMBERS, LABEL)
    path = written(model.get_booster() if booster else model, tmp_path)
    assert recognised(path).id == "xgboost"
    assert [given.name for given in recognised(path).inspect(path).inputs] == ["income", "age"]


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"bytes")
    assert written(tmp_path / "model.onnx", tmp_path) == tmp_path / "model.onnx"
    with pytest.raises(InvalidInput, match="no file"):
        written(tmp_path / "nothing.onnx", tmp_path)


def test_anything_else_is_told_what_is_taken(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        written({"a": 1}, tmp_path)
    assert "client.predictions.register" in str(refused.value)
    assert all(kind.title in str(refused.value) for kind in kinds())
