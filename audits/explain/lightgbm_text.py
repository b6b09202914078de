"""Trees of LightGBM's text format (Booster.save_model), read without LightGBM.

The format is that of LightGBM 4 (src/io/tree.cpp, Tree::ToString; the questions as in include/LightGBM/tree.h).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from audits.explain.structure import Design, Link, NotAdditive, Structure
from audits.explain.trees import Floats, Leaf, Node, Split, Tree, TreeSum

Fields = Mapping[str, str]
Numbers = Mapping[str, Floats]

MISSING_IS_ZERO = 1
NUMBERS = (
    "split_feature",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_count",
    "internal_count",
    "cat_boundaries",
    "cat_threshold",
)


def read_lightgbm(path: Path, inputs: int, design: Design, positive: int) -> Structure:
    """The structure behind the score of a binary classifier's class number `positive`, or a regressor's output.

    `inputs` is how many columns the model reads, `design` makes them numbers (categories as their codes).

    Raises
    ------
    NotAdditive
        For several classes, linear trees and objectives whose output is no sum passed through a logistic curve.
    """
    header, *trees = path.read_text(encoding="utf-8").split("\nTree=")
    about = _fields(header)
    scale, link = _objective(about, positive)
    averaged = 1.0 / len(trees) if "average_output" in header.splitlines() and trees else 1.0
    return Structure(
        title="a sum of trees by LightGBM",
        inputs=inputs,
        players=tuple(range(inputs)),
        core=TreeSum(tuple(_tree(_fields(text), scale * averaged) for text in trees)),
        link=link,
        design=design,
    )


def _fields(text: str) -> Fields:
    body = text.split("\nend of trees", 1)[0]
    return dict(line.split("=", 1) for line in body.splitlines() if "=" in line)


def _objective(about: Fields, positive: int) -> tuple[float, Link]:
    """What to multiply the trees by, and the link: LightGBM's sigmoid has a slope of its own."""
    words = about.get("objective", "").split()
    options = dict(word.split(":", 1) for word in words[1:] if ":" in word)
    if int(about.get("num_tree_per_iteration", "1")) != 1:
        raise NotAdditive("its scores of several classes pass through a softmax together")
    if words[:1] in (["binary"], ["cross_entropy"], ["xentropy"]):
        slope = float(options.get("sigmoid", "1"))
        return (slope if positive == 1 else -slope), "logistic"
    if (
        words[:1] in (["regression"], ["regression_l1"], ["huber"], ["fair"], ["quantile"], ["mape"])
        and "sqrt" not in words
    ):
        return 1.0, "identity"
    raise NotAdditive(f"its objective {' '.join(words) or '(none)'} makes its output no plain sum")


def _tree(fields: Fields, scale: float) -> Tree:
    """One tree: splits first, leaves after them, as LightGBM numbers them (a negative child is a leaf)."""
    if fields.get("is_linear", "0") != "0":
        raise NotAdditive("its leaves hold linear models")
    found = {name: np.array(fields.get(name, "").split(), dtype=np.float64) for name in NUMBERS}
    values, counts = found["leaf_value"] * scale, found["leaf_count"]
    leaves = [Leaf(float(value), _cover(counts, place)) for place, value in enumerate(values)]
    splits = len(leaves) - 1
    return Tree((*(_split(found, place, splits) for place in range(splits)), *leaves))


def _cover(counts: Floats, place: int) -> float | None:
    return float(counts[place]) if len(counts) else None


def _split(found: Numbers, place: int, splits: int) -> Node:
    decision = int(found["decision_type"][place])
    threshold = float(found["threshold"][place])
    children = [int(found[side][place]) for side in ("left_child", "right_child")]
    left, right = (child if child >= 0 else splits + ~child for child in children)
    missing = decision >> 2 & 3
    column = int(found["split_feature"][place])
    cover = _cover(found["internal_count"], place)
    if decision & 1:
        return Split(column, "in", 0.0, left, right, False, _categories(found, int(threshold)), cover=cover)
    # where no value counts as missing, LightGBM reads NaN as zero
    missing_left = bool(decision & 2) if missing else threshold >= 0
    zero = missing == MISSING_IS_ZERO
    return Split(column, "<=", threshold, left, right, missing_left, zero_is_missing=zero, cover=cover)


def _categories(found: Numbers, which: int) -> tuple[float, ...]:
    """The categories of a split's set, one bit each, in words of 32."""
    start, end = (int(bound) for bound in found["cat_boundaries"][which : which + 2])
    words = [int(word) for word in found["cat_threshold"][start:end]]
    return tuple(32.0 * i + bit for i, word in enumerate(words) for bit in range(32) if word >> bit & 1)
