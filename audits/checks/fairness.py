"""Group fairness: do rates differ between groups, and by how much?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audits.measure.cells import Cube, GroupingSet
from audits.measure.check import Check, Context
from audits.measure.disparities import favourable_metric, real_groups
from audits.measure.estimates import LEVEL, Rate
from audits.measure.fairness import measure_fairness
from audits.measure.measured import Measured
from audits.measure.rates import rate
from audits.measure.types import CheckResult, Column, Figure, Table

if TYPE_CHECKING:
    from audits.run.parameters import Parameters


def measure(cube: Cube, parameters: Parameters) -> list[Measured]:
    return measure_fairness(cube, parameters.reference)


def run(context: Context) -> CheckResult:
    """All rates and disparities, and for each attribute the favourable rate of its groups as a figure."""
    cube = context.cube
    tables: list[Table] = []
    figures: list[Figure] = []
    for cells in cube.sets:
        if len(cells.attributes) == 1 and len(real_groups(cells)) > 1:
            table = _favourable_rates(cube, cells)
            tables.append(table)
            figures.append(_figure(cube, cells, table))
    return CheckResult(
        check=CHECK.id,
        title=CHECK.title,
        status="done",
        measurements=tuple(m.measurement for m in measure(cube, context.parameters)),
        tables=tuple(tables),
        figures=tuple(figures),
        notes=_notes(cube),
    )


def _favourable_rates(cube: Cube, cells: GroupingSet) -> Table:
    metric = favourable_metric(cube)
    rows: list[tuple[object, ...]] = []
    for i in real_groups(cells):
        found = rate(cells, i, metric, has_label=cube.has_label)
        if isinstance(found, Rate):
            rows.append((cells.groups[i][0], found.value, *found.limits(LEVEL), found.n))
    columns = (
        Column("group", cells.name, "text"),
        Column("rate", "Favourable rate", "rate"),
        Column("low", "95% interval, from", "rate"),
        Column("high", "to", "rate"),
        Column("n", "n", "count"),
    )
    return Table(f"fairness-favourable-{cells.name}", f"Favourable outcomes by {cells.name}", columns, tuple(rows))


def _figure(cube: Cube, cells: GroupingSet, table: Table) -> Figure:
    ordered = sorted(table.rows, key=lambda row: float(row[1]))
    low, high = ordered[0], ordered[-1]

    def percent(row: tuple[Any, ...]) -> str:
        return f"{100 * row[1]:.1f}%"

    return Figure(
        id=table.id,
        kind="interval",
        title=f"By {cells.name}, favourable outcomes go to {percent(low)} of {low[0]} and {percent(high)} of {high[0]}",
        description=f"Share of each group of {cells.name} with the favourable outcome {cube.favourable!r}, with its "
        "95% interval, from the lowest to the highest.",
        table=table.id,
        x="rate",
        y="group",
        low="low",
        high="high",
    )


def _notes(cube: Cube) -> tuple[str, ...]:
    notes = []
    if cube.favourable != cube.positive:
        notes.append(
            f"Rates speak of the positive value {cube.positive!r}; disparate impact speaks of the outcome that "
            f"benefits the person, {cube.favourable!r}."
        )
    if not cube.has_label:
        notes.append("Without a label of two values only selection rates and their disparities can be measured.")
    return tuple(notes)


CHECK = Check(
    id="fairness",
    title="Group fairness",
    question="Do outcomes and errors differ between groups of people, and by how much?",
    run=run,
    measure=measure,
    answers_to=("eu-ai-act:10(2)(f)", "eu-ai-act:10(2)(g)", "eu-ai-act:15(1)", "nist-ai-rmf:MEASURE 2.11"),
)
