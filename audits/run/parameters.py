"""Everything that an audit was asked: the options of the command line, of a job and of a `plumbline.toml` alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from audits.measure.cube import Question
from models.errors import InputError


@dataclass(frozen=True)
class Parameters:
    """The question put to a table. Exactly one of `prediction`, `score` and `model` is given.

    `reference` names the reference group of an attribute; `options` holds the checks' own options by check id;
    `suppress` is the smallest number of rows that a printed cell may have.
    """

    sensitive: tuple[str, ...]
    label: str | None = None
    prediction: str | None = None
    score: str | None = None
    model: bool = False
    positive: str = "1"
    favourable: str | None = None
    reference: Mapping[str, str] = field(default_factory=dict)
    threshold: float | None = None
    weight: str | None = None
    frequency: str | None = None
    intersections: bool = False
    drop_missing: bool = False
    suppress: int | None = None
    seed: int = 0
    cross_check: bool = False
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = [n for n in ("prediction", "score") if getattr(self, n)] + (["model"] if self.model else [])
        if len(given) != 1:
            raise InputError(
                "Say where the predictions are, in one way: --prediction COL, --score COL or --model FILE."
                + (f" Given were: {', '.join('--' + g for g in given)}." if given else "")
            )
        if not self.sensitive:
            raise InputError("Name at least one sensitive column: --sensitive COL.")
        self._refuse_repetition()
        if self.intersections and (starred := [c for c in self.sensitive if "*" in c]):
            raise InputError(
                f"Column {starred[0]!r} has a * in its name, which stands between the columns of an intersection. "
                "Rename it, or leave out --intersections."
            )
        if self.weight and self.frequency:
            raise InputError("Give --weight (a sampling weight) or --frequency (rows that a row stands for), not both.")
        if self.threshold is not None and self.prediction:
            raise InputError("--threshold applies to scores; with --prediction there is nothing to cut.")
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise InputError("--threshold must be a number.")
        if self.suppress is not None and self.suppress < 1:
            raise InputError("--suppress takes the smallest count that may be shown, 1 or more.")
        if unknown := sorted(set(self.reference) - set(self.sensitive)):
            raise InputError(f"--reference names {unknown[0]!r}, which is no --sensitive column.")

    def _refuse_repetition(self) -> None:
        parts: dict[str, str] = {}
        named = [(c, "sensitive") for c in self.sensitive]
        named += [(c, n) for n in ("label", "prediction", "score", "weight", "frequency") if (c := getattr(self, n))]
        for column, part in named:
            if parts.get(column) == part:
                raise InputError(f"The {part} column {column!r} is named twice; name it once.")
            if column in parts and not (part == "prediction" and parts[column] == "label"):
                raise InputError(f"Column {column!r} is given as {parts[column]} and as {part}; it can be only one.")
            parts[column] = part

    def question(self, *, score: str | None = None, prediction: str | None = None) -> Question:
        """What to count; a model's output columns stand in for the named ones."""
        return Question(
            sensitive=self.sensitive,
            label=self.label,
            prediction=prediction or self.prediction,
            score=score or self.score,
            threshold=self.threshold,
            positive=self.positive,
            favourable=self.favourable,
            weight=self.weight,
            frequency=self.frequency,
            intersections=self.intersections,
            drop_missing=self.drop_missing,
        )

    def to_json(self) -> dict[str, Any]:
        row = {f.name: getattr(self, f.name) for f in fields(self)}
        row["sensitive"] = list(self.sensitive)
        row["reference"] = dict(self.reference)
        row["options"] = {check: dict(options) for check, options in self.options.items()}
        return row

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Parameters:
        """The parameters back; keys that are not ours are an InputError."""
        known = {f.name for f in fields(Parameters)}
        if unknown := sorted(set(data) - known):
            raise InputError(f"Unknown parameters: {', '.join(unknown)}. Known are {', '.join(sorted(known))}.")
        return Parameters(**{**data, "sensitive": tuple(data.get("sensitive", ()))})
