"""Model files read into trees and weights give the scores that their own libraries give."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest
from onnx import TensorProto, helper
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from audits.explain.lightgbm_text import read_lightgbm
from audits.explain.onnx_model import read_onnx
from audits.explain.sklearn_model import read_sklearn
from audits.explain.structure import NotAdditive, Structure
from audits.explain.xgboost_json import read_xgboost
from models.registry.formats.values import matrix

DATA = Path(__file__).parent / "data"
NAMES = list("abcd")
RNG = np.random.default_rng(5)
N = 400
X = RNG.normal(size=(N, 4)).astype(np.float32)
X[:, 3] = RNG.integers(0, 6, N)
Y = (X[:, 0] * X[:, 1] + np.sin(2 * X[:, 3]) > 0).astype(int)
TABLE = pa.table({name: X[:, i].astype(float) for i, name in enumerate(NAMES)})
MIXED = TABLE.append_column("e", pa.array(RNG.choice(["u", "v", "w"], N)))
HOLES = X.astype(float).copy()
HOLES[RNG.random((N, 4)) < 0.1] = np.nan


def score_of(structure: Structure, table: pa.Table) -> np.ndarray:
    return structure.score(structure.core.output(structure.design(table)))


def saved(model: onnx.ModelProto, tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def single(table: pa.Table) -> dict[str, Any]:
    return {"X": matrix(table).astype(np.float32)}


CLASSIFIERS = {
    "histogram boosting": HistGradientBoostingClassifier(max_iter=5),
    "boosting": GradientBoostingClassifier(n_estimators=5),
    "forest": RandomForestClassifier(5, max_depth=4),
    "extra trees": ExtraTreesClassifier(5, max_depth=4),
    "tree": DecisionTreeClassifier(max_depth=4),
    "logistic": LogisticRegression(),
    "scaled": make_pipeline(StandardScaler(), LogisticRegression()),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("positive", [0, 1])
def test_onnx_classifiers_give_their_probabilities(name: str, positive: int, tmp_path: Path) -> None:
    from skl2onnx import to_onnx

    model = CLASSIFIERS[name].fit(X, Y)
    path = saved(to_onnx(model, X[:1], options={"zipmap": False}), tmp_path)

    structure = read_onnx(path, NAMES, single, positive)

    theirs = onnxruntime.InferenceSession(path).run(None, single(TABLE))[1][:, positive]
    assert np.abs(score_of(structure, TABLE) - theirs).max() < 1e-6


@pytest.mark.parametrize(
    "model", [HistGradientBoostingRegressor(max_iter=5), GradientBoostingRegressor(n_estimators=5), Ridge()]
)
def test_onnx_regressors_give_their_output(model: BaseEstimator, tmp_path: Path) -> None:
    from skl2onnx import to_onnx

    path = saved(to_onnx(model.fit(X, Y), X[:1]), tmp_path)

    theirs = onnxruntime.InferenceSession(path).run(None, single(TABLE))[0][:, 0]
    assert np.abs(score_of(read_onnx(path, NAMES, single, 1), TABLE) - theirs).max() < 1e-6


def test_onnx_columns_are_traced_through_encoders_to_their_inputs(tmp_path: Path) -> None:
    from skl2onnx import to_onnx

    encoder = make_column_transformer(
        (OneHotEncoder(), ["d"]),
        (OrdinalEncoder(), ["e"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["b", "a"]),
    )
    frame = MIXED.to_pandas().astype({"a": "float32", "b": "float32", "c": "float32", "d": "int64"})
    model = make_pipeline(encoder, RandomForestClassifier(3, max_depth=4)).fit(frame[["a", "b", "d", "e"]], Y)
    path = saved(to_onnx(model, frame[["a", "b", "d", "e"]][:1], options={"zipmap": False}), tmp_path)

    def feeds(table: pa.Table) -> dict[str, Any]:
        return {name: frame[[name]].to_numpy() for name in "abde"}

    structure = read_onnx(path, list("abde"), feeds, 1)

    assert structure.players == (2, 2, 2, 2, 2, 2, 3, 1, 0)
    theirs = onnxruntime.InferenceSession(path).run(None, feeds(MIXED))[1][:, 1]
    assert np.abs(score_of(structure, MIXED) - theirs).max() < 1e-6


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (make_pipeline(Normalizer(), DecisionTreeClassifier(max_depth=2)), "Normalizer may mix inputs"),
        (BaggingClassifier(DecisionTreeClassifier(max_depth=2), 2), "2 sets of trees"),
    ],
)
def test_onnx_models_that_are_no_single_sum_over_inputs_are_not_called_so(
    model: BaseEstimator, reason: str, tmp_path: Path
) -> None:
    from skl2onnx import to_onnx

    path = saved(to_onnx(model.fit(X, Y), X[:1]), tmp_path)

    with pytest.raises(NotAdditive, match=reason):
        read_onnx(path, NAMES, single, 1)


MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE", "BRANCH_EQ", "BRANCH_NEQ")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("missing", [0, 1])
def test_every_question_that_onnx_trees_ask_is_understood(mode: str, missing: int, tmp_path: Path) -> None:
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["Y"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[0] * 5,
        nodes_nodeids=[0, 1, 2, 3, 4],
        nodes_featureids=[3, 0, 0, 0, 0],
        nodes_modes=[mode, mode, "LEAF", "LEAF", "LEAF"],
        nodes_values=[2.0, 0.0, 0.0, 0.0, 0.0],
        nodes_truenodeids=[1, 3, 0, 0, 0],
        nodes_falsenodeids=[2, 4, 0, 0, 0],
        nodes_missing_value_tracks_true=[missing, 1 - missing, 0, 0, 0],
        target_treeids=[0, 0, 0],
        target_nodeids=[2, 3, 4],
        target_ids=[0, 0, 0],
        target_weights=[1.0, 2.0, 4.0],
        base_values=[0.5],
    )
    path = saved(one_node(node, 3), tmp_path)
    table = pa.table({name: HOLES[:, i] for i, name in enumerate(NAMES)})

    theirs = onnxruntime.InferenceSession(path).run(None, single(table))[0][:, 0]
    assert score_of(read_onnx(path, NAMES, single, 1), table) == pytest.approx(theirs)


def test_the_newer_tree_operator_with_sets_of_members(tmp_path: Path) -> None:
    node = helper.make_node(
        "TreeEnsemble",
        ["X"],
        ["Y"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function=1,
        post_transform=0,
        tree_roots=[0],
        nodes_featureids=[3, 0],
        nodes_splits=tensor([0.0, 0.25]),
        nodes_modes=helper.make_tensor("modes", TensorProto.UINT8, (2,), [6, 1]),
        nodes_truenodeids=[1, 0],
        nodes_trueleafs=[0, 1],
        nodes_falsenodeids=[2, 1],
        nodes_falseleafs=[1, 1],
        membership_values=tensor([1.0, 4.0, np.nan]),
        leaf_targetids=[0, 0, 0],
        leaf_weights=tensor([1.0, 2.0, 4.0]),
    )
    path = saved(one_node(node, 5), tmp_path)

    theirs = onnxruntime.InferenceSession(path).run(None, single(TABLE))[0][:, 0]
    assert score_of(read_onnx(path, NAMES, single, 1), TABLE) == pytest.approx(theirs)


def tensor(values: list[float]) -> onnx.TensorProto:
    return helper.make_tensor("values", TensorProto.FLOAT, (len(values),), values)


def one_node(node: onnx.NodeProto, version: int) -> onnx.ModelProto:
    inputs = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 4])
    outputs = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 1])
    opsets = [helper.make_opsetid("ai.onnx.ml", version), helper.make_opsetid("", 18)]
    return helper.make_model(helper.make_graph([node], "g", [inputs], [outputs]), opset_imports=opsets, ir_version=9)


def test_trees_that_bite_their_own_tail_are_refused(tmp_path: Path) -> None:
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["Y"],
        domain="ai.onnx.ml",
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 1, 0],
        nodes_modes=["BRANCH_LEQ", "BRANCH_LEQ", "LEAF"],
        nodes_values=[0.0, 0.0, 0.0],
        nodes_truenodeids=[1, 1, 0],
        nodes_falsenodeids=[2, 2, 0],
        target_treeids=[0],
        target_nodeids=[2],
        target_ids=[0],
        target_weights=[1.0],
        n_targets=1,
    )
    with pytest.raises(NotAdditive, match="do not fit"):
        read_onnx(saved(one_node(node, 3), tmp_path), NAMES, single, 1)


LIGHTGBM: list[Mapping[str, Any]] = [
    {},
    {"zero_as_missing": True},
    {"use_missing": False},
    {"objective": "regression"},
    {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
    {"categorical_feature": [3], "min_data_per_group": 1, "cat_smooth": 1, "max_cat_to_onehot": 1},
    {"sigmoid": 2.0},
]


@pytest.mark.parametrize("options", LIGHTGBM, ids=str)
def test_lightgbm_files_give_their_predictions(options: Mapping[str, Any], tmp_path: Path) -> None:
    import lightgbm

    rows = HOLES.copy()
    rows[::7, 1] = 0.0
    asked = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 15} | dict(options)
    booster = lightgbm.train(asked, lightgbm.Dataset(rows, Y), 10)
    booster.save_model(tmp_path / "model.txt")
    table = pa.table({name: rows[:, i] for i, name in enumerate(NAMES)})

    structure = read_lightgbm(tmp_path / "model.txt", 4, matrix, 1)

    assert np.abs(score_of(structure, table) - np.asarray(booster.predict(rows))).max() < 1e-12


def test_xgboost_files_give_their_predictions() -> None:
    published = json.loads((DATA / "xgboost.predictions.json").read_text())
    rows = np.array(published["rows"], dtype=float)
    table = pa.table({name: rows[:, i] for i, name in enumerate(("a", "b", "kind"))})

    document = json.loads((DATA / "xgboost.json").read_text())

    found = score_of(read_xgboost(document, 3, matrix, 1), table)
    other = score_of(read_xgboost(document, 3, matrix, 0), table)

    assert np.abs(found - published["predictions"]).max() < 1e-6
    assert np.abs(found + other - 1).max() < 1e-12


def frame(table: pa.Table) -> Any:
    return table.to_pandas()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_scikit_learn_estimators_give_their_probabilities(name: str) -> None:
    model = CLASSIFIERS[name].fit(TABLE.to_pandas(), Y)

    for positive in (0, 1):
        structure = read_sklearn(model, NAMES, frame, positive)
        theirs = model.predict_proba(TABLE.to_pandas())[:, positive]
        assert np.abs(score_of(structure, TABLE) - theirs).max() < 1e-12


def test_scikit_learn_columns_are_traced_through_encoders_to_their_inputs() -> None:
    encoder = make_column_transformer(
        (OneHotEncoder(drop="first", min_frequency=10), ["e", "d"]), remainder="passthrough", sparse_threshold=0
    )
    rows = MIXED.to_pandas()
    model = make_pipeline(encoder, HistGradientBoostingClassifier(max_iter=5)).fit(rows, Y)

    structure = read_sklearn(model, list(rows), frame, 1)

    assert structure.players == (4, 4, 3, 3, 3, 3, 3, 0, 1, 2)
    assert np.abs(score_of(structure, MIXED) - model.predict_proba(rows)[:, 1]).max() < 1e-12


def test_scikit_learn_estimators_that_mix_inputs_are_not_called_additive() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_pipeline(Normalizer(), LogisticRegression()).fit(TABLE.to_pandas(), Y)
    with pytest.raises(NotAdditive, match="Normalizer may mix inputs"):
        read_sklearn(model, NAMES, frame, 1)
