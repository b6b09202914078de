"""Exact values against shap, LightGBM and XGBoost, and against the definition itself."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestRegressor

from audits.explain.exact import ShapleyValues, additivity_error, path_dependent_values, tree_values
from audits.explain.lightgbm_text import read_lightgbm
from audits.explain.sklearn_model import read_sklearn
from audits.explain.structure import Structure
from audits.explain.trees import Floats, TreeSum
from audits.explain.xgboost_json import read_xgboost
from models.registry.formats.values import matrix
from tests.audits.explain.games import quiet

DATA = Path(__file__).parent / "data"
RNG = np.random.default_rng(11)
X = RNG.normal(size=(500, 5))
X[:, 4] = RNG.integers(0, 3, 500)
X[RNG.random((500, 5)) < 0.05] = np.nan
Y = (np.nan_to_num(X[:, 0]) * np.nan_to_num(X[:, 1]) + np.nan_to_num(X[:, 2]) > 0).astype(int)


def structure_of(model: object) -> Structure:
    return read_sklearn(model, list("abcde"), lambda table: table, 1)


def values_of(structure: Structure, rows: Floats, background: Floats) -> ShapleyValues:
    assert isinstance(structure.core, TreeSum)
    return tree_values(structure.core, structure.players, structure.inputs, rows, background, quiet)


def test_interventional_values_equal_those_of_shap() -> None:
    import shap

    known = np.nan_to_num(X).astype(np.float32).astype(float)
    rows, background = known[:40], known[100:200]
    for model in (
        GradientBoostingClassifier(n_estimators=20, max_depth=5, random_state=0).fit(known, Y),
        RandomForestRegressor(4, random_state=0).fit(known, Y),
    ):
        theirs = shap.TreeExplainer(model, background, feature_perturbation="interventional")

        ours = values_of(structure_of(model), rows, background)

        assert np.abs(ours.values - theirs.shap_values(rows)).max() < 1e-6
        assert ours.base == pytest.approx(float(np.ravel(theirs.expected_value)[0]), abs=1e-6)


def test_values_follow_the_definition_with_missing_values_and_derived_columns() -> None:
    """Every order of three inputs, for a model whose five columns are made of three inputs."""
    model = HistGradientBoostingClassifier(max_iter=6, random_state=0).fit(X, Y)
    core, players = structure_of(model).core, (0, 1, 1, 2, 2)
    rows, background = X[:15], X[50:90]
    assert isinstance(core, TreeSum)

    expected = np.zeros((len(rows), 3))
    for i, row in enumerate(rows):
        for order in permutations(range(3)):
            mixed, before = background.copy(), core.output(background).mean()
            for player in order:
                columns = [j for j, p in enumerate(players) if p == player]
                mixed[:, columns] = row[columns]
                after = core.output(mixed).mean()
                expected[i, player] += (after - before) / 6
                before = after

    found = tree_values(core, players, 3, rows, background, quiet)
    assert np.abs(found.values - expected).max() < 1e-12
    assert additivity_error(found, core.output(rows)) < 1e-12


def test_path_dependent_values_equal_those_of_lightgbm(tmp_path: Path) -> None:
    import lightgbm

    booster = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, Y), 20)
    booster.save_model(tmp_path / "model.txt")
    core = read_lightgbm(tmp_path / "model.txt", 5, matrix, 1).core
    assert isinstance(core, TreeSum)
    assert core.has_cover()

    found = path_dependent_values(core, (0, 1, 2, 3, 4), 5, X[:50], quiet)

    theirs = np.asarray(booster.predict(X[:50], pred_contrib=True))
    assert np.abs(found.values - theirs[:, :-1]).max() < 1e-6
    assert found.base == pytest.approx(theirs[0, -1], abs=1e-6)


def test_path_dependent_values_equal_those_of_xgboost() -> None:
    published = json.loads((DATA / "xgboost.predictions.json").read_text())
    rows = np.array(published["rows"], dtype=float)
    core = read_xgboost(json.loads((DATA / "xgboost.json").read_text()), 3, matrix, 1).core
    assert isinstance(core, TreeSum)

    found = path_dependent_values(core, (0, 1, 2), 3, rows, quiet)

    assert (
        np.abs(np.column_stack([found.values, np.full(len(rows), found.base)]) - published["contributions"]).max()
        < 1e-5
    )


def test_a_sum_that_is_off_is_noticed() -> None:
    off = ShapleyValues(np.array([[1.0, 2.0]]), 0.5)
    assert additivity_error(off, np.array([3.5])) == 0.0
    assert additivity_error(off, np.array([3.50001])) > 1e-6
