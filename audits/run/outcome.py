"""What all verdicts together mean: one exit code and one headline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PASSED, FAILED, INCONCLUSIVE = 0, 1, 3


def exit_code(verdicts: Sequence[dict[str, Any]]) -> int:
    """0 all that could be judged passed; 1 a rule failed that is not waived; 3 something is inconclusive, or nothing
    could be judged."""
    if any(v["outcome"] == "fail" and not v.get("waived") for v in verdicts):
        return FAILED
    judged = [v["outcome"] for v in verdicts if v["outcome"] != "not_applicable"]
    return INCONCLUSIVE if not judged or "inconclusive" in judged else PASSED


def count_outcomes(verdicts: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many verdicts came out which way; a waived fail counts as "waived"."""
    counted: dict[str, int] = {}
    for verdict in verdicts:
        outcome = "waived" if verdict.get("waived") else verdict["outcome"]
        counted[outcome] = counted.get(outcome, 0) + 1
    return counted
