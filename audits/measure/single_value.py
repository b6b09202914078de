"""Where a label was named but has one value, that is the reason why a figure is missing; the cube holds no more than
that there is no label of two values."""

from __future__ import annotations

from dataclasses import replace

from audits.measure.estimates import Unknown
from audits.measure.measured import Measured
from audits.measure.rates import NO_LABEL
from audits.measure.types import Verdict

ONE_VALUE = "the label has only one value"


def reworded(one: Measured) -> Measured:
    """The same figure with the label's single value as its reason, where a missing label was."""
    if one.measurement.reason != NO_LABEL or not isinstance(one.estimate, Unknown):
        return one
    return Measured(replace(one.measurement, reason=ONE_VALUE), replace(one.estimate, reason=ONE_VALUE))


def reworded_verdict(verdict: Verdict) -> Verdict:
    """The same for a verdict that rests on no figure."""
    said, instead = (f"{text[0].upper()}{text[1:]}" for text in (NO_LABEL, ONE_VALUE))
    return replace(verdict, reason=verdict.reason.replace(said, instead))
