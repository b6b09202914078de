"""A measurement together with the estimate it prints, so that a rule can ask for other limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.measure.estimates import Estimate, interval
from audits.measure.types import SUPPRESSED, Group, Measurement


@dataclass(frozen=True)
class Measured:
    measurement: Measurement
    estimate: Estimate


def measured(
    check: str,
    metric: str,
    estimate: Estimate,
    *,
    group: Group | None = None,
    attribute: str | None = None,
    reference: Group | None = None,
    over: Sequence[Group] | None = None,
    not_assessed: Sequence[Group] = (),
) -> Measured:
    """The estimate as a measurement, with its 95% interval, its n and why there is none."""
    bound = getattr(estimate, "bound", (0.0, 0.0))
    measurement = Measurement(
        check=check,
        metric=metric,
        value=estimate.value,
        interval=interval(estimate),
        n=None if estimate.reason == SUPPRESSED else estimate.n,
        group=group or {},
        attribute=attribute,
        reference=reference,
        over=tuple(over) if over is not None else None,
        not_assessed=tuple(not_assessed),
        reason=estimate.reason,
        details={"binning_bound": {"down": bound[0], "up": bound[1]}} if any(bound) else None,
    )
    return Measured(measurement, estimate)
