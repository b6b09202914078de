"""Suppression: a cube in which no printed count, nor any difference of printed counts, gives a group away.

A group is merged into "(suppressed)" where one of its cells holds fewer rows than the limit (and at least one), and
so are as many of the next smallest groups as it takes for the merged counts to reach the limit themselves, and for no
hidden group to follow from a total less the groups shown (complementary suppression; Hundepool et al., Statistical
Disclosure Control, 2012, chapter 4). With intersections the tables hang together, so what follows from all of them
taken together is worked out by linear algebra. Score cells: see suppress_scores.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measure.cells import Cube, GroupingSet
from audits.measure.cube import Counted
from audits.measure.suppress_scores import suppress_scores
from audits.measure.types import SUPPRESSED

# above this many hidden groups a table of intersections is hidden whole, to keep the algebra small
MOST_HIDDEN = 400
Hidden = dict[tuple[str, ...], set[int]]


def suppress(counted: Counted, limit: int) -> Counted:
    """The same cube with small cells merged away; figures and verdicts are then computed from this one.

    The counts of the whole population stay: they tell of no group.
    """
    cube = counted.cube
    hidden: Hidden = {s.attributes: _own(s, limit) for s in cube.sets if s.attributes}
    while _hide_crowds(cube, hidden) or _complement(cube, hidden, limit) or _hide_what_follows(cube, hidden, limit):
        pass
    sets = tuple(_merged(s, sorted(hidden.get(s.attributes, ()))) for s in cube.sets)
    names = tuple(tuple(s.group(i).items()) for s in cube.sets for i in sorted(hidden.get(s.attributes, ())))
    scores = cube.scores and suppress_scores(cube.scores, cube.sets, hidden, limit, counted.threshold)
    return replace(counted, cube=replace(cube, sets=sets, scores=scores, suppressed=names))


def _small(n: NDArray[np.int64], limit: int) -> NDArray[np.bool_]:
    return (n > 0) & (n < limit)


def _own(cells: GroupingSet, limit: int) -> set[int]:
    return {i for i in range(len(cells.groups)) if _small(cells.n[i], limit).any()}


def _hide_crowds(cube: Cube, hidden: Hidden) -> bool:
    for cells in cube.sets:
        if len(cells.attributes) > 1 and MOST_HIDDEN < len(hidden[cells.attributes]) < len(cells.groups):
            hidden[cells.attributes] = set(range(len(cells.groups)))
            return True
    return False


def _complement(cube: Cube, hidden: Hidden, limit: int) -> bool:
    """Hide one more group wherever one is hidden alone, or the hidden ones of a line are few; False if nowhere."""
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
    """The groups that add up to a count shown elsewhere: all of them, and those that agree in some attributes."""
    lines: dict[Any, list[int]] = {}
    for i, group in enumerate(cells.groups):
        for size in range(len(group)):
            for kept in itertools.combinations(range(len(group)), size):
                lines.setdefault((kept, tuple(group[k] for k in kept)), []).append(i)
    return list(lines.values())


def _hide_what_follows(cube: Cube, hidden: Hidden, limit: int) -> bool:
    """Hide more groups where a hidden one with a small cell follows from all tables together; False if nowhere."""
    finest = max(cube.sets, key=lambda s: len(s.attributes))
    if len(finest.attributes) < 2:
        return False
    followed = list(_following(cube, finest, hidden, limit))
    for cells, i in followed:
        _hide_beside(cube, cells, i, hidden)
    return bool(followed)


def _following(cube: Cube, finest: GroupingSet, hidden: Hidden, limit: int) -> Iterator[tuple[GroupingSet, int]]:
    """The hidden groups of which a small count can be worked out.

    Unknown are the counts of the finest groups, none below 0; every printed count is a sum of some of them. Once the
    unknowns that can only be 0 are taken out, a sum of them follows exactly where it lies in the span of the printed
    ones.
    """
    sums = {s.attributes: _members(s, finest) for s in cube.sets}
    printed = _printed(cube, sums, hidden)
    for label, prediction in np.ndindex(finest.n.shape[1:]):
        counts = finest.n[:, label, prediction]
        open_ = np.flatnonzero(~_only_zero(printed, counts))
        basis = _row_space(printed[:, open_])
        for cells in cube.sets:
            for i in sorted(hidden.get(cells.attributes, ())):
                wanted = sums[cells.attributes][i, open_]
                rest = wanted - basis.T @ (basis @ wanted)
                if _small(wanted @ counts[open_], limit).any() and np.abs(rest).max(initial=0.0) < 1e-9:
                    yield cells, i


def _members(cells: GroupingSet, finest: GroupingSet) -> NDArray[np.float64]:
    """Which finest groups make up each group, of shape (groups, finest groups)."""
    kept = [finest.attributes.index(a) for a in cells.attributes]
    place = {group: i for i, group in enumerate(cells.groups)}
    members = np.zeros((len(cells.groups), len(finest.groups)))
    for j, group in enumerate(finest.groups):
        members[place[tuple(group[k] for k in kept)], j] = 1.0
    return members


def _printed(cube: Cube, sums: dict[tuple[str, ...], NDArray[np.float64]], hidden: Hidden) -> NDArray[np.float64]:
    rows = []
    for cells in cube.sets:
        away = sorted(hidden.get(cells.attributes, ()))
        shown = [i for i in range(len(cells.groups)) if i not in set(away)]
        rows.append(sums[cells.attributes][shown])
        if away:
            rows.append(sums[cells.attributes][away].sum(axis=0, keepdims=True))
    return np.concatenate(rows)


def _only_zero(printed: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which unknowns can be nothing but 0, given the printed sums of `counts`.

    One linear program lifts as many of those that are 0 off it as the printed sums allow, each by up to 1.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack

    only = (printed[(printed @ counts) == 0] > 0).any(axis=0)
    open_ = np.flatnonzero(~only)
    zero = np.flatnonzero(counts[open_] == 0)
    if not len(zero):
        return only
    sums = csr_array(printed[:, open_])
    equal = hstack([sums, csr_array((len(printed), len(zero)))])
    lifted = hstack([-eye_array(len(open_), format="csr")[zero], eye_array(len(zero))])
    found = linprog(
        np.concatenate([np.zeros(len(open_)), -np.ones(len(zero))]),
        A_ub=lifted,
        b_ub=np.zeros(len(zero)),
        A_eq=equal,
        b_eq=printed @ counts,
        bounds=[(0, None)] * len(open_) + [(0, 1)] * len(zero),
    )
    if found.success:
        only[open_[zero[found.x[len(open_) :] < 1e-6]]] = True
    return only


def _row_space(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """An orthonormal basis of what the rows span."""
    _, strength, basis = np.linalg.svd(rows, full_matrices=False)
    return basis[strength > 1e-9 * strength.max(initial=1.0)]


def _hide_beside(cube: Cube, cells: GroupingSet, index: int, hidden: Hidden) -> None:
    """Hide the smallest shown group that takes part in working this one out: in finer tables first."""
    finer = sorted(
        (s for s in cube.sets if set(cells.attributes) <= set(s.attributes)), key=lambda s: -len(s.attributes)
    )
    group = cells.group(index)
    others = [s for s in cube.sets if len(s.attributes) > 1 and s not in finer]
    for one in (*finer, *sorted(others, key=lambda s: -len(s.attributes))):
        shown = [i for i in range(len(one.groups)) if i not in hidden[one.attributes]]
        near = [i for i in shown if any(one.group(i).get(a) == v for a, v in group.items())] or shown
        if near:
            hidden[one.attributes].add(min(near, key=lambda i: int(one.n[i].sum())))
            return


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
