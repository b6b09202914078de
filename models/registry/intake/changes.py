"""What became of a table between two of its versions: columns, rows, and how the values lie, from the stored profiles.

It describes and does not judge: whether a shift matters is a question for an audit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.registry.intake.profile import QUANTILES, ColumnProfile, Profile

MOST_VALUES = 8
TYPICAL = (QUANTILES.index(0.25), QUANTILES.index(0.75))
MIDDLE = QUANTILES.index(0.5)


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value and the share of the rows that had and have it."""

    value: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column that both versions have.

    `missing` and `distinct` are (before, after), missing as a share of the rows. `moved` says how far the values lie
    from where they lay: for a column with few values the share of the rows that would have to have another value (total
    variation distance), for numbers the way of the median in units of the middle half before; None where neither can
    be said.
    """

    name: str
    type: tuple[str, str]
    role: tuple[str, str]
    missing: tuple[float, float]
    distinct: tuple[int, int]
    values: tuple[ValueChange, ...]
    medians: tuple[float, float] | None
    ranges: tuple[tuple[float, float], tuple[float, float]] | None
    moved: float | None

    @property
    def has_changed(self) -> bool:
        pairs = (self.type, self.role, self.missing, self.distinct, self.medians, self.ranges)
        return any(pair is not None and pair[0] != pair[1] for pair in pairs) or bool(self.moved)

    @property
    def by_values(self) -> bool:
        return bool(self.values)


@dataclass(frozen=True, slots=True)
class TableChange:
    """`columns` are those of both versions, the ones that moved most first."""

    rows: tuple[int, int]
    added: tuple[ColumnProfile, ...]
    removed: tuple[ColumnProfile, ...]
    columns: tuple[ColumnChange, ...]

    @property
    def changed(self) -> tuple[ColumnChange, ...]:
        return tuple(column for column in self.columns if column.has_changed)


def changes(before: Profile, after: Profile) -> TableChange:
    old = {column.name: column for column in before.columns}
    new = {column.name: column for column in after.columns}
    both = [column_change(old[name], new[name], before.rows, after.rows) for name in new if name in old]
    return TableChange(
        (before.rows, after.rows),
        tuple(column for name, column in new.items() if name not in old),
        tuple(column for name, column in old.items() if name not in new),
        tuple(sorted(both, key=lambda column: -(column.moved or 0.0))),
    )


def column_change(old: ColumnProfile, new: ColumnProfile, rows_before: int, rows_after: int) -> ColumnChange:
    values = value_changes(old, new)
    medians = numbers(old.quantiles[MIDDLE : MIDDLE + 1], new.quantiles[MIDDLE : MIDDLE + 1])
    ranges = numbers((old.low, old.high), (new.low, new.high))
    moved = sum(abs(each.after - each.before) for each in values) / 2 if values else median_moved(old, new)
    return ColumnChange(
        name=new.name,
        type=(old.type, new.type),
        role=(old.role, new.role),
        missing=(share(old.missing, rows_before), share(new.missing, rows_after)),
        distinct=(old.distinct, new.distinct),
        values=tuple(sorted(values, key=lambda each: -abs(each.after - each.before))[:MOST_VALUES]),
        medians=(medians[0][0], medians[1][0]) if medians else None,
        ranges=((ranges[0][0], ranges[0][1]), (ranges[1][0], ranges[1][1])) if ranges else None,
        moved=moved,
    )


def value_changes(old: ColumnProfile, new: ColumnProfile) -> list[ValueChange]:
    """Every value of either, where both profiles list all that there are."""
    if not (lists_all(old) and lists_all(new)):
        return []
    before = {each.value: each.rows for each in old.values}
    after = {each.value: each.rows for each in new.values}
    all_before, all_after = sum(before.values()), sum(after.values())
    return [
        ValueChange(value, share(before.get(value, 0), all_before), share(after.get(value, 0), all_after))
        for value in {**before, **after}
    ]


def lists_all(column: ColumnProfile) -> bool:
    return bool(column.values) and len(column.values) >= column.distinct


def median_moved(old: ColumnProfile, new: ColumnProfile) -> float | None:
    """The way of the median in units of the middle half of the values before."""
    medians = numbers(old.quantiles[MIDDLE : MIDDLE + 1], new.quantiles[MIDDLE : MIDDLE + 1])
    typical = numbers([old.quantiles[place] for place in TYPICAL] if old.quantiles else [], [0.0, 0.0])
    if medians is None or typical is None or typical[0][1] <= typical[0][0]:
        return None
    return abs(medians[1][0] - medians[0][0]) / (typical[0][1] - typical[0][0])


def numbers(*lists: Iterable[float | str | None]) -> list[list[float]] | None:
    """The lists, if they hold numbers and nothing else."""
    found = [list(each) for each in lists]
    if not all(each and all(isinstance(value, int | float) for value in each) for each in found):
        return None
    return [[float(value) for value in each if value is not None] for each in found]


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
