"""The raw indices of scikit-learn's fitted trees, checked: scikit-learn follows them without looking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from models.errors import InputError

if TYPE_CHECKING:
    import numpy as np

# These hand their rows to the trees within as they are, so a tree may ask for no more columns than they check.
ENSEMBLES = ("ensemble._forest", "ensemble._gb", "ensemble._weight_boosting", "ensemble._bagging")


def check_trees(model: Any) -> None:
    """Every tree's children come after their parents and exist, and every question is about a column that exists.

    Raises:
        InputError: an index points elsewhere.
    """
    for tree, features in trees(model):
        if hasattr(tree, "children_left"):
            check(tree.children_left, tree.children_right, tree.feature, tree.children_left < 0, features)
        else:
            check_predictor(tree, features)


def check_predictor(tree: Any, features: int | None) -> None:
    """One tree of histogram gradient boosting."""
    nodes = tree.nodes
    leaf = nodes["is_leaf"].astype(bool)
    check(nodes["left"].astype("int64"), nodes["right"].astype("int64"), nodes["feature_idx"], leaf, features)
    asked = nodes["bitset_idx"][nodes["is_categorical"].astype(bool) & ~leaf]
    if asked.size and asked.max() >= len(tree.raw_left_cat_bitsets):
        raise damaged("asks for categories that it does not hold")


def check(left: np.ndarray, right: np.ndarray, feature: np.ndarray, leaf: np.ndarray, features: int | None) -> None:
    import numpy as np

    place, inner = np.arange(len(left)), ~leaf
    for child in (left[inner], right[inner]):
        if child.size and (np.any(child <= place[inner]) or child.max() >= len(left)):
            raise damaged("leads to a node that does not exist, or in a circle")
    asked = feature[inner]
    if asked.size and (asked.min() < 0 or (features is not None and asked.max() >= features)):
        raise damaged("asks about a column that does not exist")


def damaged(what: str) -> InputError:
    return InputError(f"The scikit-learn model is damaged: a tree {what}. Save it again with skops.io.dump(...).")


def trees(model: Any) -> Iterator[tuple[Any, int | None]]:
    """Every fitted tree within the model, with the number of columns that it is given."""
    seen: set[int] = set()
    waiting: list[tuple[Any, int | None, bool]] = [(model, None, False)]
    while waiting:
        found, features, bound = waiting.pop()
        if id(found) in seen or isinstance(found, (str, bytes, int, float)):
            continue
        seen.add(id(found))
        if type(found).__name__ in ("Tree", "TreePredictor"):
            yield found, features
            continue
        own = getattr(found, "n_features_in_", None)
        if isinstance(own, int):
            features = min(own, features) if bound and features is not None else own
            bound = any(part in type(found).__module__ for part in ENSEMBLES)
        waiting.extend((part, features, bound) for part in parts(found))


def parts(found: Any) -> list[Any]:
    import numpy as np

    if isinstance(found, dict):
        return list(found.values())
    if isinstance(found, (list, tuple, set)):
        return list(found)
    if isinstance(found, np.ndarray):
        return list(found.ravel()) if found.dtype == object else []
    return list(getattr(found, "__dict__", {}).values())
