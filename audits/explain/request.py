"""What is asked of an explanation."""

from __future__ import annotations

from dataclasses import dataclass

METHODS = ("auto", "path-dependent", "sampled")


@dataclass(frozen=True)
class Request:
    """What to explain. `adverse_from_threshold`: a score at or above the threshold is the decision that does not
    favour the person. `exclude` names columns that are no inputs (label, weight)."""

    positive: str
    sensitive: tuple[str, ...]
    threshold: float = 0.5
    adverse_from_threshold: bool = False
    seed: int = 0
    suppress: int | None = None
    exclude: tuple[str, ...] = ()
    weighted: bool = False
    method: str = "auto"
    rows: int = 10_000
    background: int = 10_000
    pairs: int = 20
    evaluations: int = 500_000
