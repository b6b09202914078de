"""Sensitive attributes among the inputs, and inputs that stand in for them."""

from __future__ import annotations

from audits.explain.association import Association, association
from audits.explain.explained import Explained
from audits.measure.types import Column, Table

SHOWN = 5
CLOSE = 0.5
"""Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), chapter 7: an association of 0.5 is large."""


def associations(found: Explained) -> list[Association]:
    """Every input against every sensitive attribute; an input that is the attribute itself is left out."""
    return [
        association(attribute, groups, name, found.inputs.column(name))
        for attribute, groups in found.groups.items()
        for name in found.names
        if name != attribute
    ]


def proxy_table(found: Explained, measured: list[Association]) -> Table:
    """The inputs closest to each attribute, with how much they move the score."""
    share = shares(found)
    rows = [
        (one.attribute, one.feature, one.measure, one.value, share[one.feature])
        for attribute in found.groups
        for one in sorted((a for a in measured if a.attribute == attribute), key=lambda a: -a.value)[:SHOWN]
    ]
    columns = (
        Column("attribute", "Sensitive attribute", "text"),
        Column("feature", "Input", "text"),
        Column("measure", "Association by", "text"),
        Column("association", "Association, 0 to 1"),
        Column("share", "Share of all that moves the score", "rate"),
    )
    note = (
        "Cramér's V (Cramér 1946) with Bergsma's correction (2013) for categories; the correlation ratio (Fisher 1925) "
        "with Kelley's correction (1935) for numbers. A close input can stand in for the attribute."
    )
    return Table("explanation-proxies", "Inputs that follow a sensitive attribute", columns, tuple(rows), note)


def shares(found: Explained) -> dict[str, float]:
    """Each input's part of the sum of all mean absolute Shapley values."""
    importance = found.importance()
    total = float(importance.sum()) or 1.0
    return {name: float(value) / total for name, value in zip(found.names, importance, strict=True)}


def proxy_notes(found: Explained, measured: list[Association]) -> list[str]:
    """Sentences: which attributes the model reads itself, and which inputs follow one closely."""
    share = shares(found)
    notes = []
    for attribute in found.groups:
        if attribute in share:
            notes.append(
                f"{attribute} is a sensitive attribute and an input of the model itself; it makes up "
                f"{share[attribute]:.1%} of what moves the score."
            )
        close = [a for a in measured if a.attribute == attribute and a.value >= CLOSE]
        notes += [
            f"The input {a.feature} follows {attribute} closely ({a.measure} {a.value:.2f}) and makes up "
            f"{share[a.feature]:.1%} of what moves the score: it can stand in for it."
            for a in sorted(close, key=lambda a: -a.value)[:3]
        ]
    return notes
