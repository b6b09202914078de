"""Trees and weights of fitted scikit-learn estimators (as skops gives them back), and of pipelines before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audits.explain.structure import Link, NotAdditive, Structure
from audits.explain.trees import Floats, Leaf, LinearSum, Node, Split, Tree, TreeSum

Places = list[int]
Core = tuple[TreeSum | LinearSum, Link]

KEEPS_COLUMNS = frozenset(
    {"StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "OrdinalEncoder", "PowerTransformer"}
    | {"QuantileTransformer"}
)
SINGLE_PRECISION = ("RandomForest", "ExtraTrees", "DecisionTree", "ExtraTree", "GradientBoosting")
"""scikit-learn's own trees read their columns in single precision; its histogram boosting does not."""


def read_sklearn(estimator: Any, inputs: Sequence[str], frame: Callable[[pa.Table], Any], positive: int) -> Structure:
    """The structure behind the score of class number `positive`.

    Parameters
    ----------
    inputs: the columns of the table that the estimator takes, in order.
    frame: makes of a table what the estimator's `predict_proba` takes.

    Raises
    ------
    NotAdditive
        Where the estimator, or a step before it, is none that we can read exactly.
    """
    steps = [step for _, step in estimator.steps] if type(estimator).__name__ == "Pipeline" else [estimator]
    places = list(range(len(inputs)))
    before = [step for step in steps[:-1] if step is not None and step != "passthrough"]
    for step in before:
        places = _through(step, places, list(inputs))
    core, link = _core(steps[-1], positive)
    single = type(steps[-1]).__name__.startswith(SINGLE_PRECISION)

    def design(table: pa.Table) -> Floats:
        found = frame(table)
        for step in before:
            found = step.transform(found)
        dense = found.toarray() if hasattr(found, "toarray") else np.asarray(found)
        return dense.astype(np.float32 if single else np.float64).astype(np.float64)

    return Structure(f"{type(steps[-1]).__name__} of scikit-learn", len(inputs), tuple(places), core, link, design)


def _through(step: Any, places: Places, names: list[str]) -> Places:
    """For each column after the step, the place of the input it is made of."""
    kind = type(step).__name__
    if kind == "Pipeline":
        for _, inner in step.steps:
            places = _through(inner, places, names) if inner not in (None, "passthrough") else places
        return places
    if kind == "ColumnTransformer":
        return _through_columns(step, places, names)
    if kind == "SimpleImputer" and not step.add_indicator:
        kept = ~_is_missing(step.statistics_) if not step.keep_empty_features else np.ones(len(places), bool)
        return [place for place, keep in zip(places, kept, strict=True) if keep]
    if kind == "OneHotEncoder":
        return _one_hot(step, places)
    if kind in KEEPS_COLUMNS or (kind == "FunctionTransformer" and step.func is None):
        return places
    raise NotAdditive(f"its step {kind} may mix inputs")


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.array([value is None or value != value for value in values])


def _through_columns(step: Any, places: Places, names: list[str]) -> Places:
    found: Places = []
    for name, inner, _ in step.transformers_:
        if inner == "drop":
            continue
        chosen = step._transformer_to_input_indices[name]
        here = [places[int(i)] for i in chosen]
        found += here if inner == "passthrough" else _through(inner, here, names)
    return found


def _one_hot(step: Any, places: Places) -> Places:
    """Each input's columns in turn, as many as scikit-learn itself counts."""
    return [place for place, width in zip(places, step._n_features_outs, strict=True) for _ in range(width)]


def _core(model: Any, positive: int) -> Core:
    kind = type(model).__name__
    if kind not in _READERS:
        raise NotAdditive(f"we cannot take {kind} apart exactly")
    return _READERS[kind](model, positive)


def _histogram(model: Any, positive: int) -> Core:
    """HistGradientBoosting: its nodes stand in one structured array for each tree."""
    if any(len(group) != 1 for group in model._predictors):
        raise NotAdditive("its scores of several classes pass through a softmax together")
    if getattr(model, "_preprocessor", None) is not None:
        raise NotAdditive("it holds categories of its own")
    classifier = hasattr(model, "classes_")
    sign = -1.0 if classifier and positive == 0 else 1.0
    trees = tuple(_histogram_tree(group[0].nodes, sign) for group in model._predictors)
    if not classifier and model.loss not in ("squared_error", "absolute_error", "quantile"):
        raise NotAdditive(f"its loss {model.loss} makes its output no plain sum")
    base = sign * float(np.ravel(model._baseline_prediction)[0])
    return TreeSum(trees, base), "logistic" if classifier else "identity"


def _histogram_tree(nodes: NDArray[Any], scale: float) -> Tree:
    def node(row: Any) -> Node:
        cover = float(row["count"])
        if row["is_leaf"]:
            return Leaf(float(row["value"]) * scale, cover)
        if row["is_categorical"]:
            raise NotAdditive("it holds categories of its own")
        column, left, right = int(row["feature_idx"]), int(row["left"]), int(row["right"])
        return Split(
            column, "<=", float(row["num_threshold"]), left, right, bool(row["missing_go_to_left"]), cover=cover
        )

    return Tree(tuple(node(row) for row in nodes))


def _forest(model: Any, positive: int) -> Core:
    """A forest's mean, of probabilities or of values."""
    share = 1.0 / len(model.estimators_)
    return TreeSum(
        tuple(_tree(tree.tree_, _leaf_values(tree, positive) * share) for tree in model.estimators_)
    ), "identity"


def _single(model: Any, positive: int) -> Core:
    return TreeSum((_tree(model.tree_, _leaf_values(model, positive)),)), "identity"


def _leaf_values(tree: Any, positive: int) -> Floats:
    """The value of each node: a regressor's, or the share of the class."""
    values = np.asarray(tree.tree_.value, dtype=float)
    if values.shape[1] != 1:
        raise NotAdditive("it has several targets")
    if not hasattr(tree, "classes_"):
        return values[:, 0, 0]
    return values[:, 0, positive] / values[:, 0, :].sum(axis=1)


def _boosted(model: Any, positive: int) -> Core:
    """GradientBoosting: trees scaled by the learning rate over a constant start."""
    classifier = hasattr(model, "classes_")
    if model.estimators_.shape[1] != 1 or (classifier and model.loss != "log_loss"):
        raise NotAdditive("its scores of several classes, or by its loss, are transformed together")
    if type(model.init_).__name__ not in ("DummyClassifier", "DummyRegressor"):
        raise NotAdditive("it starts from another model")
    sign = -1.0 if classifier and positive == 0 else 1.0
    rate = sign * model.learning_rate
    trees = tuple(_tree(tree.tree_, rate * _leaf_values(tree, 0)) for tree in model.estimators_[:, 0])
    base = sign * float(np.ravel(model._raw_predict_init(np.zeros((1, model.n_features_in_))))[0])
    return TreeSum(trees, base), "logistic" if classifier else "identity"


def _tree(tree: Any, values: Floats) -> Tree:
    """One of scikit-learn's own trees (sklearn.tree._tree.Tree), with the given value of each node."""
    missing = np.asarray(tree.missing_go_to_left)

    def node(i: int) -> Node:
        cover = float(tree.weighted_n_node_samples[i])
        if tree.children_left[i] == tree.children_right[i]:
            return Leaf(float(values[i]), cover)
        left, right = int(tree.children_left[i]), int(tree.children_right[i])
        return Split(int(tree.feature[i]), "<=", float(tree.threshold[i]), left, right, bool(missing[i]), cover=cover)

    return Tree(tuple(node(i) for i in range(tree.node_count)))


def _logistic(model: Any, positive: int) -> Core:
    if len(model.classes_) != 2:
        raise NotAdditive("its scores of several classes pass through a softmax together")
    sign = 1.0 if positive == 1 else -1.0
    return LinearSum(sign * model.coef_[0], sign * float(model.intercept_[0])), "logistic"


def _regression(model: Any, positive: int) -> Core:
    weights = np.asarray(model.coef_, dtype=float)
    if weights.ndim > 1 and len(weights) != 1:
        raise NotAdditive("it has several targets")
    return LinearSum(weights.reshape(-1), float(np.ravel(model.intercept_)[0])), "identity"


_READERS: dict[str, Callable[[Any, int], Core]] = {
    "HistGradientBoostingClassifier": _histogram,
    "HistGradientBoostingRegressor": _histogram,
    "RandomForestClassifier": _forest,
    "RandomForestRegressor": _forest,
    "ExtraTreesClassifier": _forest,
    "ExtraTreesRegressor": _forest,
    "DecisionTreeClassifier": _single,
    "DecisionTreeRegressor": _single,
    "GradientBoostingClassifier": _boosted,
    "GradientBoostingRegressor": _boosted,
    "LogisticRegression": _logistic,
    "LinearRegression": _regression,
    "Ridge": _regression,
    "Lasso": _regression,
    "ElasticNet": _regression,
}
