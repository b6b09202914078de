"""Audits as JSON, made by our own arithmetic from drawn counts instead of from a table."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from audits.measure import cells
from audits.measure.cells import Cube, GroupingSet
from audits.measure.policy import Policy, parse_policy
from audits.run.audit import evaluate
from audits.run.parameters import Parameters

DAY = datetime.date(2026, 11, 21)
RULES = {
    "schema": "plumbline.policy/1",
    "rules": [
        {"id": "parity", "metric": "demographic_parity_difference", "at_most": 0.1},
        {"id": "parity-ratio", "metric": "demographic_parity_ratio", "at_least": 0.8},
        {"id": "odds", "metric": "equalized_odds_difference", "at_most": 0.1},
        {"id": "impact", "metric": "disparate_impact", "at_least": 0.8},
        {"id": "found", "metric": "true_positive_rate", "at_least": 0.5, "groups": True},
        {"id": "accurate", "metric": "accuracy", "at_least": 0.5},
        {"id": "enough", "metric": "group_size", "at_least": 10},
    ],
}
POLICY = parse_policy(RULES, "drawn")
Counts = Sequence[Sequence[Sequence[int]]]


def audit(
    counts: Mapping[str, Any] | Counts,
    *,
    policy: Policy = POLICY,
    sha256: str = "1" * 64,
    positive: str = "1",
    **parameters: Any,
) -> dict[str, Any]:
    """The audit of one attribute `by`: for each group counts [label][prediction], by name or as a, b, c, ..."""
    named = counts if isinstance(counts, Mapping) else {chr(97 + i): each for i, each in enumerate(counts)}
    n = np.array([named[name] for name in named], dtype=np.int64)
    sets = (
        GroupingSet((), ((),), n.sum(axis=0, keepdims=True)),
        GroupingSet(("by",), tuple((name,) for name in named), n),
    )
    negative = "0" if positive == "1" else "1"
    cube = Cube(("by",), positive, negative, positive, True, "none", sets)
    asked = Parameters(sensitive=("by",), label="label", prediction="prediction", positive=positive, **parameters)
    found, judgement = evaluate(cube, asked, policy, DAY)
    return {
        "schema": "plumbline.audit/1",
        "inputs": [{"name": "drawn.csv", "sha256": sha256, "rows": int(n.sum())}],
        "subject": {"name": "Drawn", "version": "1"},
        "data": {"name": "drawn.csv"},
        "measurements": [m.measurement.to_json() for m in (*found, *judgement.added)],
        "verdicts": [v.to_json() for v in judgement.verdicts],
        "policy": policy.to_json(),
        "checks": [],
        "cube": cells.to_json(cube),
        "warnings": [],
        "provenance": {"parameters": asked.to_json(), "started": f"{DAY}T00:00:00+00:00", "version": "0"},
    }


def drawn(rng: np.random.Generator, rows: int, rates: Sequence[tuple[float, float, float]]) -> Counts:
    """Counts of groups of so many rows, each with its base rate, true and false positive rate."""
    found = []
    for base, hit, alarm in rates:
        shares = [(1 - base) * (1 - alarm), (1 - base) * alarm, base * (1 - hit), base * hit]
        found.append(rng.multinomial(rows, shares).reshape(2, 2).tolist())
    return found
