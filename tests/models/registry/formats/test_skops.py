"""skops: only scikit-learn's own reviewed types, and no index that leads out of a tree."""

from __future__ import annotations

import json
import operator
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from models.errors import InputError
from models.registry.formats.skops_model import FORMAT
from tests.models.registry.formats.examples import numbers


def dumped(model: Any, folder: Path) -> Path:
    skops.io.dump(model, folder / "model.skops")
    return folder / "model.skops"


class Stranger(LogisticRegression):
    pass


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (FunctionTransformer(json.dumps), "json.dumps"),
        (FunctionTransformer(partial(np.add, 1)), "functools.partial"),
        (FunctionTransformer(operator.methodcaller("tobytes")), "operator.methodcaller"),
        (FunctionTransformer(StandardScaler().fit_transform), "MethodNode"),
        (Stranger(), "Stranger"),
    ],
)
def test_a_type_outside_the_list_is_refused_and_named(tmp_path: Path, step: Any, named: str) -> None:
    path = dumped(make_pipeline(step, LogisticRegression()), tmp_path)
    with pytest.raises(InputError, match=named):
        FORMAT.inspect(path)


def test_numpys_own_functions_are_taken(tmp_path: Path) -> None:
    frame, label = numbers()
    path = dumped(make_pipeline(FunctionTransformer(np.exp), LogisticRegression()).fit(frame, label), tmp_path)
    assert FORMAT.inspect(path).kind == "score"


def test_a_forged_constructor_is_refused(tmp_path: Path) -> None:
    frame, label = numbers()
    path = dumped(LogisticRegression().fit(frame, label), tmp_path)
    edit_schema(path, lambda schema: schema.update(__module__="os", __class__="system"))
    with pytest.raises(InputError, match=r"os\.system"):
        FORMAT.inspect(path)


def test_a_loader_that_calls_what_it_is_given_is_refused(tmp_path: Path) -> None:
    frame, label = numbers()
    path = dumped(LogisticRegression().fit(frame, label), tmp_path)
    edit_schema(path, lambda schema: schema.update(__loader__="MethodNode"))
    with pytest.raises(InputError, match="MethodNode"):
        FORMAT.inspect(path)


def edit_schema(path: Path, change: Any) -> None:
    with zipfile.ZipFile(path) as held:
        entries = {name: held.read(name) for name in held.namelist()}
    schema = json.loads(entries["schema.json"])
    change(schema)
    with zipfile.ZipFile(path, "w") as held:
        for name, data in {**entries, "schema.json": json.dumps(schema).encode()}.items():
            held.writestr(name, data)


def spoiled(model: Any, field: str, value: int) -> Any:
    """A fitted model one of whose trees has an index that leads elsewhere."""
    frame, label = numbers()
    model.fit(frame, label)
    if isinstance(model, HistGradientBoostingClassifier):
        model._predictors[0][0].nodes[field][0] = value
    else:
        tree = model.estimators_[0].tree_
        state = tree.__getstate__()
        state["nodes"][field][0] = value
        tree.__setstate__(state)
    return model


@pytest.mark.parametrize(("field", "value"), [("left", 10**6), ("right", 0), ("feature_idx", 10**6)])
def test_a_boosted_tree_that_points_out_of_itself_is_refused(tmp_path: Path, field: str, value: int) -> None:
    path = dumped(spoiled(HistGradientBoostingClassifier(max_iter=2), field, value), tmp_path)
    with pytest.raises(InputError, match="damaged: a tree"):
        FORMAT.inspect(path)


@pytest.mark.parametrize(("field", "value"), [("left_child", 10**6), ("right_child", 0), ("feature", 10**6)])
def test_a_forests_tree_that_points_out_of_itself_is_refused(tmp_path: Path, field: str, value: int) -> None:
    path = dumped(spoiled(RandomForestClassifier(2), field, value), tmp_path)
    with pytest.raises(InputError, match="damaged: a tree"):
        FORMAT.inspect(path)


def test_a_zip_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as held:
        held.writestr("schema.json", b"{}")
        with held.open("big.npy", "w") as entry:
            for _ in range(100):
                entry.write(b"\0" * (1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="unpack"):
        FORMAT.inspect(path)


def test_what_predicts_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="StandardScaler, which predicts nothing"):
        FORMAT.inspect(dumped(StandardScaler().fit([[1.0], [2.0]]), tmp_path))


def test_a_classifier_without_probabilities_gives_labels_and_a_regressor_scores(tmp_path: Path) -> None:
    frame, label = numbers()
    labels = FORMAT.inspect(dumped(LinearSVC().fit(frame, label), tmp_path))
    assert (labels.kind, labels.classes) == ("label", ("0", "1"))
    scores = FORMAT.inspect(dumped(Ridge().fit(frame, label), tmp_path))
    assert (scores.kind, scores.classes) == ("score", ())
