"""How closely an input follows a sensitive attribute: the table by which a reader finds proxies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from audits.explain.trees import Floats

Measure = Literal["Cramér's V", "correlation ratio"]


@dataclass(frozen=True, slots=True)
class Association:
    """Between 0 (none) and 1 (the attribute can be told from the input, or the input's mean from the attribute)."""

    attribute: str
    feature: str
    measure: Measure
    value: float


def association(attribute: str, groups: NDArray[Any], feature: str, column: pa.ChunkedArray) -> Association:
    """Cramér's V for an input of categories, the correlation ratio for a number; corrected for chance.

    `groups` (n,) holds the attribute's group of each row. Missing numbers are left out, missing categories are one.
    """
    _, group = np.unique(groups, return_inverse=True)
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = pc.fill_null(column.cast(pa.float64(), safe=False), np.nan).to_numpy()
        return Association(attribute, feature, "correlation ratio", correlation_ratio(group, values))
    texts = np.array([str(value) for value in column.to_pylist()])
    _, category = np.unique(texts, return_inverse=True)
    return Association(attribute, feature, "Cramér's V", cramers_v(group, category))


def cramers_v(one: NDArray[np.intp], two: NDArray[np.intp]) -> float:
    """Cramér's V of two categorical variables, each given as codes (n,), with Bergsma's correction for chance.

    Source: Cramér, Mathematical Methods of Statistics (1946), p. 282; Bergsma, Journal of the Korean Statistical
    Society 42 (2013) 323-328.
    """
    counts = np.zeros((int(one.max()) + 1, int(two.max()) + 1))
    np.add.at(counts, (one, two), 1.0)
    n, (r, c) = len(one), counts.shape
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    if n < 2 or min(r, c) < 2:
        return 0.0
    phi2 = float(((counts - expected) ** 2 / expected).sum()) / n
    corrected = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    smaller = min(rows, columns) - 1
    return min(1.0, float(np.sqrt(corrected / smaller))) if smaller > 0 else 0.0


def correlation_ratio(group: NDArray[np.intp], values: Floats) -> float:
    """The root of the share of a number's variance that lies between the groups, with Kelley's correction for chance.

    Source: Fisher, Statistical Methods for Research Workers (1925), section 45; Kelley, PNAS 21 (1935) 554-559.
    """
    known = np.isfinite(values)
    codes = np.unique(group[known], return_inverse=True)[1]
    numbers = values[known]
    n = len(numbers)
    k = int(codes.max()) + 1 if n else 0
    total = float(((numbers - numbers.mean()) ** 2).sum()) if n else 0.0
    if k < 2 or n <= k or total <= 0:
        return 0.0
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=numbers) / counts
    within = float(((numbers - means[codes]) ** 2).sum())
    return float(np.sqrt(max(0.0, 1.0 - within / total * (n - 1) / (n - k))))
