"""How well a table hides the people in it: k-anonymity, uniqueness, l-diversity and t-closeness.

An attacker is taken to know a person's identifiers and that the person is in the table (the prosecutor's model). Rows
that share all identifiers are an equivalence class. These figures are exact properties of the rows at hand: they have
no sampling error, and they say nothing of other tables that the attacker may hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from privacy.anonymity.rows import Column, Combinations

# sizes of classes as they are told: 1, 2, 3-4, 5-9, 10 and more
EDGES = ((1, 1), (2, 2), (3, 4), (5, 9), (10, None))


@dataclass(frozen=True)
class Anonymity:
    """`k` is the size of the smallest class (Sweeney 2002), `unique` the rows that stand alone, `sizes` the rows in
    classes of each size ((from, to), rows); `risk` is the chance to name a row rightly, on average over rows."""

    rows: int
    classes: int
    k: int
    unique: int
    sizes: tuple[tuple[tuple[int, int | None], int], ...]
    risk: float


@dataclass(frozen=True)
class Disclosure:
    """What class membership gives away of one sensitive column.

    `distinct` and `entropy` are l (Machanavajjhala et al. 2007, https://doi.org/10.1145/1217299.1217302): in the worst
    class the number of values, and the exponential of the entropy. `t` is the largest distance of a class from the
    whole table (Li et al. 2007, https://doi.org/10.1109/ICDE.2007.367856): ordered distance for numbers and days, equal
    distance for text. `revealed` counts the rows whose class has one value only.
    """

    column: str
    distinct: int
    entropy: float
    t: float
    revealed: int


def anonymity(n: np.ndarray, classes: np.ndarray) -> Anonymity:
    """Of combinations with `n` (m,) rows that lie in `classes` (m,), numbered from 0 without gaps."""
    sizes = np.bincount(classes, weights=n).astype(np.int64)
    tops = [high or int(sizes.max()) for _, high in EDGES]
    told = [int(sizes[(sizes >= low) & (sizes <= top)].sum()) for (low, _), top in zip(EDGES, tops, strict=True)]
    return Anonymity(
        rows=int(sizes.sum()),
        classes=len(sizes),
        k=int(sizes.min()),
        unique=int((sizes == 1).sum()),
        sizes=tuple(zip(EDGES, told, strict=True)),
        risk=len(sizes) / int(sizes.sum()),
    )


def classes_of(columns: Sequence[Column]) -> np.ndarray:
    """The class (m,) of each combination, numbered from 0: the same where all columns have the same level."""
    return classes_of_codes([column.codes for column in columns])


def classes_of_codes(codes: Sequence[np.ndarray]) -> np.ndarray:
    """As classes_of, of codes (m,) that are each numbered from 0."""
    found = np.zeros(len(codes[0]) if codes else 1, np.int64)
    for each in codes:
        # renumbered after each column, so that the product never overflows
        _, found = np.unique(found * (int(each.max()) + 1) + each, return_inverse=True)
    return found


def disclosure(combinations: Combinations, column: Column, classes: np.ndarray) -> Disclosure:
    """What the classes give away of one sensitive column."""
    width = len(column.levels)
    pairs, inverse = np.unique(classes * width + column.codes, return_inverse=True)
    n = np.bincount(inverse, weights=combinations.n)
    of, level = pairs // width, pairs % width
    sizes = np.bincount(of, weights=n)
    values = np.bincount(of)
    share = n / sizes[of]
    entropy = np.bincount(of, weights=-share * np.log(share))
    overall = np.bincount(level, weights=n, minlength=width) / n.sum()
    distance = _ordered if column.ordered else _equal
    return Disclosure(
        column=column.name,
        distinct=int(values.min()),
        entropy=float(np.exp(entropy.min())),
        t=float(distance(of, level, share, overall).max()),
        revealed=int(sizes[values == 1].sum()),
    )


def _equal(of: np.ndarray, level: np.ndarray, share: np.ndarray, overall: np.ndarray) -> np.ndarray:
    """Half the sum of absolute differences of each class (c,) from the whole; levels that it lacks count in full."""
    there = np.bincount(of, weights=np.abs(share - overall[level]))
    return (there + 1 - np.bincount(of, weights=overall[level])) / 2


def _ordered(of: np.ndarray, level: np.ndarray, share: np.ndarray, overall: np.ndarray) -> np.ndarray:
    """The sum over levels of |F(class) - F(whole)| over (levels - 1), for each class (c,), without a row per level.

    F(class) is constant between two levels that the class has, F(whole) rises: one search finds where they cross.
    """
    width = len(overall)
    if width == 1:
        return np.zeros(int(of.max()) + 1)
    whole = np.cumsum(overall)[:-1]
    area = np.concatenate([[0.0], np.cumsum(whole)])
    first = np.concatenate([[True], of[1:] != of[:-1]])
    running = np.cumsum(share)
    constant = running - np.concatenate([[0.0], running])[:-1][first][of]
    # from one level of the class up to its next one, or to the end; before its first one the class has 0
    end = np.where(np.concatenate([first[1:], [True]]), width - 1, np.concatenate([level[1:], [0]]))
    cross = np.clip(np.searchsorted(whole, constant, side="right"), level, end)
    below = constant * (cross - level) - (area[cross] - area[level])
    above = (area[end] - area[cross]) - constant * (end - cross)
    before = np.bincount(of[first], weights=area[level[first]])
    return (before + np.bincount(of, weights=below + above)) / (width - 1)
