"""Trees and weights of ONNX's operators (ai.onnx.ml: TreeEnsembleClassifier, TreeEnsembleRegressor, TreeEnsemble)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from audits.explain.structure import Link, NotAdditive
from audits.explain.trees import Leaf, LinearSum, Node, Rule, Split, Tree, TreeSum

SWAPPED = {"BRANCH_GT": "<=", "BRANCH_GTE": "<", "BRANCH_NEQ": "=="}
STRAIGHT = {"BRANCH_LEQ": "<=", "BRANCH_LT": "<", "BRANCH_EQ": "=="}
MODES_OF_TREE_ENSEMBLE = (
    "BRANCH_LEQ",
    "BRANCH_LT",
    "BRANCH_GTE",
    "BRANCH_GT",
    "BRANCH_EQ",
    "BRANCH_NEQ",
    "BRANCH_MEMBER",
)

Weights = dict[tuple[int, int], dict[int, float]]
"""Of each leaf (tree, node): what it adds to each class or target."""


def split_of(
    mode: str, column: int, threshold: float, true: int, false: int, missing_true: bool, cover: float | None = None
) -> Split:
    """One question of an ONNX tree; "not" questions are asked the other way round."""
    if mode in STRAIGHT:
        rule, left, right, missing_left = STRAIGHT[mode], true, false, missing_true
    elif mode in SWAPPED:
        # NaN differs from everything, so BRANCH_NEQ sends it to the true branch whatever the flag says
        missing_left = not missing_true and mode != "BRANCH_NEQ"
        rule, left, right = SWAPPED[mode], false, true
    else:
        raise NotAdditive(f"its trees ask questions of the kind {mode}")
    members = (threshold,) if rule == "==" else ()
    return Split(column, _rule(rule), threshold, left, right, missing_left, members, cover=cover)


def _rule(text: str) -> Rule:
    return "<" if text == "<" else "<=" if text == "<=" else "=="


def classifier_core(found: dict[str, Any], positive: int) -> tuple[TreeSum, Link]:
    """The trees that make the score of class number `positive`, and the link from their sum to it.

    With weights of a single class only, the graph means the second of two classes, and the first gets the complement.
    """
    weights, width = _weights(found, "class")
    classes = len(found.get("classlabels_int64s") or found.get("classlabels_strings") or ())
    base = _numbers(found, "base_values")
    transform = found.get("post_transform", "NONE")
    single = classes == 2 and width == 1
    if transform not in ("NONE", "LOGISTIC", "SOFTMAX") or (transform == "SOFTMAX" and (classes != 2 or single)):
        raise NotAdditive(f"its {classes} class scores pass through {transform} together")
    if single:
        sign = 1.0 if positive == 1 else -1.0
        shift = 1.0 if positive == 0 and transform == "NONE" and _all_positive(weights) else 0.0
        share = _combined(weights, {next(iter(_ids(weights)), 0): sign})
        return TreeSum(_trees(found, share), shift + sign * sum(base[:1])), _link(transform)
    if transform == "SOFTMAX":
        share = _combined(weights, {positive: 1.0, 1 - positive: -1.0})
        start = base[positive] - base[1 - positive] if len(base) == 2 else 0.0
        return TreeSum(_trees(found, share), start), "logistic"
    share = _combined(weights, {positive: 1.0})
    return TreeSum(_trees(found, share), base[positive] if len(base) > positive else 0.0), _link(transform)


def regressor_core(found: dict[str, Any]) -> tuple[TreeSum, Link]:
    """The trees of a regressor with one target, whose output is taken as the score."""
    if found.get("n_targets", 1) != 1 or found.get("post_transform", "NONE") not in ("NONE", "LOGISTIC"):
        raise NotAdditive("its trees make more than one number, or one transformed afterwards")
    aggregate = found.get("aggregate_function", "SUM")
    weights, _ = _weights(found, "target")
    trees = len(set(found["nodes_treeids"]))
    if aggregate not in ("SUM", "AVERAGE"):
        raise NotAdditive(f"it takes the {aggregate.lower()} of its trees")
    share = _combined(weights, {0: 1.0 / trees if aggregate == "AVERAGE" else 1.0})
    base = _numbers(found, "base_values")
    return TreeSum(_trees(found, share), sum(base[:1])), _link(found.get("post_transform", "NONE"))


def _link(transform: str) -> Link:
    return "identity" if transform == "NONE" else "logistic"


def _numbers(found: dict[str, Any], name: str) -> list[float]:
    """A list of numbers, kept as floats or, for double precision, as a tensor."""
    tensor = found.get(f"{name}_as_tensor")
    return [float(v) for v in (tensor if tensor is not None else found.get(name, ()))]


def _weights(found: dict[str, Any], kind: str) -> tuple[Weights, int]:
    """Each leaf's weights, and how many different classes or targets they speak of."""
    weights: Weights = defaultdict(lambda: defaultdict(float))
    numbers = _numbers(found, f"{kind}_weights")
    for tree, node, target, weight in zip(
        found[f"{kind}_treeids"], found[f"{kind}_nodeids"], found[f"{kind}_ids"], numbers, strict=True
    ):
        weights[tree, node][target] += weight
    return weights, len(_ids(weights))


def _ids(weights: Weights) -> set[int]:
    return {target for leaf in weights.values() for target in leaf}


def _all_positive(weights: Weights) -> bool:
    return all(weight >= 0 for leaf in weights.values() for weight in leaf.values())


def _combined(weights: Weights, factors: dict[int, float]) -> dict[tuple[int, int], float]:
    return {
        place: sum(factor * leaf.get(target, 0.0) for target, factor in factors.items())
        for place, leaf in weights.items()
    }


def _trees(found: dict[str, Any], leaf_values: dict[tuple[int, int], float]) -> tuple[Tree, ...]:
    """The trees of the first two operators: nodes are named by tree and number, the first of a tree is its root."""
    treeids, nodeids = found["nodes_treeids"], found["nodes_nodeids"]
    members: dict[int, list[int]] = defaultdict(list)
    for row, tree in enumerate(treeids):
        members[tree].append(row)
    places = {(tree, nodeids[row]): place for tree, rows in members.items() for place, row in enumerate(rows)}
    values = _numbers(found, "nodes_values")
    hits = _numbers(found, "nodes_hitrates")
    cover: list[float] | list[None] = hits if hits else [None] * len(treeids)
    missing = found.get("nodes_missing_value_tracks_true") or [0] * len(treeids)
    modes = found["nodes_modes"]

    def node(row: int) -> Node:
        tree = treeids[row]
        if modes[row] == "LEAF":
            return Leaf(leaf_values.get((tree, nodeids[row]), 0.0), cover[row])
        return split_of(
            modes[row],
            found["nodes_featureids"][row],
            values[row],
            places[tree, found["nodes_truenodeids"][row]],
            places[tree, found["nodes_falsenodeids"][row]],
            bool(missing[row]),
            cover[row],
        )

    return tuple(Tree(tuple(node(row) for row in rows)) for rows in members.values())


def ensemble_core(found: dict[str, Any]) -> tuple[TreeSum, Link]:
    """The trees of the newer operator TreeEnsemble (ai.onnx.ml 5), one target."""
    if found.get("n_targets", 1) != 1 or found.get("post_transform", 0) not in (0, 2):
        raise NotAdditive("its trees make more than one number, or one transformed afterwards")
    if found.get("aggregate_function", 1) not in (0, 1):
        raise NotAdditive("it takes the smallest or largest of its trees")
    roots = list(found["tree_roots"])
    scale = 1.0 / len(roots) if found.get("aggregate_function", 1) == 0 else 1.0
    trees = tuple(_grown(found, root, scale) for root in roots)
    return TreeSum(trees), "identity" if found.get("post_transform", 0) == 0 else "logistic"


def _grown(found: dict[str, Any], root: int, scale: float) -> Tree:
    """One tree of TreeEnsemble, copied from the shared lists of splits and leaves."""
    nodes: list[Node] = []
    members = _memberships(found)

    def add(place: int, leaf: bool) -> int:
        here = len(nodes)
        nodes.append(Leaf(float(found["leaf_weights"][place]) * scale if leaf else 0.0))
        if leaf:
            return here
        true = add(found["nodes_truenodeids"][place], bool(found["nodes_trueleafs"][place]))
        false = add(found["nodes_falsenodeids"][place], bool(found["nodes_falseleafs"][place]))
        mode = MODES_OF_TREE_ENSEMBLE[int(found["nodes_modes"][place])]
        missing = bool((found.get("nodes_missing_value_tracks_true") or [0] * (place + 1))[place])
        column, threshold = int(found["nodes_featureids"][place]), float(found["nodes_splits"][place])
        if mode == "BRANCH_MEMBER":
            nodes[here] = Split(column, "==", 0.0, true, false, missing, members[place])
        else:
            nodes[here] = split_of(mode, column, threshold, true, false, missing)
        return here

    # a tree that is a single leaf is written as a root whose two children are the same leaf
    add(root, False)
    return Tree(tuple(nodes))


def _memberships(found: dict[str, Any]) -> dict[int, tuple[float, ...]]:
    """The sets of BRANCH_MEMBER, which stand one after the other, divided by NaN, in the order of their nodes."""
    asking = [place for place, mode in enumerate(found["nodes_modes"]) if int(mode) == 6]
    sets: list[list[float]] = [[]]
    for value in found.get("membership_values", ()):
        if np.isnan(value):
            sets.append([])
        else:
            sets[-1].append(float(value))
    return {place: tuple(group) for place, group in zip(asking, sets, strict=False)}


def linear_core(found: dict[str, Any], positive: int, classifier: bool) -> tuple[LinearSum, Link]:
    """The weights that make the score of class number `positive`, and the link from their sum to it."""
    rows = _rows(found["coefficients"], found.get("intercepts"))
    transform = found.get("post_transform", "NONE")
    if transform not in ("NONE", "LOGISTIC", "SOFTMAX") or (
        not classifier and (len(rows) != 1 or transform == "SOFTMAX")
    ):
        raise NotAdditive(f"its scores pass through {transform} together")
    if not classifier:
        return rows[0], _link(transform)
    classes = len(found.get("classlabels_ints") or found.get("classlabels_strings") or ()) or len(rows)
    if classes != 2 or len(rows) > 2:
        raise NotAdditive(f"the scores of its {classes} classes are made comparable with one another afterwards")
    if len(rows) == 1:
        sign = 1.0 if positive == 1 else -1.0
        return LinearSum(sign * rows[0].weights, sign * rows[0].intercept), _link(transform)
    chosen, other = rows[positive], rows[1 - positive]
    if transform == "SOFTMAX":
        return LinearSum(chosen.weights - other.weights, chosen.intercept - other.intercept), "logistic"
    return chosen, _link(transform)


def _rows(coefficients: Sequence[float], intercepts: Sequence[float] | None) -> list[LinearSum]:
    """The weights of each class or target."""
    starts = list(intercepts) if intercepts else [0.0]
    weights = np.array(coefficients, dtype=float).reshape(len(starts), -1)
    return [LinearSum(row, float(start)) for row, start in zip(weights, starts, strict=True)]
