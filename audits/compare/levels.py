"""A figure's limits at another level than the printed one: worked out anew from the counts that travel with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from audits.compare.mover import Span
from audits.measure import cells
from audits.measure.check import discover
from audits.measure.estimates import LEVEL, Estimate, Rate, RateRatio
from audits.run.parameters import Parameters
from models.errors import InputError

# the figure worked out anew is the printed one; anything else is another version's arithmetic, or damage
NEAR = 1e-9


class Levels:
    """One audit's figures at any level."""

    def __init__(self, audit: Mapping[str, Any]):
        self.audit = audit

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """By measurement id; the cube is counted up at the first question only."""
        cube = cells.from_json(self.audit["cube"])
        parameters = Parameters.from_json(self.audit["provenance"]["parameters"])
        found = [m for check in discover() if check.measure for m in check.measure(cube, parameters)]
        return {m.measurement.id: m.estimate for m in found}

    def span(self, m: Mapping[str, Any], level: float) -> Span:
        """The figure between its limits at this level.

        Raises InputError where the cube does not give the figure that the audit prints.
        """
        bounds = m["interval"]
        if bounds is None:
            return Span(m["value"], None, None)
        if level == LEVEL:
            return Span(m["value"], bounds["low"], bounds["high"])
        estimate = self._estimate(m)
        if estimate is None or not _same(estimate, m):
            raise InputError(f"The figure {m['id']} cannot be worked out from the counts of its audit.")
        return Span(m["value"], *estimate.limits(level))

    def _estimate(self, m: Mapping[str, Any]) -> Estimate | None:
        """A plain rate is known by its value and its n, and a ratio by its two rates, which spares the cube."""
        if rate := plain_rate(m):
            return rate
        if m["metric"] == "disparate_impact" and m.get("reference"):
            own, reference = (self.favourable.get(frozenset(m[side].items())) for side in ("group", "reference"))
            if own and reference:
                return RateRatio(own, reference)
        return self.estimates.get(m["id"])

    @cached_property
    def favourable(self) -> dict[frozenset[tuple[str, str]], Rate]:
        """The plain rates of the favourable outcome, by group."""
        cube = self.audit["cube"]
        metric = "selection_rate" if cube["favourable"] == cube["positive"] else "favourable_rate"
        found = ((m, plain_rate(m)) for m in self.audit["measurements"] if m["metric"] == metric)
        return {frozenset(m["group"].items()): rate for m, rate in found if rate}


def plain_rate(m: Mapping[str, Any]) -> Rate | None:
    """The estimate behind a figure that is a count over a count."""
    if not m["interval"] or m["interval"]["method"] != "wilson" or not m["n"]:
        return None
    return Rate(m["value"] * m["n"], float(m["n"]), m["n"])


def _same(estimate: Estimate, m: Mapping[str, Any]) -> bool:
    """Whether it gives the value and the limits that the audit prints."""
    printed = (m["value"], m["interval"]["low"], m["interval"]["high"])
    found = (estimate.value, *estimate.limits(LEVEL))
    return all(
        a == b or (a is not None and b is not None and abs(a - b) <= NEAR) for a, b in zip(printed, found, strict=True)
    )
