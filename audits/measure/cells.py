"""The cube: counts by (groups, label, prediction) and by (groups, label, score). All figures are functions of it.

It is small enough to print, adds up over sites and windows, and travels inside the report. Sums of weights are of
integers (weights times a power of two), so that every engine, thread count and site gives the same cube.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

SCHEMA = "plumbline.cube/1"
# of sums of scores
SCALE = 2**32
# cubes whose weights are further apart than this power of two are not added: the smaller would be nothing
MOST_SHIFT = 200

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Weighting = Literal["none", "weight", "frequency"]
ScoreKind = Literal["exact", "binned", "merged"]


@dataclass(frozen=True)
class GroupingSet:
    """Counts of every group of one attribute, of one combination of attributes, or of everybody (no attributes).

    `groups` holds k tuples of values in the order of `attributes`; `n` has shape (k, labels, 2): rows, or the sum of
    frequencies; `w` and `w2` (Python integers) are the sums of weights and of their squares, scaled by the cube's
    2^weight_exponent and its square.
    The label axis is (negative, positive), or has one entry where there is no label; the last is the prediction.
    """

    attributes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    n: Ints
    w: NDArray[np.object_] | None = None
    w2: NDArray[np.object_] | None = None

    @property
    def name(self) -> str:
        return "*".join(self.attributes)

    def group(self, index: int) -> dict[str, str]:
        return dict(zip(self.attributes, self.groups[index], strict=True))


@dataclass(frozen=True)
class ScoreSet:
    """Counts by label and score of the groups of one grouping set, as columns of cells of equal length.

    A cell lies between the scores `low` and `high`, equal where scores are exact; elsewhere `s` is the sum of the
    scores over its rows (or frequencies), as an integer scaled by 2^32.
    `group` indexes `groups`; `label` is 0 or 1. Cells are sorted by group, low, label.
    """

    attributes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    group: Ints
    label: Ints
    low: Floats
    high: Floats
    n: Ints
    s: NDArray[np.object_] | None = None
    w: NDArray[np.object_] | None = None
    w2: NDArray[np.object_] | None = None

    @property
    def mean(self) -> Floats:
        """The mean score of each cell's rows."""
        if self.s is None:
            return (self.low + self.high) / 2
        return np.clip((self.s / self.n).astype(float) / SCALE, self.low, self.high)


@dataclass(frozen=True)
class Scores:
    """All score sets, and how their cells came about."""

    kind: ScoreKind
    bins: int | None
    sets: tuple[ScoreSet, ...]

    def of(self, attributes: Sequence[str]) -> ScoreSet | None:
        return next((s for s in self.sets if s.attributes == tuple(attributes)), None)


@dataclass(frozen=True)
class Cube:
    """Everything that an audit counts. `labels` names (negative, positive), None where there is no label.

    `favourable` says whether the positive prediction is the one that benefits the person. `suppressed` lists the
    groups whose counts were merged into "(suppressed)" because they are small. Weights were multiplied by
    2^`weight_exponent` and rounded to whole numbers; rates are ratios of them, so that no figure depends on it.
    """

    attributes: tuple[str, ...]
    positive: str
    negative: str
    favourable: str
    has_label: bool
    weighting: Weighting
    sets: tuple[GroupingSet, ...]
    scores: Scores | None = None
    suppressed: tuple[tuple[tuple[str, str], ...], ...] = ()
    weight_exponent: int = 0

    @property
    def everybody(self) -> GroupingSet:
        return self.of(())

    @property
    def rows(self) -> int:
        return int(self.everybody.n.sum())

    def of(self, attributes: Sequence[str]) -> GroupingSet:
        return next(s for s in self.sets if s.attributes == tuple(attributes))

    def __add__(self, other: Cube) -> Cube:
        """The cube of both tables together (two sites, two windows)."""
        return add(self, other)


def add(one: Cube, two: Cube) -> Cube:
    """Cubes of the same question add up cell by cell; InputError where the questions differ."""
    same = ("attributes", "positive", "negative", "favourable", "has_label", "weighting")
    different = [name for name in same if getattr(one, name) != getattr(two, name)]
    if different or one.suppressed or two.suppressed:
        raise InputError(f"These cubes do not answer the same question: {', '.join(different) or 'one is suppressed'}.")
    one, two = _to_one_scale(one, two)
    sets = tuple(_add_sets(a, two.of(a.attributes)) for a in one.sets)
    return replace(one, sets=sets, scores=_add_scores(one.scores, two.scores))


def _to_one_scale(one: Cube, two: Cube) -> tuple[Cube, Cube]:
    """Both with the larger exponent: whole numbers shifted to the left, which is exact."""
    exponent = max(one.weight_exponent, two.weight_exponent)
    if abs(one.weight_exponent - two.weight_exponent) > MOST_SHIFT:
        raise InputError(
            "The weights of these cubes are too far apart to be added: the largest of one is over 2^200 times the "
            "largest of the other. Weight both tables on one scale."
        )
    return _shifted(one, exponent), _shifted(two, exponent)


def _shifted(cube: Cube, exponent: int) -> Cube:
    factor = 2 ** (exponent - cube.weight_exponent)
    if factor == 1:
        return cube
    sets = tuple(replace(s, w=_times(s.w, factor), w2=_times(s.w2, factor**2)) for s in cube.sets)
    scores = cube.scores and replace(
        cube.scores,
        sets=tuple(replace(s, w=_times(s.w, factor), w2=_times(s.w2, factor**2)) for s in cube.scores.sets),
    )
    return replace(cube, sets=sets, scores=scores, weight_exponent=exponent)


def _times(sums: NDArray[np.object_] | None, factor: int) -> NDArray[np.object_] | None:
    return None if sums is None else sums * factor


def _add_sets(one: GroupingSet, two: GroupingSet) -> GroupingSet:
    groups = tuple(sorted(set(one.groups) | set(two.groups)))
    n = np.zeros((len(groups), *one.n.shape[1:]), dtype=np.int64)
    w = np.zeros(n.shape, dtype=object) if one.w is not None else None
    w2 = np.zeros(n.shape, dtype=object) if one.w is not None else None
    for part in (one, two):
        at = [groups.index(g) for g in part.groups]
        n[at] += part.n
        if w is not None and w2 is not None:
            w[at] += part.w
            w2[at] += part.w2
    return GroupingSet(one.attributes, groups, n, w, w2)


def _add_scores(one: Scores | None, two: Scores | None) -> Scores | None:
    """Score cells of both; None where one has none. InputError where they were binned differently."""
    if one is None or two is None:
        return None
    if (one.kind, one.bins) != (two.kind, two.bins):
        raise InputError(f"The scores of these cubes were counted differently: {one.kind}, {two.kind}.")
    return Scores(one.kind, one.bins, tuple(_add_score_sets(a, b) for a, b in zip(one.sets, two.sets, strict=True)))


def _add_score_sets(one: ScoreSet, two: ScoreSet) -> ScoreSet:
    groups = tuple(sorted(set(one.groups) | set(two.groups)))
    parts = [(s, np.array([groups.index(g) for g in s.groups], dtype=np.int64)) for s in (one, two)]
    group = np.concatenate([place[s.group] for s, place in parts])
    low, high, label = (np.concatenate([getattr(s, name) for s, _ in parts]) for name in ("low", "high", "label"))
    _refuse_other_bins(low, high, (one.s is None) == (two.s is None))
    keys, at = np.unique(np.stack([group.astype(float), low, label.astype(float)]), axis=1, return_inverse=True)
    sums: dict[str, Any] = {}
    for name in ("n", "s", "w", "w2"):
        if getattr(one, name) is not None:
            values = np.concatenate([getattr(s, name) for s, _ in parts])
            sums[name] = np.zeros(keys.shape[1], dtype=values.dtype)
            np.add.at(sums[name], at.reshape(-1), values)
    tops = np.zeros(keys.shape[1])
    tops[at.reshape(-1)] = high
    index, positive = keys[0].astype(np.int64), keys[2].astype(np.int64)
    return ScoreSet(one.attributes, groups, index, positive, keys[1], tops, **sums)


def _refuse_other_bins(low: Floats, high: Floats, alike: bool) -> None:
    """Bins of one set of edges are the same or lie apart, and hold the same sums."""
    bins = np.unique(np.stack([low, high]), axis=1)
    if not alike or (bins[1, :-1] > bins[0, 1:]).any():
        raise InputError("The scores of these cubes were counted in bins with different edges, so they do not add up.")


def to_json(cube: Cube) -> dict[str, Any]:
    """The cube as plain JSON, cells in columns. Sums of weights are decimal strings: they exceed 2^53."""
    return {
        "schema": SCHEMA,
        "attributes": list(cube.attributes),
        "positive": cube.positive,
        "negative": cube.negative,
        "favourable": cube.favourable,
        "has_label": cube.has_label,
        "weighting": cube.weighting,
        "scale": SCALE,
        "weight_exponent": cube.weight_exponent,
        "sets": [_set_to_json(s, cube.has_label) for s in cube.sets],
        "scores": _scores_to_json(cube.scores),
        "suppressed": [dict(group) for group in cube.suppressed],
    }


def _set_to_json(s: GroupingSet, has_label: bool) -> dict[str, Any]:
    group, label, prediction = np.nonzero(s.n)
    cells: dict[str, Any] = {"group": group.tolist()}
    if has_label:
        cells["label"] = label.tolist()
    cells |= {"prediction": prediction.tolist(), "n": s.n[group, label, prediction].tolist()}
    if s.w is not None and s.w2 is not None:
        cells["w"] = [str(v) for v in s.w[group, label, prediction]]
        cells["w2"] = [str(v) for v in s.w2[group, label, prediction]]
    return {"attributes": list(s.attributes), "groups": [list(g) for g in s.groups], "cells": cells}


def _scores_to_json(scores: Scores | None) -> dict[str, Any] | None:
    if scores is None:
        return None
    return {"kind": scores.kind, "bins": scores.bins, "sets": [_score_set_to_json(s, scores.kind) for s in scores.sets]}


def _score_set_to_json(s: ScoreSet, kind: ScoreKind) -> dict[str, Any]:
    cells: dict[str, Any] = {"group": s.group.tolist(), "label": s.label.tolist(), "low": s.low.tolist()}
    if kind != "exact":
        cells["high"] = s.high.tolist()
    cells["n"] = s.n.tolist()
    for name in ("s", "w", "w2"):
        sums = getattr(s, name)
        if sums is not None:
            cells[name] = [str(v) for v in sums]
    return {"attributes": list(s.attributes), "groups": [list(g) for g in s.groups], "cells": cells}


def from_json(data: Any) -> Cube:
    """The cube back from its JSON. InputError where it is not one."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise InputError(f"This is no cube: its schema is not {SCHEMA}.")
    try:
        has_label = bool(data["has_label"])
        return Cube(
            attributes=tuple(data["attributes"]),
            positive=data["positive"],
            negative=data["negative"],
            favourable=data["favourable"],
            has_label=has_label,
            weighting=data["weighting"],
            sets=tuple(_set_from_json(s, has_label) for s in data["sets"]),
            scores=_scores_from_json(data["scores"]),
            suppressed=tuple(tuple(g.items()) for g in data["suppressed"]),
            weight_exponent=int(data["weight_exponent"]),
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"The cube is damaged: {type(error).__name__}: {error}.") from error


def _set_from_json(data: Any, has_label: bool) -> GroupingSet:
    groups = tuple(tuple(g) for g in data["groups"])
    cells = data["cells"]
    n = np.zeros((len(groups), 2 if has_label else 1, 2), dtype=np.int64)
    label = cells["label"] if has_label else [0] * len(cells["n"])
    at = (np.array(cells["group"], dtype=int), np.array(label, dtype=int), np.array(cells["prediction"], dtype=int))
    np.add.at(n, at, np.array(cells["n"], dtype=np.int64))
    w, w2 = (_integers(cells[name], at, n.shape) if name in cells else None for name in ("w", "w2"))
    return GroupingSet(tuple(data["attributes"]), groups, n, w, w2)


def _integers(values: Sequence[str], at: tuple[Any, ...], shape: tuple[int, ...]) -> NDArray[np.object_]:
    whole = np.zeros(shape, dtype=object)
    whole[at] = [int(v) for v in values]
    return whole


def _scores_from_json(data: Any) -> Scores | None:
    if data is None:
        return None
    return Scores(data["kind"], data["bins"], tuple(_score_set_from_json(s) for s in data["sets"]))


def _score_set_from_json(data: Any) -> ScoreSet:
    cells = data["cells"]
    low = np.array(cells["low"], dtype=float)
    sums = {x: np.array([int(v) for v in cells[x]], dtype=object) for x in ("s", "w", "w2") if x in cells}
    return ScoreSet(
        attributes=tuple(data["attributes"]),
        groups=tuple(tuple(g) for g in data["groups"]),
        group=np.array(cells["group"], dtype=np.int64),
        label=np.array(cells["label"], dtype=np.int64),
        low=low,
        high=np.array(cells.get("high", low), dtype=float),
        n=np.array(cells["n"], dtype=np.int64),
        **sums,
    )
