"""A second opinion: the figures recomputed by fairlearn and by AIF360 from the rows, and set beside ours.

Up to 100,000 rows all are taken; above that a seeded sample, of which we make a cube of its own, so that like is
compared with like. Rows whose group is missing are left out of the attribute's figures. Only figures that are shown
are compared: nothing is computed of a group that is suppressed.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audits.measure.cells import Cube, GroupingSet
from audits.measure.conventions import CONVENTIONS
from audits.measure.cube import Counted, Question, build_cube, role_columns
from audits.measure.disparities import disparity
from audits.measure.fairness import measure_fairness
from audits.measure.labels import printed
from audits.measure.measured import Measured
from audits.measure.opinions import SCORED, Aif360, Fairlearn, Frame, quiet
from audits.measure.performance import measure_performance
from audits.measure.suppress import suppress
from audits.measure.types import MISSING, SUPPRESSED, Measurement, finite

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

MOST_ROWS = 100_000
# the same counts in floating point; weights of ours are rounded to about 2^-50 of the largest
TOLERANCE, WEIGHTED_TOLERANCE = 1e-12, 1e-11
LIBRARIES = ("fairlearn", "aif360", "scikit-learn")


def cross_check(
    table: ibis.Table,
    question: Question,
    counted: Counted,
    found: Sequence[Measured],
    *,
    seed: int,
    suppress_below: int | None = None,
) -> dict[str, Any]:
    """Every shown rate, disparity and performance figure beside fairlearn's and AIF360's.

    Parameters: `table` the rows that `counted` counted by `question`; `found` the figures as they are shown;
    `suppress_below` the limit by which small groups were left out of them, applied to a sample's cube again.
    Returns: the audit's `cross_check`, plain JSON.
    """
    sample, cube = _sample(table, question, seed), counted.cube
    if sample is not None:
        import ibis

        table = ibis.memtable(sample)
        cube, found = _measure_again(table, question, counted, found, suppress_below)
    with quiet():
        second = _Second(_read(table, question, counted), cube)
        comparisons = [c for m in found if (c := second.compare(m)) is not None]
    metrics = {c["metric"] for c in comparisons}
    return {
        "rows": len(second.rows.prediction),
        "sampled": sample is not None,
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "comparisons": comparisons,
        "definitions": [
            {"metric": m, "library": lib, "note": note} for m, lib, note in CONVENTIONS if m in metrics
        ],
    }  # fmt: skip


def _columns(question: Question) -> list[str]:
    q = question
    named = (*q.sensitive, q.label, q.prediction, q.score, q.weight, q.frequency)
    return list(dict.fromkeys(c for c in named if c))


def _sample(table: ibis.Table, question: Question, seed: int) -> pa.Table | None:
    """100,000 rows drawn without replacement, in the table's order; None where there are no more than that."""
    import pyarrow as pa

    rows = table.count().to_pyarrow().as_py()
    if rows <= MOST_ROWS:
        return None
    drawn = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
    parts, start = [], 0
    for batch in table.select(*_columns(question)).to_pyarrow_batches():
        end = start + batch.num_rows
        here = drawn[np.searchsorted(drawn, start) : np.searchsorted(drawn, end)]
        parts.append(batch.take(pa.array(here - start)))
        start = end
    return pa.Table.from_batches(parts)


def _measure_again(
    table: ibis.Table, question: Question, counted: Counted, found: Sequence[Measured], limit: int | None
) -> tuple[Cube, list[Measured]]:
    """The sample's own cube, and the figures that are shown, of the sample, suppressed like the whole."""
    asked = replace(
        question,
        threshold=counted.threshold if question.score else None,
        positive=counted.cube.positive,
        favourable=counted.cube.favourable,
        drop_missing=True,
    )
    whole = build_cube(table, asked)
    again = whole if limit is None else suppress(whole, limit)
    references: dict[str, str] = {}
    for m in found:
        if m.measurement.reference and len(m.measurement.reference) == 1:
            references.update(m.measurement.reference)
    figures = [*measure_fairness(again.cube, references), *measure_performance(again.cube)]
    shown = {m.measurement.id for m in found if m.measurement.reason != SUPPRESSED}
    return whole.cube, [m for m in figures if m.measurement.id in shown]


@dataclass(frozen=True)
class _Rows:
    """The rows that the audit used: groups as text by attribute, label and prediction as 0 or 1."""

    groups: Mapping[str, NDArray[np.object_]]
    prediction: NDArray[np.int64]
    label: NDArray[np.int64] | None
    score: NDArray[np.float64] | None
    weight: NDArray[np.float64] | None


def _read(table: ibis.Table, question: Question, counted: Counted) -> _Rows:
    import ibis

    short = role_columns(table, question)
    for role in ("y", "p", "s", "w"):
        if role in short.columns:
            absent = short[role].isnull()
            short = short.filter(~(absent | short[role].isnan() if role in ("s", "w") else absent))
    names = [f"g{i}" for i in range(len(question.sensitive))]
    texts = {g: ibis.coalesce(short[g].cast("string"), ibis.literal(MISSING)) for g in names}
    arrow = short.mutate(**texts).to_pyarrow()
    cube = counted.cube

    def binary(role: str) -> NDArray[np.int64]:
        return np.array([printed(v) == cube.positive for v in arrow[role].to_pylist()], dtype=np.int64)

    score = arrow["s"].to_numpy() if question.score else None
    return _Rows(
        groups={
            a: np.array(arrow[g].to_pylist(), dtype=object) for a, g in zip(question.sensitive, names, strict=True)
        },
        prediction=binary("p") if score is None else (score >= counted.threshold).astype(np.int64),
        label=binary("y") if cube.has_label else None,
        score=score,
        weight=arrow["w"].to_numpy() if question.weighting != "none" else None,
    )


@dataclass(frozen=True)
class _Part:
    """The rows of one grouping set, numbered by group, with both libraries' answers for every group."""

    cells: GroupingSet
    frame: Frame

    @cached_property
    def alike(self) -> Frame:
        return self.frame.gathered()

    @cached_property
    def fairlearn(self) -> Mapping[str, Mapping[int, float | None]]:
        found = Fairlearn(self.alike).rates()
        # scores are measured for everybody and by single attributes
        return found | Fairlearn(self.frame).scores() if len(self.cells.attributes) < 2 else found

    @cached_property
    def aif360(self) -> dict[str, dict[int, float | None]]:
        found: dict[str, dict[int, float | None]] = {}
        library = Aif360(self.alike)
        for group in np.unique(self.frame.group).tolist():
            for metric, value in library.rates(group).items():
                found.setdefault(metric, {})[group] = value
        return found

    def number(self, group: Mapping[str, str]) -> int:
        return self.cells.groups.index(tuple(group[a] for a in self.cells.attributes))


@dataclass
class _Second:
    """Asks both libraries for the figure of a measurement."""

    rows: _Rows
    cube: Cube

    def __post_init__(self) -> None:
        self._parts: dict[tuple[str, ...], _Part] = {}

    def compare(self, m: Measured) -> dict[str, Any] | None:
        """One comparison; None for what is not compared (hidden or missing groups, what neither library has)."""
        one = m.measurement
        if one.reason == SUPPRESSED or one.over is not None or MISSING in one.group.values():
            return None
        if one.attribute is not None and not one.group:
            return self._disparity(m)
        attributes = tuple(one.group)
        if one.attribute is not None:
            return self._impact(one, attributes)
        part = self._part(attributes)
        group = part.number(one.group)
        if group not in part.frame.group:
            return self._weightless(one, part)
        fairlearn, aif360 = (library.get(one.metric, {}).get(group) for library in (part.fairlearn, part.aif360))
        note = "scikit-learn's function, through fairlearn's MetricFrame" if one.metric in SCORED else None
        return self._row(one, one.value, fairlearn, aif360, note)

    def _part(self, attributes: tuple[str, ...]) -> _Part:
        if attributes not in self._parts:
            cells = self.cube.of(attributes)
            numbers = {group: i for i, group in enumerate(cells.groups) if MISSING not in group}
            columns = [self.rows.groups[a] for a in attributes]
            each = zip(*columns, strict=True) if columns else iter([()] * len(self.rows.prediction))
            group = np.array([numbers.get(g, -1) for g in each], dtype=np.int64)
            r, favourable = self.rows, int(self.cube.favourable == self.cube.positive)
            frame = Frame(group, r.prediction, r.label, r.score, r.weight, favourable)
            self._parts[attributes] = _Part(cells, frame.only(list(numbers.values())))
        return self._parts[attributes]

    def _disparity(self, m: Measured) -> dict[str, Any] | None:
        """A disparity over the groups that it was assessed on, less the missing one."""
        one = m.measurement
        part = self._part(next(s.attributes for s in self.cube.sets if s.name == one.attribute))
        aside = [part.number(g) for g in one.not_assessed]
        hidden = [g for g in part.cells.groups if MISSING in g]
        groups = [g for g in np.unique(part.frame.group).tolist() if g not in aside]
        if one.value is None or len(groups) < 2:
            return None
        value = _without(self.cube, part.cells, one.metric, groups) if hidden else one.value
        note = f"without the rows whose {one.attribute} is missing" if hidden else None
        frame = part.alike.only(groups)
        rates = {metric: {g: by[g] for g in groups} for metric, by in part.aif360.items()}
        return self._row(
            one, value, Fairlearn(frame).disparity(one.metric), Aif360(frame).disparity(one.metric, rates), note
        )

    def _impact(self, one: Measurement, attributes: tuple[str, ...]) -> dict[str, Any] | None:
        if one.reference is None or MISSING in one.reference.values() or one.group == one.reference:
            return None
        part = self._part(attributes)
        pair = part.number(one.group), part.number(one.reference)
        if not np.isin(pair, part.frame.group).all():
            return self._row(one, one.value, None, None, None)
        return self._row(one, one.value, None, Aif360(part.alike).disparate_impact(*pair), None)

    def _weightless(self, one: Measurement, part: _Part) -> dict[str, Any] | None:
        """A group whose weights are all 0 has a figure nowhere; said of those that the libraries have of others."""
        if not part.frame.group.size or not (one.metric in part.fairlearn or one.metric in part.aif360):
            return None
        return self._stated(one, one.value, None, None, None)

    def _row(
        self, one: Measurement, value: float | None, fairlearn: float | None, aif360: float | None, note: str | None
    ) -> dict[str, Any] | None:
        if one.metric == "calibration_error" or (value is None and fairlearn is None and aif360 is None):
            return None
        return self._stated(one, value, fairlearn, aif360, note)

    def _stated(
        self, one: Measurement, value: float | None, fairlearn: float | None, aif360: float | None, note: str | None
    ) -> dict[str, Any]:
        bound = max((one.details or {}).get("binning_bound", {}).values(), default=0.0)
        if bound:
            note = f"{note}; ours within {bound:.1g}, since its scores are in bins"
        if value is None:
            note = f"{one.reason}; what a library gives then is its convention"
        row = {
            "measurement": one.id,
            "metric": one.metric,
            "group": dict(one.group),
            "attribute": one.attribute,
            "value": finite(value),
            "fairlearn": fairlearn,
            "aif360": aif360,
            "note": note,
        }
        return row | _agreement(value, fairlearn, aif360, self._tolerance(value) + bound)

    def _tolerance(self, value: float | None) -> float:
        tolerance = TOLERANCE if self.rows.weight is None else WEIGHTED_TOLERANCE
        return tolerance * max(1.0, abs(value or 0.0))


def _agreement(value: float | None, fairlearn: float | None, aif360: float | None, tolerance: float) -> dict[str, Any]:
    """Who agrees within the tolerance, and the largest difference from those that have the figure."""
    if value is None:
        return {"difference": None, "agrees": "not defined"}
    apart = {k: abs(v - value) for k, v in (("fairlearn", fairlearn), ("aif360", aif360)) if v is not None}
    if not apart:
        return {"difference": None, "agrees": "not defined"}
    agreeing = [name for name, difference in apart.items() if difference <= tolerance]
    return {
        "difference": max(apart.values()),
        "agrees": "both" if len(agreeing) == 2 else agreeing[0] if agreeing else "neither",
    }


def _without(cube: Cube, cells: GroupingSet, metric: str, groups: Sequence[int]) -> float | None:
    """Our disparity over these groups alone."""
    keep = list(groups)
    w, w2 = (None if v is None else v[keep] for v in (cells.w, cells.w2))
    fewer = GroupingSet(cells.attributes, tuple(cells.groups[i] for i in keep), cells.n[keep], w, w2)
    return disparity(replace(cube, suppressed=()), fewer, metric).measurement.value
