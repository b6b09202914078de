"""LightGBM's text format taken apart and checked, since its own reader trusts every number in it.

The layout is that of LightGBM 4: src/boosting/gbdt_model_text.cpp (SaveModelToString) and src/io/tree.cpp (ToString).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import InputError

FEATURES, CLASSES, TREES, LEAVES, SIZE = 100_000, 1_000, 100_000, 1_000_000, 2 << 30
NUMERIC_LISTS = ("leaf_value", "threshold")
CATEGORICAL, DEFAULT = 1, 14


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the trees, and the categories that pandas had for columns of category type."""

    features: tuple[str, ...]
    infos: tuple[str, ...]
    objective: str
    classes: int
    per_iteration: int
    trees: int
    categories: tuple[tuple[Any, ...], ...]

    @property
    def categorical(self) -> list[int]:
        """The positions of the features that are categories: their values are listed, not bounded."""
        return [index for index, info in enumerate(self.infos) if info not in ("none", "") and not info.startswith("[")]


def read_checked(path: Path) -> Header:
    """The header of a model whose every tree was checked.

    Raises:
        InputError: the file is cut short, its sizes do not add up, or a number in it is out of range.
    """
    if path.stat().st_size > SIZE:
        raise InputError(f"{path.name} is too large for a LightGBM model.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise damaged("it is not UTF-8 text") from None
    body, end, rest = text.partition("\nend of trees")
    if not end:
        raise damaged("it is cut short: the line 'end of trees' is missing")
    if "\nparameters:" in rest and "\nend of parameters" not in rest:
        raise damaged("it is cut short: the line 'end of parameters' is missing")
    parts = body.split("\nTree=")
    header = read_header(fields(parts[0]), rest)
    if len(parts) - 1 != header.trees:
        raise damaged(f"it declares {header.trees} trees and holds {len(parts) - 1}")
    check_sizes(fields(parts[0]), parts[1:])
    for index, part in enumerate(parts[1:]):
        check_tree(part, index, len(header.features))
    return header


def damaged(what: str) -> InputError:
    return InputError(f"The LightGBM model is damaged: {what}. Save it again with booster.save_model(...).")


def fields(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def read_header(about: Mapping[str, str], rest: str) -> Header:
    features = tuple(about.get("feature_names", "").split(" "))
    infos = tuple(about.get("feature_infos", "").split(" "))
    width = integer(about, "max_feature_idx", 0, FEATURES - 1) + 1
    if len(features) != width or len(infos) != width:
        raise damaged(f"it declares {width} features, names {len(features)} and describes {len(infos)}")
    if len(set(features)) != len(features) or "" in features:
        raise damaged("two features have the same name, or one has none")
    classes = integer(about, "num_class", 1, CLASSES)
    per_iteration = integer(about, "num_tree_per_iteration", 1, CLASSES)
    trees = len(about.get("tree_sizes", "").split())
    if not 0 < trees <= TREES or trees % per_iteration:
        raise damaged(f"it declares {trees} trees, {per_iteration} in each round")
    return Header(features, infos, about.get("objective", ""), classes, per_iteration, trees, pandas_categories(rest))


def integer(about: Mapping[str, str], name: str, low: int, high: int) -> int:
    text = about.get(name, "")
    if not text.removeprefix("-").isdigit() or len(text) > 12 or not low <= int(text) <= high:
        raise damaged(f"{name} is {text[:40]!r}, to be from {low} to {high}" if text else f"{name} is missing")
    return int(text)


def pandas_categories(rest: str) -> tuple[tuple[Any, ...], ...]:
    for line in reversed(rest.splitlines()):
        if line.startswith("pandas_categorical:"):
            try:
                found = json.loads(line.removeprefix("pandas_categorical:"))
            except (ValueError, RecursionError):
                raise damaged("its list of categories cannot be read") from None
            if found is None:
                return ()
            if not isinstance(found, list) or not all(isinstance(each, list) for each in found):
                raise damaged("its list of categories is no list of lists")
            return tuple(tuple(each) for each in found)
    return ()


def check_sizes(about: Mapping[str, str], parts: Sequence[str]) -> None:
    """LightGBM's reader jumps from tree to tree by these sizes."""
    declared = about["tree_sizes"].split()
    for index, (size, part) in enumerate(zip(declared, parts, strict=True)):
        actual = len(f"Tree={part}\n".encode())
        if not size.isdigit() or int(size) != actual:
            raise damaged(f"tree {index} is declared with {size[:20]} bytes and has {actual}")


def check_tree(text: str, index: int, features: int) -> None:
    """One tree: as many numbers as it has leaves, in range, and every node reached once from the root."""
    about = fields(text)
    leaves = integer(about, "num_leaves", 1, LEAVES)
    if about.get("is_linear", "0") != "0":
        raise InputError("The LightGBM model has linear trees, which are not read. Train it with linear_tree=False.")
    reals(about, "leaf_value", leaves, index)
    if leaves == 1:
        return
    reals(about, "threshold", leaves - 1, index)
    whole(about, "split_feature", leaves - 1, 0, features - 1, index)
    decisions = whole(about, "decision_type", leaves - 1, 0, DEFAULT + CATEGORICAL, index)
    left = whole(about, "left_child", leaves - 1, -leaves, leaves - 2, index)
    right = whole(about, "right_child", leaves - 1, -leaves, leaves - 2, index)
    check_shape(left, right, leaves, index)
    check_categories(about, [d & CATEGORICAL for d in decisions], index)


def check_shape(left: Sequence[int], right: Sequence[int], leaves: int, index: int) -> None:
    """Children come after their parents, so that there is no way round in a circle; each node has one parent."""
    for parent, pair in enumerate(zip(left, right, strict=True)):
        if any(0 <= child <= parent for child in pair):
            raise damaged(f"tree {index} runs in a circle")
    if sorted([*left, *right]) != [*range(-leaves, 0), *range(1, leaves - 1)]:
        raise damaged(f"tree {index} leaves out a node or reaches one twice")


def check_categories(about: Mapping[str, str], categorical: Sequence[int], index: int) -> None:
    count = integer(about, "num_cat", 0, LEAVES)
    if not count:
        if any(categorical):
            raise damaged(f"tree {index} asks for categories that it does not hold")
        return
    words = about.get("cat_threshold", "").split()
    bounds = whole(about, "cat_boundaries", count + 1, 0, len(words), index)
    whole(about, "cat_threshold", len(words), 0, (1 << 32) - 1, index)
    if bounds[0] != 0 or list(bounds) != sorted(bounds) or bounds[-1] != len(words):
        raise damaged(f"tree {index} has categories that do not add up")
    places = [float(text) for text, flag in zip(about["threshold"].split(), categorical, strict=True) if flag]
    if any(not place.is_integer() or not 0 <= place < count for place in places):
        raise damaged(f"tree {index} asks for categories that it does not hold")


def reals(about: Mapping[str, str], name: str, count: int, index: int) -> None:
    texts = listed(about, name, count, index)
    for text in texts:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise damaged(f"{name} of tree {index} holds {text[:40]!r}, which is out of range")


def whole(about: Mapping[str, str], name: str, count: int, low: int, high: int, index: int) -> list[int]:
    values = []
    for text in listed(about, name, count, index):
        if not text.removeprefix("-").isdigit() or len(text) > 12 or not low <= int(text) <= high:
            raise damaged(f"{name} of tree {index} holds {text[:40]!r}, which is out of range")
        values.append(int(text))
    return values


def listed(about: Mapping[str, str], name: str, count: int, index: int) -> list[str]:
    texts = about.get(name, "").split()
    if len(texts) != count:
        raise damaged(f"{name} of tree {index} has {len(texts)} entries, to be {count}")
    return texts
