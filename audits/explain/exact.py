"""Exact Shapley values of additive models: trees by WOODELF, weighted sums in closed form.

The game of a row: a coalition of inputs keeps the row's values, the others take those of a background row; its worth is
the model's mean output over the background (interventional values; Janzing, Minorics and Blöbaum, AISTATS 2020). The
values of a row add up to its output less the mean output of the background; `additivity_error` holds us to that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audits.explain.trees import Floats, LinearSum, Split, Tree, TreeSum

Progress = Callable[[float, str], None]

TOLERANCE = 1e-6
"""How far base + values may lie from the output before we refuse to call them exact (relative where it exceeds 1)."""

TREES_AT_A_TIME = 10


@dataclass(frozen=True, slots=True)
class ShapleyValues:
    """`values` (n, f): what each input adds to the output of each row, over `base`, the output when nothing is known.

    Only where values were sampled: `error` (n, f) is the standard error of each, and `agreed` (n, f) what two halves of
    the sample agree on, whose expectation is at most the absolute value (see `sampled_values`).
    """

    values: Floats
    base: float
    error: Floats | None = None
    agreed: Floats | None = None


def additivity_error(found: ShapleyValues, output: Floats) -> float:
    """The largest distance of base + values from the output (n,), relative to the output where that exceeds 1."""
    distance = np.abs(found.base + found.values.sum(axis=1) - output)
    return float(np.max(distance / np.maximum(1.0, np.abs(output)), initial=0.0))


def linear_values(
    model: LinearSum, players: tuple[int, ...], inputs: int, rows: Floats, background: Floats
) -> ShapleyValues:
    """Values of a weighted sum, whose game is additive: weight times the distance from the background's mean.

    Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with feature contributions"
    (2014), section 3. Columns derived from one input are that input's together.
    """
    mean = background.mean(axis=0)
    values = np.zeros((len(rows), inputs))
    for column, player in enumerate(players):
        values[:, player] += model.weights[column] * (rows[:, column] - mean[column])
    return ShapleyValues(values, float(model.output(background).mean()))


def tree_values(
    model: TreeSum, players: tuple[int, ...], inputs: int, rows: Floats, background: Floats, progress: Progress
) -> ShapleyValues:
    """Interventional values of a sum of trees, over every row of the background (m, columns)."""
    values = _by_woodelf(model, players, inputs, rows, background, progress)
    return ShapleyValues(values, float(model.output(background).mean()))


def path_dependent_values(
    model: TreeSum, players: tuple[int, ...], inputs: int, rows: Floats, progress: Progress
) -> ShapleyValues:
    """Values where an unknown input is averaged by how the training rows were divided at each node.

    Lundberg et al., "From local explanations to global understanding with explainable AI for trees" (2020),
    algorithm 1. Needs `model.has_cover()`.
    """
    values = _by_woodelf(model, players, inputs, rows, None, progress)
    return ShapleyValues(values, model.base + sum(_expected(tree) for tree in model.trees))


def _expected(tree: Tree) -> float:
    """The mean of the leaves' values, weighted by the training rows that reached them."""

    def below(place: int) -> float:
        node = tree.nodes[place]
        if not isinstance(node, Split):
            return node.value
        left, right = tree.nodes[node.left].cover or 0.0, tree.nodes[node.right].cover or 0.0
        return (left * below(node.left) + right * below(node.right)) / (left + right)

    return below(0)


def _by_woodelf(
    model: TreeSum,
    players: tuple[int, ...],
    inputs: int,
    rows: Floats,
    background: Floats | None,
    progress: Progress,
) -> Floats:
    import pandas as pd
    from woodelf.core.cube_metric import ShapleyValues as ShapleyMetric
    from woodelf.core.trees.decision_trees_ensemble import DecisionTreesEnsemble
    from woodelf.woodelf_sparse import woodelf_sparse

    from audits.explain.woodelf_trees import CheaperOfTwo, root_of

    values = np.zeros((len(rows), inputs))
    roots = [root_of(tree, players) for tree in model.trees if tree.leaves() > 1]
    frame = pd.DataFrame(rows, copy=False)
    reference = None if background is None else pd.DataFrame(background, copy=False)
    for start in range(0, len(roots), TREES_AT_A_TIME):
        progress(start / len(roots), f"Shapley values: tree {start:,} of {len(roots):,}")
        found = woodelf_sparse(
            DecisionTreesEnsemble(roots[start : start + TREES_AT_A_TIME]),
            frame,
            reference,
            ShapleyMetric(),
            model_was_loaded=True,
            mn_p2s_class=CheaperOfTwo,
            verbose=False,
        )
        for player, contribution in found.items():
            values[:, player] += contribution
    return values
