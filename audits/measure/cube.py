"""Reading the rows once, with one GROUP BY, into a cube. The expression is Ibis: DuckDB here, any engine where the
rows live. Only counts, sums of scaled integers, comparisons and floor are used, which every engine has alike.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audits.measure.cells import SCALE, Cube, GroupingSet, Scores, ScoreSet, Weighting
from audits.measure.labels import Outcomes, name_outcomes
from audits.measure.types import MISSING, SUPPRESSED
from models.errors import InputError

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

MAX_CELLS = 200_000
# every pair of groups is compared, so the work grows with their square
MAX_GROUPS = 500
MAX_SCORE_CELLS = 400_000
MAX_BINS = 65_536
# a frequency times a score scaled by 2^32 still fits 64 bits
MAX_FREQUENCY = 2**27
# weights are scaled into 52 bits, so that half of one can be added exactly, and their squares' sums into 126 (10^38)
WEIGHT_BITS, SQUARES_BITS = 52, 126
# powers of two between which the scaling itself is a number
MOST_EXPONENT = 900
SAMPLE = 10_000
# combinations of all attributes in the sample up to which one GROUP BY over all of them serves every set
JOINT = 2_000
# DuckDB multiplies two narrow decimals in 64 bits; one wide factor makes it 128
WIDE = "decimal(38, 0)"


@dataclass(frozen=True)
class Question:
    """What to count: which columns play which part, and which value counts as positive.

    Exactly one of `prediction` and `score` is given; a score at or above `threshold` predicts the positive value.
    """

    sensitive: tuple[str, ...]
    label: str | None = None
    prediction: str | None = None
    score: str | None = None
    threshold: float | None = None
    positive: str = "1"
    favourable: str | None = None
    weight: str | None = None
    frequency: str | None = None
    intersections: bool = False
    drop_missing: bool = False

    @property
    def weighting(self) -> Weighting:
        return "weight" if self.weight else "frequency" if self.frequency else "none"


@dataclass(frozen=True)
class Counted:
    """A cube and what was seen on the way: rows read, rows dropped by cause, and the threshold.

    `rows` and `dropped` are rows of the table; with frequencies those of the cube are what they stand for.
    """

    cube: Cube
    rows: int
    dropped: dict[str, int] = field(default_factory=dict)
    threshold: float | None = None

    @property
    def used(self) -> int:
        """Rows of the table that are counted."""
        return self.rows - sum(self.dropped.values())


@dataclass(frozen=True)
class _Tally:
    """Cells as they came from the engine: one row for each combination of the keys. `rows` are the table's, `n` what
    they stand for.
    """

    groups: list[tuple[str, ...]]
    label: list[Any]
    prediction: list[Any]
    rows: NDArray[Any]
    n: NDArray[Any]
    w: NDArray[Any] | None
    w2: NDArray[Any] | None


def build_cube(table: ibis.Table, question: Question) -> Counted:
    """Count the table. InputError where the columns cannot answer the question, with how to mend it.

    Parameters: `table` any Ibis table of n rows; `question` names its columns.
    """
    columns = role_columns(table, question)
    rows_dropped: dict[str, int] = {}
    columns, exponent = _screen_weights(columns, question, rows_dropped)
    look = _look_at_scores(columns, question, rows_dropped) if question.score else None
    if look:
        columns = look.table
    attributes = [f"g{i}" for i in range(len(question.sensitive))]
    sample = columns.select(*attributes).limit(SAMPLE).to_pyarrow()
    _refuse_identifiers(columns, question, sample)
    keys = _sets(attributes, question.intersections)
    joint = sample.group_by(attributes).aggregate([]).num_rows <= JOINT
    tallies = _tally_sets(columns, attributes, keys, question, joint=joint)
    outcomes = name_outcomes(question, tallies[()].label, tallies[()].prediction, tallies[()].rows)
    sets = tuple(_grouping_set(tallies[k], k, question, outcomes) for k in keys)
    rows = int(tallies[()].rows.sum()) + sum(rows_dropped.values())
    rows_dropped |= outcomes.dropped
    _refuse_too_many(sets)
    scores = _count_scores(columns, question, outcomes, sets, look) if look and outcomes.has_label else None
    cube = Cube(
        attributes=question.sensitive,
        positive=outcomes.positive,
        negative=outcomes.negative,
        favourable=outcomes.favourable,
        has_label=outcomes.has_label,
        weighting=question.weighting,
        sets=sets,
        scores=scores,
        weight_exponent=exponent,
    )
    if cube.rows == 0:
        raise InputError("No rows are left to audit. The file has no rows, or all were dropped for missing values.")
    return Counted(cube, rows, rows_dropped, look.threshold if look else None)


def role_columns(table: ibis.Table, question: Question) -> ibis.Table:
    """The columns of the question under short names of our own: g0.., y, p, s, w (engines differ in upper case).

    Scores and weights as float64; InputError for a column that is not there or holds no single values.
    """
    import ibis

    roles = {f"g{i}": c for i, c in enumerate(question.sensitive)}
    for role, column in (("y", question.label), ("p", question.prediction), ("s", question.score)):
        if column:
            roles[role] = column
    weight = question.weight or question.frequency
    if weight:
        roles["w"] = weight
    missing = [c for c in roles.values() if c not in table.columns]
    if missing:
        raise InputError(
            f"There is no column {', '.join(repr(c) for c in missing)}. The file has: {_listing(table.columns)}."
        )
    short = table.select(**{role: table[column] for role, column in roles.items()})
    changes: dict[str, Any] = {}
    for role, column in roles.items():
        kind = short[role].type()
        if kind.is_nested() or kind.is_binary():
            raise InputError(f"Column {column!r} holds {kind}, not single values. Flatten it first.")
        if role in ("s", "w"):
            if not kind.is_numeric() or kind.is_boolean():
                raise InputError(f"Column {column!r} must hold numbers; it holds {kind}.")
            changes[role] = short[role].cast("float64")
        elif kind.is_floating():
            changes[role] = ibis.ifelse(short[role].isnan(), ibis.null(kind), short[role])
    return short.mutate(**changes) if changes else short


def _listing(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(repr(n) for n in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _screen_weights(table: ibis.Table, question: Question, dropped: dict[str, int]) -> tuple[ibis.Table, int]:
    """Refuse weights that cannot be summed, drop rows without one where that was asked for, scale the rest.

    Returns the table with whole numbers for weights, and the power of two that they were multiplied by.
    """
    column = question.weight or question.frequency
    if column is None:
        return table, 0
    w = table.w
    absent = w.isnull() | w.isnan()
    causes = {"infinite": w.isinf(), "negative": (w < 0) & ~w.isinf()}
    if question.frequency:
        causes["not whole"] = (w >= 0) & ~w.isinf() & (w != w.floor())
        causes[f"above {MAX_FREQUENCY:,}"] = (w > MAX_FREQUENCY) & ~w.isinf()
    sums = {cause: (~absent & found).sum() for cause, found in causes.items()}
    sums |= {"absent": absent.sum(), "largest": w.max(where=~absent), "rows": w.count(where=~absent)}
    found = table.aggregate(**sums).to_pyarrow().to_pylist()[0]
    if bad := [f"{found[cause]:,} {cause}" for cause in causes if found[cause]]:
        what = "whole numbers of rows" if question.frequency else "sampling weights"
        raise InputError(f"Column {column!r} has values that cannot be {what}: {', '.join(bad)}.")
    if found["absent"]:
        _must_drop(question, column, found["absent"], dropped)
        table = table.filter(~absent)
    if question.frequency:
        return table.mutate(w=table.w.cast("int64")), 0
    return _scale_weights(table, column, found["largest"] or 0.0, found["rows"])


def _scale_weights(table: ibis.Table, column: str, largest: float, rows: int) -> tuple[ibis.Table, int]:
    """Weights as whole numbers, the largest with as many bits as leave room for the sum of their squares."""
    import ibis

    bits = min(WEIGHT_BITS, (SQUARES_BITS - rows.bit_length()) // 2)
    exponent = bits - math.frexp(largest)[1] if largest else 0
    if abs(exponent) > MOST_EXPONENT:
        raise InputError(
            f"The largest weight in column {column!r} is {largest:g}, out of the range of numbers that can be scaled. "
            "Multiply all of them by the same number: only their ratios matter."
        )
    scaled = table.w * ibis.literal(2.0**exponent, "float64")
    return table.mutate(w=(scaled + 0.5).floor().cast("int64").cast("decimal(18, 0)")), exponent


def _must_drop(question: Question, column: str, count: int, dropped: dict[str, int]) -> None:
    if not question.drop_missing:
        raise InputError(
            f"Column {column!r} is missing in {count:,} rows. "
            "Mend the file, or leave those rows out with --drop-missing."
        )
    dropped[column] = dropped.get(column, 0) + int(count)


@dataclass(frozen=True)
class _ScoreLook:
    """What the first look at the scores found, and the table whose `p` they decide."""

    table: ibis.Table
    distinct: int
    low: float
    high: float
    threshold: float


def _look_at_scores(table: ibis.Table, question: Question, dropped: dict[str, int]) -> _ScoreLook:
    """Missing and infinite scores, range and number of distinct values; the prediction is score >= threshold."""
    import ibis

    s = table.s
    absent = s.isnull() | s.isnan()
    fine = ~absent & ~s.isinf()
    found = (
        table.aggregate(
            absent=absent.sum(), infinite=(~absent & s.isinf()).sum(), low=s.min(where=fine), high=s.max(where=fine)
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    column = question.score or ""
    if found["infinite"]:
        raise InputError(f"Column {column!r} has {found['infinite']:,} infinite scores. Mend the model or its output.")
    if found["absent"]:
        _must_drop(question, column, found["absent"], dropped)
        table = table.filter(~absent)
    if found["low"] is None:
        raise InputError("No rows are left to audit. The file has no rows, or all were dropped for missing values.")
    low, high, threshold = found["low"], found["high"], question.threshold
    if threshold is None:
        if low < 0 or high > 1:
            raise InputError(
                f"The scores of {column!r} lie between {low:g} and {high:g}, outside 0 to 1, so 0.5 is no natural "
                "threshold. Give the score from which on the prediction is positive: --threshold T."
            )
        threshold = 0.5
    distinct = table.select("s").distinct().limit(MAX_BINS + 1).count().to_pyarrow().as_py()
    one, zero = ibis.literal(1, "int8"), ibis.literal(0, "int8")
    return _ScoreLook(table.mutate(p=ibis.ifelse(table.s >= threshold, one, zero)), distinct, low, high, threshold)


def _refuse_identifiers(table: ibis.Table, question: Question, sample: pa.Table) -> None:
    """A sensitive column with over 100 values of under 10 rows each on average is an identifier, not a group."""
    for i, column in enumerate(question.sensitive):
        name = f"g{i}"
        if len(sample[name].unique()) <= 100:
            continue
        distinct, rows = table.select(name).distinct().count().to_pyarrow().as_py(), table.count().to_pyarrow().as_py()
        if rows < 10 * distinct:
            raise InputError(
                f"Sensitive column {column!r} has {distinct:,} different values in {rows:,} rows, under 10 rows each: "
                "that is an identifier or a measure, not a group. Put its values into bands first."
            )


def _refuse_too_many(sets: Sequence[GroupingSet]) -> None:
    for one in sets:
        if any(f"({SUPPRESSED})" in group for group in one.groups):
            raise InputError(
                f"{one.name!r} has the value '({SUPPRESSED})', which stands for hidden groups in results. Rename it."
            )
    cells = sum(int(np.count_nonzero(s.n)) for s in sets)
    largest = max(sets, key=lambda s: len(s.groups))
    if cells <= MAX_CELLS and len(largest.groups) <= MAX_GROUPS:
        return
    raise InputError(
        f"The groups make {cells:,} cells, and {largest.name} has {len(largest.groups):,} groups; the limits are "
        f"{MAX_CELLS:,} and {MAX_GROUPS}. Leave out --intersections, name fewer --sensitive columns, or join their "
        "values into fewer groups."
    )


def _sets(attributes: Sequence[str], intersections: bool) -> list[tuple[str, ...]]:
    if intersections and len(attributes) > 8:
        raise InputError("Intersections of more than 8 sensitive columns are too many to read; name fewer.")
    most = len(attributes) if intersections else 1
    return [c for size in range(most + 1) for c in itertools.combinations(attributes, size)]


def _tally_sets(
    table: ibis.Table, attributes: Sequence[str], keys: Sequence[tuple[str, ...]], question: Question, *, joint: bool
) -> dict[tuple[str, ...], _Tally]:
    """One GROUP BY over all attributes where their joint is small (a sample tells), else one for each set."""
    if joint:
        whole = _tally(table, tuple(attributes), question)
        return {key: _marginal(whole, [attributes.index(a) for a in key]) for key in keys}
    tallies = {key: _tally(table, key, question) for key in keys if key}
    return {(): _marginal(tallies[(attributes[0],)], []), **tallies}


def _tally(table: ibis.Table, groups: tuple[str, ...], question: Question) -> _Tally:
    import ibis

    keys = [*groups, *(c for c in ("y", "p") if c in table.columns)]
    counted = table.group_by(keys).aggregate(**_sums(table), rows=table.count())
    texts = {g: ibis.coalesce(counted[g].cast("string"), ibis.literal(MISSING)) for g in groups}
    absent = {f"{g}_absent": counted[g].isnull() for g in groups}
    arrow = counted.mutate(**texts, **absent).to_pyarrow() if texts else counted.to_pyarrow()
    columns = [arrow[g].to_pylist() for g in groups]
    for group, texts_found in zip(groups, columns, strict=True):
        _refuse_named_missing(question.sensitive[int(group[1:])], texts_found, arrow[f"{group}_absent"].to_pylist())
    length = arrow.num_rows
    return _Tally(
        groups=list(zip(*columns, strict=True)) if columns else [()] * length,
        label=arrow["y"].to_pylist() if "y" in keys else [None] * length,
        prediction=arrow["p"].to_pylist() if "p" in keys else [None] * length,
        rows=arrow["rows"].to_numpy(),
        **_numbers(arrow),
    )


def _refuse_named_missing(column: str, texts: Sequence[str], absent: Sequence[bool]) -> None:
    """Missing values and a value that is written as they are shown would be counted as one group."""
    if len({gone for text, gone in zip(texts, absent, strict=True) if text == MISSING}) == 2:
        raise InputError(
            f"Column {column!r} has the value {MISSING!r} and also missing values, which results call the same. "
            "Rename the value, or write it where values are missing if that is what it means."
        )


def _sums(table: ibis.Table) -> dict[str, Any]:
    """What is summed in each cell: rows (or frequencies), weights and their squares, as integers."""
    if "w" not in table.columns:
        return {"n": table.count()}
    if table.w.type().is_integer():
        return {"n": table.w.sum()}
    return {"n": table.count(), "w1": table.w.sum(), "w2": (table.w.cast(WIDE) * table.w).sum()}


def _numbers(arrow: pa.Table) -> dict[str, Any]:
    numbers: dict[str, Any] = {"n": _whole(arrow, "n").astype(np.int64)}
    for name, column in (("w", "w1"), ("w2", "w2")):
        numbers[name] = _whole(arrow, column) if column in arrow.column_names else None
    return numbers


def _whole(arrow: pa.Table, column: str) -> NDArray[np.object_]:
    """A column of whole numbers of any width as Python integers."""
    return np.array([int(v) for v in arrow[column].to_pylist()], dtype=object)


def _marginal(tally: _Tally, keep: Sequence[int]) -> _Tally:
    """The cells of fewer attributes: the others summed away."""
    cells = zip(tally.groups, tally.label, tally.prediction, strict=True)
    keys = [(tuple(g[i] for i in keep), y, p) for g, y, p in cells]
    position: dict[Any, int] = {}
    at = np.array([position.setdefault(k, len(position)) for k in keys], dtype=np.intp)

    def summed(values: NDArray[Any] | None) -> NDArray[Any] | None:
        if values is None:
            return None
        out = np.zeros(len(position), dtype=values.dtype)
        np.add.at(out, at, values)
        return out

    n, rows = summed(tally.n), summed(tally.rows)
    assert n is not None
    assert rows is not None
    groups, labels, predictions = ([key[i] for key in position] for i in range(3))
    return _Tally(groups, labels, predictions, rows, n, summed(tally.w), summed(tally.w2))


def _grouping_set(tally: _Tally, key: tuple[str, ...], question: Question, outcomes: Outcomes) -> GroupingSet:
    names = tuple(question.sensitive[int(k[1:])] for k in key)
    cells = [
        (g, outcomes.label_index(y), outcomes.prediction_index(p))
        for g, y, p in zip(tally.groups, tally.label, tally.prediction, strict=True)
    ]
    groups = tuple(sorted({g for g, y, p in cells if y is not None and p is not None}))
    place = {g: i for i, g in enumerate(groups)}
    shape = (len(groups), 2 if outcomes.has_label else 1, 2)
    n = np.zeros(shape, dtype=np.int64)
    w, w2 = (np.zeros(shape, dtype=object) if tally.w is not None else None for _ in range(2))
    for i, (g, y, p) in enumerate(cells):
        if y is None or p is None:
            continue
        n[place[g], y, p] += tally.n[i]
        if w is not None and w2 is not None and tally.w is not None and tally.w2 is not None:
            w[place[g], y, p] += tally.w[i]
            w2[place[g], y, p] += tally.w2[i]
    return GroupingSet(names, groups, n, w, w2)


def _count_scores(
    table: ibis.Table, question: Question, outcomes: Outcomes, sets: Sequence[GroupingSet], look: _ScoreLook
) -> Scores:
    """Counts by (group, label, score) for everybody and each attribute; exact where the cells are few enough."""
    single = [s for s in sets if len(s.attributes) <= 1]
    groups = sum(len(s.groups) for s in single)
    rows = int(single[0].n.sum())
    exact = look.distinct <= MAX_BINS and min(rows * len(single), 2 * look.distinct * groups) <= MAX_SCORE_CELLS
    bins = None if exact else 2 ** int(np.log2(max(2, min(MAX_BINS, MAX_SCORE_CELLS // (2 * groups)))))
    low, high = (0.0, 1.0) if look.low >= 0 and look.high <= 1 else (look.low, look.high)
    edges = None if bins is None else np.linspace(low, high, bins + 1)
    if edges is not None and bins is not None:
        position = ((table.s - low) * (bins / (high - low))).floor().cast("int64")
        table = table.mutate(b=position.clip(0, bins - 1))
        if (low, high) == (0.0, 1.0):
            scaled = (table.s * SCALE).round().cast("int64")
            table = table.mutate(s1=scaled * table.w if question.frequency else scaled)
    made = []
    for s in single[1:]:
        made.append(_score_set(table, s, question, outcomes, edges))
    return Scores("exact" if exact else "binned", bins, (_everybody(made[0]), *made))


def _score_set(
    table: ibis.Table, one: GroupingSet, question: Question, outcomes: Outcomes, edges: NDArray[Any] | None
) -> ScoreSet:
    import ibis

    name = f"g{question.sensitive.index(one.attributes[0])}"
    key = "s" if edges is None else "b"
    sums = _sums(table)
    summed = "s1" in table.columns
    if summed:
        sums["t1"] = table.s1.sum()
    counted = table.group_by([name, "y", key]).aggregate(**sums)
    arrow = counted.mutate(**{name: ibis.coalesce(counted[name].cast("string"), ibis.literal(MISSING))}).to_pyarrow()
    place = {g[0]: i for i, g in enumerate(one.groups)}
    label = [outcomes.label_index(y) for y in arrow["y"].to_pylist()]
    keep = np.array([i for i, y in enumerate(label) if y is not None], dtype=np.intp)
    group = np.array([place.get(g, -1) for g in arrow[name].to_pylist()], dtype=np.int64)[keep]
    labels = np.array([label[i] for i in keep], dtype=np.int64)
    found = arrow[key].to_numpy()[keep]
    low = found.astype(float) if edges is None else edges[found]
    high = low if edges is None else edges[found + 1]
    order = np.lexsort((labels, low, group))
    numbers = {k: v[keep][order] for k, v in _numbers(arrow).items() if v is not None}
    if summed:
        numbers["s"] = _whole(arrow, "t1")[keep][order]
    return ScoreSet(one.attributes, one.groups, group[order], labels[order], low[order], high[order], **numbers)


def _everybody(one: ScoreSet) -> ScoreSet:
    """The score cells of the whole population, from those of any one attribute."""
    cells, at = np.unique(np.stack([one.low, one.label]), axis=1, return_inverse=True)
    at = at.reshape(-1)
    sums: dict[str, Any] = {}
    for name in ("n", "s", "w", "w2"):
        values = getattr(one, name)
        if values is not None:
            sums[name] = np.zeros(cells.shape[1], dtype=values.dtype)
            np.add.at(sums[name], at, values)
    high = np.zeros(cells.shape[1])
    high[at] = one.high
    zeros = np.zeros(cells.shape[1], dtype=np.int64)
    return ScoreSet((), ((),), zeros, cells[1].astype(np.int64), cells[0], high, **sums)
