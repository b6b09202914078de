"""Our trees as woodelf's nodes, and its inner step chosen leaf by leaf. Importing this module imports woodelf.

WOODELF: Nadel and Wettenstein, "From Decision Trees to Boolean Logic: A Fast and Unified SHAP Algorithm" (AAAI 2026).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from woodelf.core.cube_metric import CubeMetric
from woodelf.core.path_to_s_vectors.mn_background_p2s import MNBackgroundFasterPathToSVectors
from woodelf.core.path_to_s_vectors.woodelf_p2s import HighDepthWoodelfPathToSVectors
from woodelf.core.trees.decision_trees_ensemble import DecisionTreeNode
from woodelf.core.utils import bits_matrix

from audits.explain.trees import Floats, Leaf, Split, Tree

Patterns = NDArray[np.integer[Any]]

LONGEST_DENSE_PATH = 16
"""Above this many different inputs on a path the table of all patterns would no longer be small (65,536 x 16)."""


class InputNode(DecisionTreeNode):
    """A node whose player (`feature_name`) is an input while its question is about a column derived from it."""

    def __init__(self, node: Split | Leaf, index: int, player: int | None) -> None:
        super().__init__(
            feature_name=player,
            value=node.value if isinstance(node, Leaf) else node.threshold,
            right=None,
            left=None,
            index=index,
            cover=node.cover,
        )
        self.split = node if isinstance(node, Split) else None

    def shall_go_left(self, row: pd.DataFrame, GPU: bool = False) -> pd.Series[bool]:
        assert self.split is not None
        return pd.Series(self.split.goes_left(row[self.split.column].to_numpy()), index=row.index, copy=False)


def root_of(tree: Tree, players: tuple[int, ...]) -> InputNode:
    """The tree as woodelf takes it; `players[j]` is the input that derived column j is made of."""
    nodes = [
        InputNode(node, index, players[node.column] if isinstance(node, Split) else None)
        for index, node in enumerate(tree.nodes)
    ]
    for node in nodes:
        if node.split is not None:
            node.left, node.right = nodes[node.split.left], nodes[node.split.right]
            node.left.parent = node.right.parent = node
    nodes[0].depth = nodes[0].get_depth()
    return nodes[0]


class AllPatterns(HighDepthWoodelfPathToSVectors):
    """woodelf's step over all 2^d patterns of a path, its tables in double precision and made when first needed."""

    def _build_matrices(self) -> None:
        self.shares = MNBackgroundFasterPathToSVectors._build_contribution_matrices(self.metric, self.max_depth)

    def prepare(self, depth: int) -> None:
        if depth in self.matrices:
            return
        positive, negative = self.shares
        bits = bits_matrix(np.arange(2**depth), depth).T
        ones = bits.sum(axis=1, dtype=np.intp)
        gain, loss = positive[ones, depth - ones], negative[ones, depth - ones]
        self.matrices[depth] = np.where(bits, gain[:, None], loss[:, None])
        self.matrices_frs_subsets[depth] = list(range(depth))


class CheaperOfTwo(MNBackgroundFasterPathToSVectors):
    """Per leaf the cheaper of two exact ways: all 2^d patterns of its path, or the pairs of patterns that occur.

    woodelf itself chooses once for the whole model, by its deepest tree, which costs a boosted model with a few deep
    branches three times as much.
    """

    def __init__(self, metric: CubeMetric, max_depth: int, GPU: bool = False) -> None:
        super().__init__(metric, max_depth, GPU)
        self.all_patterns = AllPatterns(metric, min(max_depth, LONGEST_DENSE_PATH))

    def get_background_s_matrix(
        self,
        features_in_path: list[Hashable],
        consumer_patterns: Patterns,
        background_patterns: Patterns,
        w: float,
        w_neighbor: float | None = None,
    ) -> dict[Hashable, Floats]:
        depth = len(features_in_path)
        pairs = len(consumer_patterns) * min(len(background_patterns), 2**depth)
        if 0 < depth <= LONGEST_DENSE_PATH and depth**2 * 2**depth <= 2 * pairs:
            self.all_patterns.prepare(depth)
            every = self.all_patterns.get_background_s_matrix(
                features_in_path, None, background_patterns, w, w_neighbor
            )
            return {feature: values[consumer_patterns] for feature, values in every.items()}
        values: dict[Hashable, Floats] = super().get_background_s_matrix(
            features_in_path, consumer_patterns, background_patterns, w, w_neighbor
        )
        return values
