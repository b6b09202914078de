"""An XGBoost model taken apart and checked, since its own reader trusts every index in it.

The layout is the schema of XGBoost's JSON (doc/model.schema, src/tree/tree_model.cc), the same for UBJSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from models.errors import InputError
from models.registry.formats.ubjson import parsed

FEATURES, CLASSES, TREES, NODES, SIZE = 100_000, 1_000, 100_000, 4_000_000, 2 << 30
CATEGORY = 1 << 24


@dataclass(frozen=True, slots=True)
class Model:
    """What a checked model says of itself. `categories` holds, for each feature, the values behind its codes."""

    document: dict[str, Any]
    features: int
    names: tuple[str, ...]
    types: tuple[str, ...]
    categories: tuple[tuple[Any, ...], ...]
    objective: str
    classes: int
    rounds: int | None


def read_checked(path: Path) -> Model:
    """The model after every check.

    Raises:
        InputError: it is cut short, its sizes do not add up, a number is out of range, or it has no trees.
    """
    document = read_document(path)
    try:
        return checked(document)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise damaged(f"a part of it is missing or of another kind ({type(error).__name__}: {error})"[:200]) from error


def damaged(what: str) -> InputError:
    return InputError(f"The XGBoost model is damaged: {what}. Save it again with model.save_model(...).")


def read_document(path: Path) -> dict[str, Any]:
    if path.stat().st_size > SIZE:
        raise InputError(f"{path.name} is too large for an XGBoost model.")
    data = path.read_bytes()
    if data[:1] == b"{" and data[1:2] in (b"L", b"l", b"I", b"U", b"i", b"#", b"$"):
        document = parsed(data)
    else:
        try:
            document = json.loads(data, parse_constant=refuse_constant)
        except (ValueError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            raise damaged(f"it is no JSON, or cut short ({error})"[:200]) from error
    if not isinstance(document, dict):
        raise damaged("it is no object")
    return document


def refuse_constant(text: str) -> Any:
    raise damaged(f"it holds {text}, which is out of range")


def checked(document: dict[str, Any]) -> Model:
    learner = document["learner"]
    about, booster = learner["learner_model_param"], learner["gradient_booster"]
    features = bounded("num_feature", about["num_feature"], 1, FEATURES)
    classes = bounded("num_class", about["num_class"], 0, CLASSES)
    bounded("num_target", about.get("num_target", "1"), 1, 1)
    if booster["name"] not in ("gbtree", "dart"):
        raise InputError(f"The XGBoost model is a {booster['name']!r}, which is not read; gbtree and dart are.")
    model = booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]
    check_trees(model, features, max(classes, 1))
    if booster["name"] == "dart":
        reals("weight_drop", booster["weight_drop"], len(model["trees"]))
    return Model(
        document,
        features,
        texts("feature_names", learner.get("feature_names", []), features),
        texts("feature_types", learner.get("feature_types", []), features),
        read_categories(model.get("cats", {}), features),
        str(learner["objective"]["name"]),
        classes,
        best_round(learner.get("attributes", {})),
    )


def best_round(attributes: dict[str, Any]) -> int | None:
    """The rounds up to the best one, where training stopped early: those are what scikit-learn's interface uses."""
    best = attributes.get("best_iteration")
    return None if best is None else bounded("best_iteration", best, 0, TREES) + 1


def texts(name: str, found: Sequence[Any], count: int) -> tuple[str, ...]:
    if len(found) not in (0, count) or not all(isinstance(each, str) for each in found):
        raise damaged(f"{name} has {len(found)} entries, to be {count}")
    if name == "feature_names" and len(set(found)) != len(found):
        raise damaged("two features have the same name")
    return tuple(found)


def read_categories(cats: dict[str, Any], features: int) -> tuple[tuple[Any, ...], ...]:
    """The categories of each feature: numbers, or texts that are stored as bytes one after the other."""
    found = cats.get("enc", [])
    if not found:
        return ((),) * features
    if len(found) != features:
        raise damaged(f"it lists the categories of {len(found)} features, to be {features}")
    return tuple(tuple(categories(each)) for each in found)


def categories(entry: dict[str, Any]) -> list[Any]:
    if "offsets" not in entry:
        return list(entry["values"])
    offsets, data = entry["offsets"], bytes(value & 0xFF for value in entry["values"])
    if offsets != sorted(offsets) or (offsets and (offsets[0] != 0 or offsets[-1] != len(data))):
        raise damaged("its categories do not add up")
    return [data[start:end].decode("utf-8") for start, end in pairwise(offsets)]


def check_trees(model: dict[str, Any], features: int, groups: int) -> None:
    trees, declared = model["trees"], model["gbtree_model_param"]["num_trees"]
    if bounded("num_trees", declared, 1, TREES) != len(trees):
        raise damaged(f"it declares {declared} trees and holds {len(trees)}")
    bounded("num_parallel_tree", model["gbtree_model_param"].get("num_parallel_tree", "1"), 0, TREES)
    whole("tree_info", model["tree_info"], len(trees), 0, groups - 1)
    rounds = model.get("iteration_indptr")
    if rounds is not None and (rounds != sorted(rounds) or not rounds or rounds[0] != 0 or rounds[-1] != len(trees)):
        raise damaged("its rounds do not add up")
    for index, tree in enumerate(trees):
        check_tree(tree, index, features)


def check_tree(tree: dict[str, Any], index: int, features: int) -> None:
    """One tree: as many numbers as it has nodes, in range, every node within it reached at most once."""
    nodes = bounded(f"num_nodes of tree {index}", tree["tree_param"]["num_nodes"], 1, NODES)
    if bounded("size_leaf_vector", tree["tree_param"].get("size_leaf_vector", "1"), 0, 1) > 1:
        raise InputError("The XGBoost model has leaves of several values, which are not read.")
    left = whole(f"left_children of tree {index}", tree["left_children"], nodes, -1, nodes - 1)
    right = whole(f"right_children of tree {index}", tree["right_children"], nodes, -1, nodes - 1)
    whole(f"parents of tree {index}", tree["parents"], nodes, -1, (1 << 31) - 1)
    whole(f"split_indices of tree {index}", tree["split_indices"], nodes, 0, features - 1)
    whole(f"default_left of tree {index}", tree["default_left"], nodes, 0, 1)
    kinds = whole(f"split_type of tree {index}", tree.get("split_type", [0] * nodes), nodes, 0, 1)
    for name in ("split_conditions", "base_weights", "loss_changes", "sum_hessian"):
        reals(f"{name} of tree {index}", tree[name], nodes)
    check_shape(left, right, index)
    check_categories(tree, kinds, index)


def check_shape(left: Sequence[int], right: Sequence[int], index: int) -> None:
    seen, waiting = {0}, [0]
    while waiting:
        node = waiting.pop()
        pair = (left[node], right[node])
        if pair == (-1, -1):
            continue
        for child in pair:
            if child in seen or child < 0:
                raise damaged(f"tree {index} runs in a circle, or has a node with one child")
            seen.add(child)
            waiting.append(child)


def check_categories(tree: dict[str, Any], kinds: Sequence[int], index: int) -> None:
    held = tree.get("categories", [])
    whole(f"categories of tree {index}", held, len(held), 0, CATEGORY)
    owners = tree.get("categories_nodes", [])
    sizes, starts = tree.get("categories_sizes", []), tree.get("categories_segments", [])
    whole(f"categories_nodes of tree {index}", owners, len(owners), 0, len(kinds) - 1)
    whole(f"categories_sizes of tree {index}", sizes, len(owners), 0, len(held))
    whole(f"categories_segments of tree {index}", starts, len(owners), 0, len(held))
    if any(start + size > len(held) for start, size in zip(starts, sizes, strict=True)):
        raise damaged(f"tree {index} has categories that do not add up")
    if set(owners) != {node for node, kind in enumerate(kinds) if kind}:
        raise damaged(f"tree {index} asks for categories that it does not hold")


def bounded(name: str, value: Any, low: int, high: int) -> int:
    """A whole number, which XGBoost writes as text."""
    text = str(value)
    if not text.removeprefix("-").isdigit() or len(text) > 12 or not low <= int(text) <= high:
        raise damaged(f"{name} is {text[:40]!r}, to be from {low} to {high}")
    return int(text)


def whole(name: str, values: Sequence[Any], count: int, low: int, high: int) -> list[int]:
    if len(values) != count:
        raise damaged(f"{name} has {len(values)} entries, to be {count}")
    for value in values:
        if not isinstance(value, int) or not low <= value <= high:
            raise damaged(f"{name} holds {str(value)[:40]}, which is out of range")
    return [int(value) for value in values]


def reals(name: str, values: Sequence[Any], count: int) -> None:
    if len(values) != count:
        raise damaged(f"{name} has {len(values)} entries, to be {count}")
    for value in values:
        if not isinstance(value, (int, float)) or not math.isfinite(value) or abs(value) > 3.5e38:
            raise damaged(f"{name} holds {str(value)[:40]}, which is out of range")
