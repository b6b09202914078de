"""Disparities between groups: one figure for each attribute, the extreme over its groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from audits.measure.cells import Cube, GroupingSet
from audits.measure.estimates import Estimate, Extreme, Rate, RateRatio, Unknown
from audits.measure.measured import Measured, measured
from audits.measure.rates import NO_LABEL, RATES, RateMetric, rate
from audits.measure.types import SUPPRESSED, Group, of_assessed
from models.errors import InputError

CHECK = "fairness"
CONSTANT = "the attribute has only one group, so there is nothing to compare"


@dataclass(frozen=True)
class DisparityMetric:
    """A disparity: which rates it compares, and whether as max - min or as min / max. `favourable` stands for the
    rate of the outcome that benefits the person, whichever value that is."""

    name: str
    rates: tuple[str, ...]
    ratio: bool


DISPARITIES: dict[str, DisparityMetric] = {
    metric.name: metric
    for metric in (
        DisparityMetric("demographic_parity_difference", ("selection_rate",), ratio=False),
        DisparityMetric("demographic_parity_ratio", ("selection_rate",), ratio=True),
        DisparityMetric("equal_opportunity_difference", ("true_positive_rate",), ratio=False),
        DisparityMetric("equalized_odds_difference", ("true_positive_rate", "false_positive_rate"), ratio=False),
        DisparityMetric("equalized_odds_ratio", ("true_positive_rate", "false_positive_rate"), ratio=True),
        DisparityMetric("disparate_impact", ("favourable",), ratio=True),
    )
}


def favourable_metric(cube: Cube) -> RateMetric:
    """The rate of the favourable prediction: the selection rate, or its complement."""
    return RATES["selection_rate" if cube.favourable == cube.positive else "favourable_rate"]


def _rate_metrics(cube: Cube, metric: DisparityMetric) -> list[RateMetric]:
    return [favourable_metric(cube) if name == "favourable" else RATES[name] for name in metric.rates]


def suppressed_groups(cube: Cube, cells: GroupingSet) -> list[Group]:
    """The groups of this set whose counts were merged away because they are small."""
    return [dict(g) for g in cube.suppressed if tuple(name for name, _ in g) == cells.attributes]


def real_groups(cells: GroupingSet) -> list[int]:
    """The positions of the groups that stand for people of one kind (not the merged remainder)."""
    return [i for i, g in enumerate(cells.groups) if not g or g[0] != f"({SUPPRESSED})"]


def disparity(cube: Cube, cells: GroupingSet, name: str, min_n: int | None = None) -> Measured:
    """The extreme of one disparity over the groups of a set, leaving out those that cannot be assessed.

    A group is not assessed where one of its rates has no denominator (or one below `min_n`), or is suppressed. Where
    `min_n` leaves groups out, the figure is one of its own, with a metric name of its own.
    """
    estimate, assessed, left_out = extreme(cube, cells, name, min_n)
    restricted = min_n is not None and bool(left_out)
    return measured(
        CHECK,
        of_assessed(name, min_n) if restricted and min_n is not None else name,
        estimate,
        attribute=cells.name,
        over=assessed if restricted else None,
        not_assessed=left_out,
    )


def extreme(
    cube: Cube, cells: GroupingSet, name: str, min_n: int | None = None
) -> tuple[Estimate, list[Group], list[Group]]:
    """The estimate of a disparity, the groups that it is over, and those that it leaves out."""
    metric = DISPARITIES[name]
    families: list[list[Rate]] = [[] for _ in metric.rates]
    assessed: list[Group] = []
    left_out = suppressed_groups(cube, cells)
    for i in real_groups(cells):
        found = [rate(cells, i, m, has_label=cube.has_label) for m in _rate_metrics(cube, metric)]
        rates = [r for r in found if isinstance(r, Rate) and r.n >= (min_n or 1)]
        if len(rates) < len(found):
            left_out.append(cells.group(i))
            continue
        assessed.append(cells.group(i))
        for family, one in zip(families, rates, strict=True):
            family.append(one)
    return _extreme(cube, cells, metric, families), assessed, left_out


def _extreme(cube: Cube, cells: GroupingSet, metric: DisparityMetric, families: list[list[Rate]]) -> Estimate:
    if not cube.has_label and metric.rates[0] not in ("selection_rate", "favourable"):
        return Unknown(NO_LABEL, applicable=False)
    if len(cells.groups) < 2 and not suppressed_groups(cube, cells):
        return Unknown(CONSTANT, int(cells.n.sum()), applicable=False)
    if len(families[0]) < 2:
        return Unknown("fewer than two groups have the rows to be compared")
    return Extreme(tuple(tuple(f) for f in families), metric.ratio)


def impacts(cube: Cube, cells: GroupingSet, references: Mapping[str, str]) -> Iterator[Measured]:
    """Each group's favourable rate over the reference group's (the named one, else the one with the highest rate)."""
    metric = favourable_metric(cube)
    rates = {i: rate(cells, i, metric, has_label=cube.has_label) for i in real_groups(cells)}
    known = {i: r for i, r in rates.items() if isinstance(r, Rate)}
    if not known or len(cells.groups) < 2:
        return
    asked = {a: references[a] for a in cells.attributes if a in references}
    if asked in suppressed_groups(cube, cells):
        reference: Group = asked
        found: dict[int, Estimate] = dict.fromkeys(rates, Unknown("the reference group is suppressed"))
    else:
        named = named_reference(cells, references)
        chosen = named if named is not None and named in known else max(known, key=lambda i: known[i].value)
        reference = cells.group(chosen)
        found = {i: RateRatio(r, known[chosen]) if isinstance(r, Rate) else r for i, r in rates.items()}
        found[chosen] = Itself(known[chosen])
    for i, estimate in found.items():
        yield measured(
            CHECK, "disparate_impact", estimate, group=cells.group(i), attribute=cells.name, reference=reference
        )
    for group in suppressed_groups(cube, cells):
        yield measured(
            CHECK, "disparate_impact", Unknown(SUPPRESSED), group=group, attribute=cells.name, reference=reference
        )


def check_references(cube: Cube, references: Mapping[str, str]) -> None:
    """InputError where a reference names a group that the data do not have."""
    for attribute, value in references.items():
        groups = [g[0] for g in cube.of((attribute,)).groups]
        if value not in groups:
            shown = ", ".join(groups[:12]) + (", ..." if len(groups) > 12 else "")
            raise InputError(f"--reference {attribute}={value}: there is no such group. {attribute!r} has {shown}.")


def named_reference(cells: GroupingSet, references: Mapping[str, str]) -> int | None:
    """The position of the reference group where every attribute of the set has one named, else None."""
    if not all(a in references for a in cells.attributes):
        return None
    wanted = tuple(references[a] for a in cells.attributes)
    return cells.groups.index(wanted) if wanted in cells.groups else None


@dataclass(frozen=True)
class Itself:
    """The reference group against itself: 1 by definition."""

    rate: Rate
    value: float = 1.0
    method: str = "by definition"
    reason: str | None = None

    @property
    def n(self) -> int:
        return self.rate.n

    def limits(self, level: float, scale: float = 1.0) -> tuple[float, float]:
        return 1.0, 1.0
