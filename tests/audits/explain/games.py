"""Games of the textbooks as trees: input i is 1 where player i is in the coalition, 0 where not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from audits.explain.exact import tree_values
from audits.explain.trees import Floats, Leaf, Node, Split, Tree, TreeSum

Worth = Callable[[tuple[int, ...]], float | None]


def quiet(share: float, sentence: str) -> None:
    """A progress that nobody watches."""


def tree_of(worth: Worth, players: int) -> Tree:
    """Asks for one player after the other until `worth` of the answers so far is known (not None)."""
    nodes: list[Node] = []

    def grow(answers: tuple[int, ...]) -> int:
        here = len(nodes)
        value = worth(answers)
        nodes.append(Leaf(value or 0.0))
        if value is None:
            absent, present = grow((*answers, 0)), grow((*answers, 1))
            nodes[here] = Split(len(answers), "<=", 0.5, absent, present, False)
        return here

    grow(())
    assert all(isinstance(n, Leaf) or n.column < players for n in nodes)
    return Tree(tuple(nodes))


def shapley_of(trees: Sequence[Tree], players: int) -> Floats:
    """The game's values: the full coalition against the empty one."""
    full, empty = np.ones((1, players)), np.zeros((1, players))
    return tree_values(TreeSum(tuple(trees)), tuple(range(players)), players, full, empty, quiet).values[0]
