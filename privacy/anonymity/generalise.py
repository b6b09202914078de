"""How to coarsen the identifiers until every row has company: a suggestion, found by greedy steps.

As Datafly (Sweeney 2002, https://doi.org/10.1142/S021848850200165X) it coarsens one column at a time by one step of
that column's ladder, and gives up the few rows that are still alone. Datafly takes the column with most values; here
the one that rescues most rows for the information it costs, measured by the entropy of its levels (Gionis and Tassa
2009). No smallest loss is promised: finding that is NP-hard (Meyerson and Williams 2004).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from privacy.anonymity.measures import Anonymity, anonymity, classes_of_codes
from privacy.anonymity.rows import MISSING, Column, Combinations

OTHER = "(other)"
KEPT = "as it is"
DROPPED = "left out"


@dataclass(frozen=True)
class Rung:
    """One way to write a column: what it is called, and the code (levels,) that each of its levels gets."""

    says: str
    map: np.ndarray


@dataclass(frozen=True)
class Suggestion:
    """`columns` says how each identifier is written; then `dropped` rows still share theirs with fewer than k - 1
    others and are to be left out; `after` describes the rest, None where nothing would be left."""

    k: int
    columns: tuple[tuple[str, str], ...]
    dropped: int
    after: Anonymity | None


def suggest(table: Combinations, k: int, most_dropped: float = 0.01) -> Suggestion:
    """Coarsen until at most a share `most_dropped` of the rows lies in classes of fewer than `k`."""
    ladders = [tuple(ladder(column, table.n, k)) for column in table.identifiers]
    at = [0] * len(ladders)
    allowed = most_dropped * table.rows
    while (lonely := _lonely(table, ladders, at, k)) > allowed:
        steps = [i for i, rungs in enumerate(ladders) if at[i] + 1 < len(rungs)]
        if not steps:
            break
        best = max(steps, key=lambda i: _worth(table, ladders, at, i, k, lonely))
        at[best] += 1
    return _described(table, ladders, _refined(table, ladders, at, k, allowed), k)


def ladder(column: Column, n: np.ndarray, k: int) -> Iterator[Rung]:
    """From the column as it is to leaving it out; each rung is coarser than the one before it."""
    width = len(column.levels)
    yield Rung(KEPT, np.arange(width))
    known, missing = _known(column)
    if known:
        yield from _coarser(column.kind, known, missing, np.bincount(column.codes, weights=n, minlength=width), k)
    if width > 1:
        yield Rung(DROPPED, np.zeros(width, np.int64))


def _known(column: Column) -> tuple[list[Any], bool]:
    missing = bool(column.levels) and column.levels[-1] is MISSING
    return list(column.levels[:-1] if missing else column.levels), missing


def _coarser(kind: str, known: list[Any], missing: bool, n: np.ndarray, k: int) -> Iterator[Rung]:
    if kind == "number":
        rungs = _steps_of_numbers(np.asarray(known, float))
    elif kind == "day":
        rungs = _steps_of_days(known)
    else:
        rungs = _steps_of_texts(known, n, k)
    before = len(known)
    for says, labels in rungs:
        _, codes = np.unique(labels, return_inverse=True)
        groups = int(codes.max()) + 1
        # a rung that merges nothing, or everything, is none
        if 1 < groups < before:
            before = groups
            yield Rung(says, np.append(codes, groups) if missing else codes)


def _steps_of_numbers(values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Intervals of 1, 2, 5, 10, ... wide, from the narrowest that could merge two values to half of the range."""
    gaps = np.diff(values)
    finest, widest = float(gaps.min(initial=math.inf)), float(values[-1] - values[0])
    if not (math.isfinite(finest) and math.isfinite(widest)) or widest <= 0:
        return
    exponent = math.floor(math.log10(max(finest, widest / 1e4)))
    while 10.0**exponent <= widest:
        for digit in (1, 2, 5):
            step = digit * 10.0**exponent
            if finest < step <= widest:
                yield f"in intervals of {step:g}", np.floor(values / step)
        exponent += 1


def _steps_of_days(days: list[Any]) -> Iterator[tuple[str, np.ndarray]]:
    yield "by day", np.array([f"{day:%Y-%m-%d}" for day in days])
    yield "by month", np.array([f"{day:%Y-%m}" for day in days])
    yield "by year", np.array([day.year for day in days])
    yield "by decade", np.array([day.year // 10 for day in days])


def _steps_of_texts(values: list[str], n: np.ndarray, k: int) -> Iterator[tuple[str, np.ndarray]]:
    """Codes lose their last signs; other words keep what is frequent and merge what is rare."""
    texts = np.array(values, object)
    length = len(values[0])
    if length > 2 and len(values) > 2 * k and all(len(v) == length and v.isalnum() for v in values):
        for kept in range(length - 1, 0, -1):
            yield f"by the first {kept} of {length} signs", np.array([v[:kept] for v in values], object)
        return
    rank = np.argsort(np.argsort(-n[: len(values)], kind="stable"), kind="stable")
    yield f"levels of fewer than {k} rows merged", np.where(n[: len(values)] < k, OTHER, texts)
    keep = len(values) // 2
    while keep >= 1:
        yield f"the {keep} most frequent kept, the rest merged", np.where(rank >= keep, OTHER, texts)
        keep //= 2


def _codes(table: Combinations, ladders: list[tuple[Rung, ...]], at: list[int]) -> list[np.ndarray]:
    return [rungs[i].map[column.codes] for column, rungs, i in zip(table.identifiers, ladders, at, strict=True)]


def _lonely(table: Combinations, ladders: list[tuple[Rung, ...]], at: list[int], k: int) -> int:
    """Rows in classes of fewer than k."""
    sizes = np.bincount(classes_of_codes(_codes(table, ladders, at)), weights=table.n)
    return int(sizes[sizes < k].sum())


def _worth(
    table: Combinations, ladders: list[tuple[Rung, ...]], at: list[int], i: int, k: int, lonely: int
) -> tuple[float, float]:
    """Rows rescued for each bit and row that the next step on ladder i takes away; where none is, the cheapest step."""
    taken = [step + (j == i) for j, step in enumerate(at)]
    column, rungs = table.identifiers[i], ladders[i]
    cost = _bits(rungs[at[i]].map[column.codes], table.n) - _bits(rungs[taken[i]].map[column.codes], table.n)
    rescued = lonely - _lonely(table, ladders, taken, k)
    return rescued / max(cost, 1e-9), -cost


def _bits(codes: np.ndarray, n: np.ndarray) -> float:
    share = np.bincount(codes, weights=n) / n.sum()
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum())


def _refined(table: Combinations, ladders: list[tuple[Rung, ...]], at: list[int], k: int, allowed: float) -> list[int]:
    """Steps that later ones made needless are taken back, the most telling column first."""

    def back(i: int) -> list[int]:
        return [step - (j == i) for j, step in enumerate(at)]

    def regained(i: int) -> float:
        codes, rungs = table.identifiers[i].codes, ladders[i]
        return _bits(rungs[at[i] - 1].map[codes], table.n) - _bits(rungs[at[i]].map[codes], table.n)

    while free := [i for i in range(len(at)) if at[i] and _lonely(table, ladders, back(i), k) <= allowed]:
        at = back(max(free, key=regained))
    return at


def _described(table: Combinations, ladders: list[tuple[Rung, ...]], at: list[int], k: int) -> Suggestion:
    classes = classes_of_codes(_codes(table, ladders, at))
    sizes = np.bincount(classes, weights=table.n)
    kept = sizes[classes] >= k
    columns = tuple((c.name, rungs[i].says) for c, rungs, i in zip(table.identifiers, ladders, at, strict=True))
    _, left = np.unique(classes[kept], return_inverse=True)
    after = anonymity(table.n[kept], left) if kept.any() else None
    return Suggestion(k, columns, int(sizes[sizes < k].sum()), after)
