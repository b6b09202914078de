"""Which inputs drive the score, and the refusals, of whom: Shapley values by sensitive group.

Values of a row add up to its score's distance from the base, so a group's mean distance is the sum of its inputs' means
(in log-odds where the model works in log-odds): the table takes the gap between groups apart exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.explain.explained import Explained
from audits.explain.trees import Floats
from audits.measure.estimates import LEVEL
from audits.measure.intervals import student
from audits.measure.types import Column, Table

FEATURES_SHOWN = 5
GROUPS_SHOWN = 8


def group_tables(found: Explained, suppress: int | None) -> list[Table]:
    """A table for each sensitive attribute."""
    tables = [group_table(found, attribute, suppress) for attribute in found.groups]
    return [table for table in tables if table.rows]


def group_table(found: Explained, attribute: str, suppress: int | None) -> Table:
    """For each group, the inputs whose mean differs most from everybody's, and their mean among its refusals."""
    shown = shown_groups(found, attribute, suppress)[:GROUPS_SHOWN]
    refused = refusals_shown(found, attribute, suppress)
    values = found.shapley.values
    everybody = values.mean(axis=0)
    rows: list[tuple[Any, ...]] = []
    for name, mask in sorted(shown, key=lambda group: group[0]):
        mean = values[mask].mean(axis=0)
        rows.append(
            (
                name,
                "all inputs together",
                *_limits(values[mask].sum(axis=1)),
                *(_refused(found, mask, None) if refused else (None, None)),
            )
        )
        for place in np.argsort(-np.abs(mean - everybody), kind="stable")[:FEATURES_SHOWN].tolist():
            told = (*_limits(values[mask][:, place]), *(_refused(found, mask, place) if refused else (None, None)))
            rows.append((name, found.names[place], *told))
    columns = (
        Column("group", attribute, "text"),
        Column("feature", "Input", "text"),
        Column("mean", f"Mean Shapley value, {found.space}"),
        Column("low", "95% interval, from"),
        Column("high", "to"),
        Column("n", "n", "count"),
        Column("mean_refused", "Mean where the decision was not favourable"),
        Column("n_refused", "n of those", "count"),
    )
    place = list(found.groups).index(attribute) + 1
    title = f"What moves the score of each {attribute} group"
    return Table(f"explanation-groups-{place}", title, columns, tuple(rows), _note(found, attribute, len(shown)))


def shown_groups(found: Explained, attribute: str, suppress: int | None) -> list[tuple[str, NDArray[np.bool_]]]:
    """The groups that may be shown, largest first.

    Below `suppress` rows a group is left out; and so is the next smallest until those left out, whose mean follows
    from everybody's less the others', are together as many.
    """
    groups = sorted(found.groups_of(attribute), key=lambda group: -int(group[1].sum()))
    if suppress is None:
        return groups
    shown = [group for group in groups if group[1].sum() >= suppress]
    hidden = sum(int(mask.sum()) for _, mask in groups[len(shown) :])
    while shown and 0 < hidden < suppress:
        hidden += int(shown.pop()[1].sum())
    return shown


def _limits(values: Floats) -> tuple[float, float | None, float | None, int]:
    """Mean, its 95% limits, n."""
    n, mean = len(values), float(values.mean())
    low, high = student(mean, float(values.std(ddof=1)) / n**0.5, n - 1, LEVEL) if n > 1 else (None, None)
    return mean, low, high, n


def refusals_shown(found: Explained, attribute: str, suppress: int | None) -> bool:
    """Whether the decisions of the groups may be told apart: where one group's are too few, the others' would give it
    away, since everybody's are known."""
    if suppress is None:
        return True
    counts = [
        int((mask & part).sum()) for _, mask in found.groups_of(attribute) for part in (found.adverse, ~found.adverse)
    ]
    return not any(0 < n < suppress for n in counts)


def _refused(found: Explained, mask: NDArray[np.bool_], place: int | None) -> tuple[float | None, int]:
    """The mean among those whose decision was not favourable, and how many they are."""
    values = found.shapley.values[mask & found.adverse]
    chosen = values.sum(axis=1) if place is None else values[:, place]
    return (float(chosen.mean()) if len(chosen) else None), len(chosen)


def _note(found: Explained, attribute: str, shown: int) -> str:
    groups = len(found.groups_of(attribute))
    note = (
        f"The {FEATURES_SHOWN} inputs of each group whose mean differs most from everybody's. A group's means over all "
        f"inputs add up to how far its mean score lies from the base, in {found.space}."
    )
    left_out = groups - shown
    return note + (f" {left_out} of {groups} groups are not shown." if left_out else "")
