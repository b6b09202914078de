"""The best method that a model allows: exact where it is one additive core, else sampled with its error stated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audits.explain.exact import (
    TOLERANCE,
    Progress,
    ShapleyValues,
    additivity_error,
    linear_values,
    path_dependent_values,
    tree_values,
)
from audits.explain.explained import Explained
from audits.explain.model import OpenModel
from audits.explain.request import Request
from audits.explain.rows import Rows, read_rows
from audits.explain.sampled import affordable_rows, sampled_values
from audits.explain.structure import NotAdditive, Space, Structure
from audits.explain.trees import Floats, LinearSum, TreeSum
from models.errors import InputError

INTERVENTIONAL = "interventional, exact (WOODELF)"
PATH_DEPENDENT = "path-dependent, exact (WOODELF)"
CLOSED_FORM = "closed form of a linear model, exact"
PERMUTATIONS = "antithetic permutations, sampled"

NO_COUNTS = (
    "Path-dependent values need the training counts of each node, which this file lacks: interventional ones are given."
)
SAMPLED = (
    "Each value is a mean over {pairs} pairs of random orders; a measurement's details give its standard error from "
    "those orders and from the rows apart."
)

FARTHEST = 1e-4
"""A score this far from that of the trees we read is another model's: then we sample."""

AFFORDABLE_WORK = 3e8
"""Leaves times rows (explained and background) that take about 15 seconds on one core."""

MOST_LEAVES = 100_000
DEEPEST = 500
"""woodelf walks down a tree by recursion, of which Python allows 1,000 levels."""

MOST_BITS = 60
"""woodelf keeps a bit for each different input on a path, in 64 bits."""

FEWEST_ROWS = 200


def explained(model: OpenModel, data: Path, request: Request, progress: Progress) -> Explained:
    """Shapley values row by row, exact where the model allows it."""
    most = max(request.rows, request.background)
    rows = read_rows(data, model.columns, model.texts, request.sensitive, most, request.seed)
    if request.method == "sampled":
        return _sampled(model, rows, request, progress, ())
    try:
        return _exact(model, rows, request, progress)
    except NotAdditive as reason:
        return _sampled(model, rows, request, progress, (f"Values are sampled, not exact: {reason}.",))


def _exact(model: OpenModel, rows: Rows, request: Request, progress: Progress) -> Explained:
    """Raises NotAdditive where the trees or weights cannot be read, do not give the model's score, or are too many."""
    structure = model.structure()
    some, background = _affordable(rows, structure, request)
    chosen, reference = rows.taken(some), rows.taken(background)
    design = structure.design(chosen.inputs)
    score = model.score(chosen.inputs)
    output = structure.core.output(design)
    distance = float(np.max(np.abs(structure.score(output) - score) / np.maximum(1.0, np.abs(score))))
    if not distance <= FARTHEST:
        raise NotAdditive(f"its score lies up to {distance:.2g} from that of the trees or weights in its file")
    shapley, method, notes = _values(structure, design, structure.design(reference.inputs), request, progress)
    if not additivity_error(shapley, output) <= TOLERANCE:
        raise NotAdditive("the values do not add up to the score")
    if distance > TOLERANCE:
        method = method.replace("exact", "to single precision")
    space: Space = "log-odds" if structure.link == "logistic" else _space(score)
    return _explained(chosen, score, shapley, space, method, reference, request, distance, notes)


def _values(
    structure: Structure, design: Floats, reference: Floats, request: Request, progress: Progress
) -> tuple[ShapleyValues, str, list[str]]:
    core, players, inputs = structure.core, structure.players, structure.inputs
    notes: list[str] = []
    if isinstance(core, LinearSum):
        return linear_values(core, players, inputs, design, reference), CLOSED_FORM, notes
    if request.method == "path-dependent" and core.has_cover():
        return path_dependent_values(core, players, inputs, design, progress), PATH_DEPENDENT, notes
    if request.method == "path-dependent":
        notes.append(NO_COUNTS)
    return tree_values(core, players, inputs, design, reference, progress), INTERVENTIONAL, notes


def _affordable(rows: Rows, structure: Structure, request: Request) -> tuple[int, int]:
    """How many rows to explain, and how many to set them against."""
    n, m = min(rows.size, request.rows), min(rows.size, request.background)
    if not isinstance(structure.core, TreeSum):
        return n, m
    leaves = structure.core.leaves()
    if leaves > MOST_LEAVES:
        raise NotAdditive(f"its trees have {leaves:,} leaves, more than the {MOST_LEAVES:,} that are taken apart")
    if (depth := structure.core.depth()) > (DEEPEST if structure.inputs <= MOST_BITS else MOST_BITS):
        raise NotAdditive(f"its trees ask up to {depth:,} questions one after the other")
    share = min(1.0, AFFORDABLE_WORK / (leaves * (n + m)))
    return max(min(n, FEWEST_ROWS), int(n * share)), max(min(m, FEWEST_ROWS), int(m * share))


def _sampled(model: OpenModel, rows: Rows, request: Request, progress: Progress, notes: Sequence[str]) -> Explained:
    most = affordable_rows(min(rows.size, request.rows), len(model.columns), request.pairs, request.evaluations)
    chosen, reference = rows.taken(most), rows.taken(request.background)
    shapley = sampled_values(
        model.score, chosen.inputs, reference.inputs, pairs=request.pairs, seed=request.seed, progress=progress
    )
    score = model.score(chosen.inputs)
    if not np.isfinite(shapley.values).all():
        raise InputError("The model gives no finite score for some rows, so it cannot be explained.")
    told = (*notes, SAMPLED.format(pairs=request.pairs))
    space: Space = "decision" if model.signature.kind == "label" else _space(score)
    return _explained(chosen, score, shapley, space, PERMUTATIONS, reference, request, None, told)


def _space(score: Floats) -> Space:
    return "probability" if np.min(score) >= 0 and np.max(score) <= 1 else "score"


def _explained(
    rows: Rows,
    score: Floats,
    shapley: ShapleyValues,
    space: Space,
    method: str,
    reference: Rows,
    request: Request,
    distance: float | None,
    notes: Sequence[str],
) -> Explained:
    reached = score >= request.threshold
    return Explained(
        inputs=rows.inputs,
        groups=rows.groups,
        scores=score,
        adverse=reached if request.adverse_from_threshold else ~reached,
        shapley=shapley,
        space=space,
        method=method,
        background=None if method == PATH_DEPENDENT else reference.size,
        total=rows.total,
        threshold=request.threshold,
        distance=distance,
        notes=tuple(notes),
    )
