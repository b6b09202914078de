"""Which few columns are enough to single somebody out: the share of rows that are alone in each small subset of them.

Singling out is the first of the three criteria of anonymisation of the Article 29 Working Party (Opinion 05/2014,
WP216); the second and third, linkability and inference, are what l-diversity, t-closeness and attacks speak of.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from privacy.anonymity.measures import classes_of
from privacy.anonymity.rows import Combinations

MOST_COLUMNS = 3


@dataclass(frozen=True)
class Singled:
    """`unique` of the table's rows are the only ones with their levels of `columns`."""

    columns: tuple[str, ...]
    unique: int


def singled_out(table: Combinations, most: int = MOST_COLUMNS) -> tuple[Singled, ...]:
    """Every subset of at most `most` identifiers that singles a row out, the telling ones first, then the small."""
    found = []
    for size in range(1, min(most, len(table.identifiers)) + 1):
        for chosen in combinations(table.identifiers, size):
            rows = np.bincount(classes_of(chosen), weights=table.n)
            found.append(Singled(tuple(column.name for column in chosen), int((rows == 1).sum())))
    telling = [each for each in found if each.unique]
    return tuple(sorted(telling, key=lambda each: (-each.unique, len(each.columns), each.columns)))
