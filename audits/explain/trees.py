"""Additive models as values: what the trees or weights of a model file say, whoever wrote the file.

A model's core works on derived columns (a one-hot column, a scaled column), each a function of a single input. Its
players, in the sense of Shapley's game, are the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Rule = Literal["<", "<=", "==", "in"]

ZERO_IN_LIGHTGBM = 1e-35
"""What LightGBM takes for zero where its zero_as_missing is on (kZeroThreshold in its meta.h)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An end of a tree: what it adds to the output. `cover`: how many training rows (or their weight) came here."""

    value: float
    cover: float | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """A question about one derived column; `left` and `right` are places in the tree's nodes.

    "in" asks whether the whole part of the value is one of `members` (LightGBM's and XGBoost's categories), "=="
    whether the value itself is. A missing value goes left where `missing_left` says so.
    """

    column: int
    rule: Rule
    threshold: float
    left: int
    right: int
    missing_left: bool
    members: tuple[float, ...] = ()
    zero_is_missing: bool = False
    cover: float | None = None

    def goes_left(self, values: Floats) -> Booleans:
        """Which of the values of this column (n,) go to the left child."""
        missing = np.isnan(values)
        if self.zero_is_missing:
            missing = missing | (np.abs(values) <= ZERO_IN_LIGHTGBM)
        answer: Booleans = np.where(missing, self.missing_left, self._holds(values))
        return answer

    def _holds(self, values: Floats) -> Booleans:
        if self.rule == "<":
            return values < self.threshold
        if self.rule == "<=":
            return values <= self.threshold
        whole = np.trunc(values) if self.rule == "in" else values
        return np.isin(whole, np.array(self.members))


Node = Leaf | Split


@dataclass(frozen=True, slots=True)
class Tree:
    """A binary tree; its root is the first node."""

    nodes: tuple[Node, ...]

    def output(self, design: Floats) -> Floats:
        """The leaf's value for each row of the derived columns (n, m)."""
        result = np.empty(len(design))
        waiting: list[tuple[int, NDArray[np.intp]]] = [(0, np.arange(len(design)))]
        while waiting:
            place, rows = waiting.pop()
            node = self.nodes[place]
            if isinstance(node, Leaf):
                result[rows] = node.value
                continue
            left = node.goes_left(design[rows, node.column])
            waiting += [(node.left, rows[left]), (node.right, rows[~left])]
        return result

    def leaves(self) -> int:
        return sum(isinstance(node, Leaf) for node in self.nodes)

    def depth(self) -> int:
        """The most questions asked on the way to a leaf."""
        deepest, waiting = 0, [(0, 0)]
        while waiting:
            place, asked = waiting.pop()
            node = self.nodes[place]
            deepest = max(deepest, asked)
            if isinstance(node, Split):
                waiting += [(node.left, asked + 1), (node.right, asked + 1)]
        return deepest

    def is_tree(self, columns: int) -> bool:
        """Whether no node has two parents, the root has none, and every question is about one of the columns."""
        children = [child for node in self.nodes if isinstance(node, Split) for child in (node.left, node.right)]
        asked = [node.column for node in self.nodes if isinstance(node, Split)]
        return (
            len(children) == len(set(children))
            and all(0 < child < len(self.nodes) for child in children)
            and all(0 <= column < columns for column in asked)
        )


@dataclass(frozen=True, slots=True)
class TreeSum:
    """A sum of trees: output = base + what each tree adds."""

    trees: tuple[Tree, ...]
    base: float = 0.0

    def output(self, design: Floats) -> Floats:
        total = np.full(len(design), self.base, dtype=np.float64)
        for tree in self.trees:
            total += tree.output(design)
        return total

    def leaves(self) -> int:
        return sum(tree.leaves() for tree in self.trees)

    def depth(self) -> int:
        return max((tree.depth() for tree in self.trees), default=0)

    def has_cover(self) -> bool:
        """Whether every node says how much of the training data reached it, and the numbers add up."""
        return all(_cover_adds_up(tree) for tree in self.trees)


@dataclass(frozen=True, slots=True)
class LinearSum:
    """A weighted sum of derived columns: output = intercept + design @ weights."""

    weights: Floats
    intercept: float = 0.0

    def output(self, design: Floats) -> Floats:
        result: Floats = design @ self.weights + self.intercept
        return result


def _cover_adds_up(tree: Tree) -> bool:
    for node in tree.nodes:
        if node.cover is None or not node.cover > 0:
            return False
        if isinstance(node, Split):
            parts = [tree.nodes[child].cover for child in (node.left, node.right)]
            if not np.isclose(sum(part or 0.0 for part in parts), node.cover, rtol=1e-3):
                return False
    return True
