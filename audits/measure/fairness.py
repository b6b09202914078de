"""Group fairness: rates of everybody and of every group, and the disparities between groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from audits.measure.cells import Cube, GroupingSet
from audits.measure.disparities import CHECK, DISPARITIES, disparity, impacts, real_groups, suppressed_groups
from audits.measure.estimates import Unknown
from audits.measure.measured import Measured, measured
from audits.measure.rates import RATES, RateMetric, rate
from audits.measure.types import SUPPRESSED


def measure_fairness(cube: Cube, references: Mapping[str, str]) -> list[Measured]:
    """All rates by group and all disparities, for every attribute and intersection that the cube holds.

    `references` names the reference group of an attribute for disparate_impact ({} for none).
    Sources: fairlearn 0.15 (rates, demographic parity, equalized odds), Hardt et al. 2016 (equal opportunity),
    29 CFR 1607.4(D) (disparate impact).
    """
    found: list[Measured] = []
    for cells in cube.sets:
        found.extend(_rates(cube, cells))
        if cells.attributes:
            found.extend(disparity(cube, cells, name) for name in DISPARITIES)
            found.extend(impacts(cube, cells, references))
    return found


def rate_metrics(cube: Cube) -> list[RateMetric]:
    """The rates to report: the favourable rate only where it is not the selection rate itself."""
    return [m for m in RATES.values() if m.name != "favourable_rate" or cube.favourable != cube.positive]


def _rates(cube: Cube, cells: GroupingSet) -> Iterator[Measured]:
    for i in real_groups(cells):
        for metric in rate_metrics(cube):
            estimate = rate(cells, i, metric, has_label=cube.has_label)
            yield measured(CHECK, metric.name, estimate, group=cells.group(i))
    for group in suppressed_groups(cube, cells):
        for metric in rate_metrics(cube):
            yield measured(CHECK, metric.name, Unknown(SUPPRESSED), group=group)
