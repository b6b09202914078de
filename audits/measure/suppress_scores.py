"""Suppression of score cells: spans of scores that hold enough rows, in every table and between tables.

What a reader knows of a group's scores is its count by label below each edge that is printed: its own edges, those of
everybody less those of all other groups, and the threshold, below which the counts by prediction tell. So
- everybody's spans come first, and an edge of everybody's is an edge of all groups of an attribute or of none;
- spans are made below and above the threshold separately;
- a span's ends are those of everybody's scores in it, so that no end tells where a group has no rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measure.cells import SCALE, GroupingSet, Scores, ScoreSet

# everybody's spans hold at least this share of the rows, so that groups find room for edges of their own
FINEST = 1 / 1000

Whole = NDArray[np.int64]


def suppress_scores(
    scores: Scores,
    sets: Sequence[GroupingSet],
    hidden: dict[tuple[str, ...], set[int]],
    limit: int,
    threshold: float | None,
) -> Scores:
    """The same scores in spans of at least `limit` rows per group and label, without the `hidden` groups."""
    everybody = scores.sets[0]
    grid = _Grid(everybody, threshold, limit)
    made = [grid.spans(everybody, [0], grid.edges)]
    for one in scores.sets[1:]:
        away = hidden.get(one.attributes, set())
        shown = [i for i in range(len(one.groups)) if i not in away]
        made.append(grid.spans(one, shown, grid.edges_of_groups(one, shown)))
    return Scores("merged", scores.bins, tuple(made))


class _Grid:
    """Everybody's scores in ascending order as positions, cut at the threshold, with everybody's own edges.

    An edge is the position after which a span ends.
    """

    def __init__(self, everybody: ScoreSet, threshold: float | None, limit: int) -> None:
        self.limit = limit
        self.low, first = np.unique(everybody.low, return_index=True)
        self.high = everybody.high[first]
        cut = len(self.low) if threshold is None else int(np.searchsorted(self.low, threshold))
        straddling = cut > 0 and threshold is not None and bool(self.high[cut - 1] > threshold)
        # a bin on both sides of the threshold belongs to neither part, and its neighbours are joined with it
        self.parts = [(0, cut - straddling), (cut, len(self.low))]
        group, label, position = np.zeros_like(everybody.label), everybody.label, self.positions(everybody)
        small = [self._sums(group, label, position, everybody.n, part, 1) for part in self.parts]
        parted = all(((n == 0) | (n >= limit)).all() and n.any() for n in small)
        self.at_cut = [cut - 1] if parted and not straddling else []
        least = FINEST * int(everybody.n.sum())
        (edges,) = self._walk(group, label, position, everybody.n, 1, frozenset(), least)
        self.edges = [edges]

    def positions(self, one: ScoreSet) -> NDArray[np.intp]:
        return np.searchsorted(self.low, one.low)

    def edges_of_groups(self, one: ScoreSet, shown: Sequence[int]) -> list[list[int]]:
        """The edges of each shown group; all others are taken together as one more group, that prints none."""
        place = np.full(len(one.groups), len(shown), dtype=np.int64)
        place[list(shown)] = np.arange(len(shown))
        common = frozenset(self.edges[0]) - frozenset(self.at_cut)
        count = len(shown) + (len(shown) < len(one.groups))
        return self._walk(place[one.group], one.label, self.positions(one), one.n, count, common)[: len(shown)]

    def _sums(self, group: Any, label: Any, position: Any, n: Whole, part: tuple[int, int], count: int) -> Whole:
        inside = (position >= part[0]) & (position < part[1])
        sums = np.zeros((count, 2), dtype=np.int64)
        np.add.at(sums, (group[inside], label[inside]), n[inside])
        return sums

    def _walk(
        self, group: Any, label: Any, position: Any, n: Whole, count: int, common: Collection[int], least: float = 0.0
    ) -> list[list[int]]:
        """The edges of `count` groups, over both parts; at `common` positions all groups have one or none."""
        edges: list[list[int]] = [[] for _ in range(count)]
        order = np.argsort(position, kind="stable")
        rows = list(zip(*(a[order].tolist() for a in (position, group, label, n)), strict=True))
        for part in self.parts:
            left = self._sums(group, label, position, n, part, count)
            _Walk(left, self.limit, least, edges).go([r for r in rows if part[0] <= r[0] < part[1]], common, part)
            if part is self.parts[0]:
                for own in edges:
                    own.extend(self.at_cut)
        return edges

    def spans(self, one: ScoreSet, shown: Sequence[int], edges: Sequence[Sequence[int]]) -> ScoreSet:
        """The score set of the shown groups with their cells gathered between their edges."""
        position = self.positions(one)
        parts = [self._gather(one, i, place, position, edges[place]) for place, i in enumerate(shown)]
        joined = {key: np.concatenate([p[key] for p in parts]) for key in parts[0]} if parts else _nothing(one)
        return ScoreSet(one.attributes, tuple(one.groups[i] for i in shown), **joined)

    def _gather(
        self, one: ScoreSet, index: int, place: int, position: NDArray[np.intp], edges: Sequence[int]
    ) -> dict[str, NDArray[Any]]:
        at = np.flatnonzero(one.group == index)
        span = np.searchsorted(np.array(edges, dtype=np.intp), position[at])
        keys, target = np.unique(np.stack([span, one.label[at]]), axis=1, return_inverse=True)
        values = _summed_columns(one)
        sums = {name: np.zeros(keys.shape[1], dtype=column.dtype) for name, column in values.items()}
        for name, column in values.items():
            np.add.at(sums[name], target.reshape(-1), column[at])
        starts, ends = np.array([0, *(e + 1 for e in edges)]), np.array([*edges, len(self.low) - 1])
        group = np.full(keys.shape[1], place, dtype=np.int64)
        low, high = self.low[starts[keys[0]]], self.high[ends[keys[0]]]
        return {"group": group, "label": keys[1], "low": low, "high": high, **sums}


class _Walk:
    """One part of the scores, walked upwards: what every group holds since its last edge and what is left to come."""

    def __init__(self, left: Whole, limit: int, least: float, edges: list[list[int]]) -> None:
        self.left, self.limit, self.least, self.edges = left, limit, least, edges
        self.present = left > 0
        self.held = np.zeros_like(left)
        self.active = np.flatnonzero(self.present.any(axis=1)).tolist()
        # where only one group has a label, everybody's edges are that group's: it gets no others
        self.free = bool((self.present.sum(axis=0) != 1).all()) or len(left) == 1

    def go(self, rows: Sequence[tuple[int, int, int, int]], common: Collection[int], part: tuple[int, int]) -> None:
        stops = sorted(p for p in common if part[0] <= p < part[1])
        start = 0
        for position in sorted({*(r[0] for r in rows), *stops}):
            touched = set()
            while start < len(rows) and rows[start][0] == position:
                _, group, label, n = rows[start]
                self.held[group, label] += n
                self.left[group, label] -= n
                touched.add(group)
                start += 1
            if position in common:
                if all(self._full(g) for g in self.active):
                    self._close(self.active, position)
            elif self.free:
                self._close([g for g in touched if self._full(g)], position)

    def _full(self, group: int) -> bool:
        """Whether enough lies on both sides of an edge here, of each label that the group has."""
        has = self.present[group]
        held, left = self.held[group][has], self.left[group][has]
        return bool((held >= self.limit).all() and (left >= self.limit).all() and held.sum() >= self.least)

    def _close(self, groups: Sequence[int], position: int) -> None:
        for group in groups:
            self.edges[group].append(position)
            self.held[group] = 0


def _summed_columns(one: ScoreSet) -> dict[str, NDArray[Any]]:
    """Rows, the scaled sum of scores, and weights where there are any."""
    scaled = one.s if one.s is not None else np.array([round(v * SCALE) for v in one.low], dtype=object) * one.n
    columns: dict[str, NDArray[Any]] = {"n": one.n, "s": scaled}
    if one.w is not None and one.w2 is not None:
        columns |= {"w": one.w, "w2": one.w2}
    return columns


def _nothing(one: ScoreSet) -> dict[str, NDArray[Any]]:
    empty: dict[str, NDArray[Any]] = {key: np.zeros(0) for key in ("low", "high")}
    empty |= {key: np.zeros(0, dtype=np.int64) for key in ("group", "label")}
    return empty | {key: column[:0] for key, column in _summed_columns(one).items()}
