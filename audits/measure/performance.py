"""Performance: how well predictions and scores meet the label, for everybody and, where scores allow, by group."""

from __future__ import annotations

from collections.abc import Iterator

from audits.measure.cells import Cube, GroupingSet, Scores
from audits.measure.disparities import real_groups, suppressed_groups
from audits.measure.estimates import F1, Estimate, MeanOfRates, Rate, Unknown
from audits.measure.measured import Measured, measured
from audits.measure.rates import JACCARD, NO_LABEL, RATES, rate
from audits.measure.scores import PROBABILITY, RANKING, Ranked, ranked
from audits.measure.types import SUPPRESSED

CHECK = "performance"
NO_SCORES = "only predictions were given, no scores"
WHOLE = ("accuracy", "balanced_accuracy", "precision", "recall", "f1")
BY_GROUP = ("balanced_accuracy", "f1")
_RATE_OF = {"accuracy": "accuracy", "precision": "precision", "recall": "true_positive_rate"}


def measure_performance(cube: Cube) -> list[Measured]:
    """Confusion and score metrics of everybody; by group those that the fairness check does not give already. The
    cube counts scores for everybody and by single attributes, not by intersection."""
    found: list[Measured] = []
    for cells in cube.sets:
        names = BY_GROUP if cells.attributes else WHOLE
        for i in real_groups(cells):
            group = cells.group(i)
            found.extend(measured(CHECK, n, _confusion(cube, cells, i, n), group=group) for n in names)
            if len(cells.attributes) < 2:
                found.extend(measured(CHECK, n, e, group=group) for n, e in _scored(cube.scores, cube, cells, i))
        for hidden in suppressed_groups(cube, cells):
            every = names if len(cells.attributes) > 1 else (*names, *RANKING, *PROBABILITY)
            found.extend(measured(CHECK, n, Unknown(SUPPRESSED), group=hidden) for n in every)
    return found


def _confusion(cube: Cube, cells: GroupingSet, index: int, name: str) -> Estimate:
    if name in _RATE_OF:
        return rate(cells, index, RATES[_RATE_OF[name]], has_label=cube.has_label)
    if name == "f1":
        share = rate(cells, index, JACCARD, has_label=cube.has_label)
        return F1(share) if isinstance(share, Rate) else share
    halves = [
        rate(cells, index, RATES[r], has_label=cube.has_label) for r in ("true_positive_rate", "true_negative_rate")
    ]
    for half in halves:
        if isinstance(half, Unknown):
            return half
    one, two = (half for half in halves if isinstance(half, Rate))
    return MeanOfRates(one, two)


def _scored(scores: Scores | None, cube: Cube, cells: GroupingSet, index: int) -> Iterator[tuple[str, Estimate]]:
    mine = scores.of(cells.attributes) if scores else None
    if mine is None or scores is None:
        unknown = Unknown(NO_SCORES if cube.has_label else NO_LABEL, applicable=False)
        yield from ((name, unknown) for name in (*RANKING, *PROBABILITY))
        return
    cells_of_group = ranked(mine, mine.groups.index(cells.groups[index]))
    yield from ((name, metric(cells_of_group)) for name, metric in RANKING.items())
    # the whole population decides, so that a group does not become probable by chance
    everybody = scores.sets[0]
    probable = bool(everybody.low.min() >= 0 and everybody.high.max() <= 1)
    for name, metric in PROBABILITY.items():
        yield name, metric(cells_of_group) if probable else _improbable(cells_of_group)


def _improbable(r: Ranked) -> Unknown:
    return Unknown("the scores are no probabilities: they lie outside 0 to 1", r.rows, applicable=False)
