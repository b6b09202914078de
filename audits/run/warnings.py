"""What a reader must know before believing the figures. All that follows from the evidence is made from it alone, so
that `verify` makes it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audits.measure.cells import Cube
from audits.measure.types import MISSING, SUPPRESSED
from audits.run.parameters import Parameters

# rows exactly at the threshold are told of from this share on
TIED = 0.01
# how the sentence on the columns of a model without names begins; it needs the model to be made again
ORDER_ASSUMED = "The model's inputs have no names; "


def derived_warnings(
    cube: Cube, parameters: Parameters, threshold: float | None, dropped: Mapping[str, int]
) -> list[str]:
    """The warnings that follow from the cube, what was asked, and the rows dropped by column.

    `threshold` is the one that took effect.
    """
    return [
        *(f"{n:,} rows were left out: {column!r} is missing there." for column, n in dropped.items()),
        *_of_attributes(cube),
        *_of_label(cube, parameters),
        *_of_suppression(cube, parameters),
        *_of_ties(cube, threshold),
    ]


def _of_attributes(cube: Cube) -> Iterator[str]:
    for one in cube.sets:
        if len(one.attributes) != 1:
            continue
        sizes = dict(zip((g[0] for g in one.groups), one.n.sum(axis=(1, 2)).tolist(), strict=True))
        missing, total = sizes.get(MISSING, 0), sum(sizes.values())
        if missing * 2 > total:
            yield f"{one.name!r} is missing in {missing:,} of {total:,} rows; the others may not be typical."
        if len(sizes) == 1 and f"({SUPPRESSED})" not in sizes:
            yield f"{one.name!r} has only the value {next(iter(sizes))!r}: nothing can be compared."


def _of_label(cube: Cube, parameters: Parameters) -> Iterator[str]:
    if parameters.label and not cube.has_label:
        yield f"The label {parameters.label!r} has only one value, so nothing that needs a label was measured."


def _of_suppression(cube: Cube, parameters: Parameters) -> Iterator[str]:
    if cube.suppressed:
        yield (
            f"Counts under {parameters.suppress} are not shown; {len(cube.suppressed)} groups were merged for "
            "that and count as not assessed."
        )


def _of_ties(cube: Cube, threshold: float | None) -> Iterator[str]:
    """Many rows at the threshold itself: their side of it is a convention. Told where scores are counted exactly."""
    if threshold is None or cube.scores is None or cube.scores.kind != "exact":
        return
    everybody = cube.scores.sets[0]
    tied = int(everybody.n[everybody.low == threshold].sum())
    if tied > TIED * cube.rows:
        yield f"{tied:,} rows score exactly the threshold {threshold:g} and count as positive."


def order_assumed(columns: str, data: str) -> str:
    """What is said of a model without names for its inputs: which `columns`, listed, it was given."""
    return (
        f"{ORDER_ASSUMED}the columns {columns} of {data} were taken in this order. Save the model with the names of "
        "its features (for ONNX as feature_names, see docs/formats.md) to be sure."
    )


def dropped_rows(audit: Mapping[str, Any]) -> dict[str, int]:
    """The rows left out by column, as the evidence has them."""
    return dict((audit.get("data") or {}).get("dropped") or {})
