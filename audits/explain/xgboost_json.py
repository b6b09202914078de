"""Trees of XGBoost's JSON format, read without XGBoost.

The format is XGBoost's doc/model.schema; the questions as in src/predictor (a value below the threshold goes left, a
category in the set goes right, in single precision).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from audits.explain.structure import Design, Link, NotAdditive, Structure
from audits.explain.trees import Leaf, Node, Split, Tree, TreeSum

LOGISTIC = ("binary:logistic", "reg:logistic")
PLAIN = ("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:squaredlogerror", "binary:logitraw")
NO_CHILD = -1


def read_xgboost(
    document: Mapping[str, Any], inputs: int, design: Design, positive: int, rounds: int | None = None
) -> Structure:
    """The structure behind the score of a binary classifier's class number `positive`, or a regressor's output.

    `document` is the file's JSON, `inputs` how many columns the model reads, `design` makes them numbers (categories as
    their codes); of the boosting rounds only the first `rounds` count, where given.

    Raises
    ------
    NotAdditive
        For several classes, linear boosters and objectives whose output is no sum passed through a logistic curve.
    """
    learner = document["learner"]
    booster = learner["gradient_booster"]
    if booster.get("name") not in ("gbtree", "dart"):
        raise NotAdditive(f"its booster {booster.get('name')} holds no trees")
    objective = learner["objective"]["name"]
    if int(learner["learner_model_param"].get("num_class", 0)) > 1 or objective not in LOGISTIC + PLAIN:
        raise NotAdditive(f"its objective {objective} makes its output no plain sum")
    link: Link = "logistic" if objective in LOGISTIC else "identity"
    sign = -1.0 if link == "logistic" and positive == 0 else 1.0
    return Structure(
        title="a sum of trees by XGBoost",
        inputs=inputs,
        players=tuple(range(inputs)),
        core=TreeSum(_trees(booster, sign, rounds), sign * _base(learner, link)),
        link=link,
        design=lambda table: design(table).astype(np.float32).astype(np.float64),
    )


def _trees(booster: Mapping[str, Any], sign: float, rounds: int | None) -> tuple[Tree, ...]:
    """The trees of the rounds that count; DART gives each a weight."""
    model = booster.get("gbtree", booster)["model"]
    forest = model["trees"]
    weights = booster.get("weight_drop", [1.0] * len(forest))
    end = model["iteration_indptr"][rounds] if rounds and "iteration_indptr" in model else len(forest)
    return tuple(_tree(tree, sign * float(weight)) for tree, weight in list(zip(forest, weights, strict=True))[:end])


def _base(learner: Mapping[str, Any], link: Link) -> float:
    """The start of the sum; kept as a score, in newer versions as a list of one."""
    score = float(str(learner["learner_model_param"]["base_score"]).strip("[]"))
    return float(np.log(score / (1 - score))) if link == "logistic" else score


def _tree(found: Mapping[str, Any], scale: float) -> Tree:
    return Tree(tuple(_node(found, place, scale) for place in range(len(found["left_children"]))))


def _node(found: Mapping[str, Any], place: int, scale: float) -> Node:
    left, right = found["left_children"][place], found["right_children"][place]
    condition = float(found["split_conditions"][place])
    cover = float(found["sum_hessian"][place])
    if left == NO_CHILD:
        return Leaf(condition * scale, cover)
    column, missing_left = int(found["split_indices"][place]), bool(found["default_left"][place])
    if found.get("split_type", [0] * (place + 1))[place] == 1:
        return Split(column, "in", 0.0, right, left, not missing_left, _categories(found, place), cover=cover)
    return Split(column, "<", float(np.float32(condition)), left, right, missing_left, cover=cover)


def _categories(found: Mapping[str, Any], place: int) -> tuple[float, ...]:
    """The categories that go right."""
    where = found["categories_nodes"].index(place)
    start, size = found["categories_segments"][where], found["categories_sizes"][where]
    return tuple(float(category) for category in found["categories"][start : start + size])
