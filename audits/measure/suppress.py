"""Suppression: a cube in which no printed count gives a person away.

A group is merged into "(suppressed)" where one of its cells holds fewer rows than the limit (and at least one), and
so are as many of the next smallest groups as it takes for the merged counts to reach the limit themselves, and for no
merged group to follow from a total less the groups shown (complementary suppression; Hundepool et al., Statistical
Disclosure Control, 2012, chapter 4). Score cells are merged until each holds the limit per group and label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measure.cells import SCALE, Cube, GroupingSet, Scores, ScoreSet
from audits.measure.cube import Counted
from audits.measure.types import SUPPRESSED


def suppress(counted: Counted, limit: int) -> Counted:
    """The same cube with small cells merged away; figures and verdicts are then computed from this one.

    The counts of the whole population stay: they tell of no group.
    """
    cube = counted.cube
    hidden: dict[tuple[str, ...], set[int]] = {s.attributes: _own(s, limit) for s in cube.sets if s.attributes}
    while _complement(cube, hidden, limit):
        pass
    sets = tuple(_merged(s, sorted(hidden.get(s.attributes, ()))) for s in cube.sets)
    names = tuple(tuple(s.group(i).items()) for s in cube.sets for i in sorted(hidden.get(s.attributes, ())))
    scores = _merge_scores(cube.scores, hidden, limit) if cube.scores else None
    return replace(counted, cube=replace(cube, sets=sets, scores=scores, suppressed=names))


def _small(n: NDArray[np.int64], limit: int) -> NDArray[np.bool_]:
    return (n > 0) & (n < limit)


def _own(cells: GroupingSet, limit: int) -> set[int]:
    return {i for i in range(len(cells.groups)) if _small(cells.n[i], limit).any()}


def _complement(cube: Cube, hidden: dict[tuple[str, ...], set[int]], limit: int) -> bool:
    """Hide one more group wherever what is hidden could be worked out; False when nothing was left to do."""
    for cells in cube.sets:
        if not cells.attributes:
            continue
        for line in _lines(cells):
            mine = hidden[cells.attributes] & set(line)
            shown = [i for i in line if i not in mine]
            total = cells.n[sorted(mine)].sum(axis=0)
            if mine and shown and (len(mine) == 1 or _small(total, limit).any()):
                hidden[cells.attributes].add(min(shown, key=lambda i: int(cells.n[i].sum())))
                return True
    return False


def _lines(cells: GroupingSet) -> list[list[int]]:
    """The groups that add up to a count shown elsewhere: all, and those that agree in all attributes but one."""
    lines: dict[Any, list[int]] = {}
    for i, group in enumerate(cells.groups):
        lines.setdefault("all", []).append(i)
        for kept in range(len(group) if len(group) > 1 else 0):
            lines.setdefault((kept, group[:kept] + group[kept + 1 :]), []).append(i)
            lines.setdefault((kept, "value", group[kept]), []).append(i)
    return list(lines.values())


def _merged(cells: GroupingSet, hidden: Sequence[int]) -> GroupingSet:
    if not hidden:
        return cells
    shown = [i for i in range(len(cells.groups)) if i not in set(hidden)]
    name = (f"({SUPPRESSED})",) * len(cells.attributes)

    def merge(values: NDArray[Any] | None) -> NDArray[Any] | None:
        if values is None:
            return None
        return np.concatenate([values[shown], values[list(hidden)].sum(axis=0, keepdims=True)])

    n = merge(cells.n)
    assert n is not None
    groups = (*(cells.groups[i] for i in shown), name)
    return GroupingSet(cells.attributes, groups, n, merge(cells.w), merge(cells.w2))


def _merge_scores(scores: Scores, hidden: dict[tuple[str, ...], set[int]], limit: int) -> Scores:
    sets = tuple(_merge_set(s, hidden.get(s.attributes, set()), limit) for s in scores.sets)
    return Scores("merged", scores.bins, sets)


def _merge_set(cells: ScoreSet, hidden: set[int], limit: int) -> ScoreSet:
    """Shown groups with their scores gathered into cells of at least `limit` rows of either label."""
    shown = [i for i in range(len(cells.groups)) if i not in hidden]
    parts = [_gather(cells, i, place, limit) for place, i in enumerate(shown)]
    joined = {key: np.concatenate([p[key] for p in parts]) for key in parts[0]} if parts else _nothing()
    return ScoreSet(cells.attributes, tuple(cells.groups[i] for i in shown), **joined)


def _nothing() -> dict[str, NDArray[Any]]:
    floats: dict[str, NDArray[Any]] = {key: np.zeros(0) for key in ("low", "high")}
    return floats | {key: np.zeros(0, np.int64) for key in ("group", "label", "n")}


def _gather(cells: ScoreSet, index: int, place: int, limit: int) -> dict[str, NDArray[Any]]:
    at = np.flatnonzero(cells.group == index)
    edges, position = np.unique(cells.low[at], return_inverse=True)
    n = np.zeros((2, len(edges)), dtype=np.int64)
    np.add.at(n, (cells.label[at], position), cells.n[at])
    span = _spans(n, limit)[position]
    label = cells.label[at]
    keys, target = np.unique(np.stack([span, label]), axis=1, return_inverse=True)
    target = target.reshape(-1)
    scaled: NDArray[Any] | None = cells.s
    if scaled is None:
        scaled = np.array([round(v * SCALE) for v in cells.low], dtype=object) * cells.n
    sums: dict[str, NDArray[Any]] = {"n": cells.n, "s": scaled}
    if cells.w is not None and cells.w2 is not None:
        sums |= {"w": cells.w, "w2": cells.w2}
    merged = {name: np.zeros(keys.shape[1], dtype=values.dtype) for name, values in sums.items()}
    for name, values in sums.items():
        np.add.at(merged[name], target, values[at])
    low, high = np.full(span.max() + 1, np.inf), np.full(span.max() + 1, -np.inf)
    np.minimum.at(low, span, cells.low[at])
    np.maximum.at(high, span, cells.high[at])
    shape = np.full(keys.shape[1], place, dtype=np.int64)
    return {"group": shape, "label": keys[1], "low": low[keys[0]], "high": high[keys[0]], **merged}


def _spans(n: NDArray[np.int64], limit: int) -> NDArray[np.intp]:
    """The number of the span that each score falls into: a span closes once both labels have `limit` rows in it."""
    present = n.sum(axis=1) > 0
    spans, current, held = np.zeros(n.shape[1], dtype=np.intp), 0, np.zeros(2, dtype=np.int64)
    for i in range(n.shape[1]):
        spans[i] = current
        held += n[:, i]
        if (held >= limit)[present].all() and (n[:, i + 1 :].sum(axis=1) >= limit)[present].all():
            current, held = current + 1, np.zeros(2, dtype=np.int64)
    return spans
