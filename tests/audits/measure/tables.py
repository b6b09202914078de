"""Small tables for tests, audited through the same doors as everybody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd

from audits.measure.cells import Cube
from audits.measure.cube import Counted, Question, build_cube
from audits.measure.fairness import measure_fairness
from audits.measure.measured import Measured
from audits.measure.performance import measure_performance
from audits.measure.policy import Policy, parse_policy
from audits.run.audit import Material, run_audit
from audits.run.parameters import Parameters


def counted(frame: pd.DataFrame, **question: Any) -> Counted:
    """The frame as a cube."""
    return build_cube(ibis.memtable(frame), Question(**question))


def measure(cube: Cube, references: Mapping[str, str] | None = None) -> list[Measured]:
    """Every figure of the cube."""
    return [*measure_fairness(cube, references or {}), *measure_performance(cube)]


def audit(frame: pd.DataFrame, folder: Path, policy: Policy | None = None, **parameters: Any) -> dict[str, Any]:
    """The frame written to parquet and audited."""
    path = folder / "data.parquet"
    frame.to_parquet(path)
    return run_audit(Parameters(**parameters), Material(path, policy=policy))


def policy(*rules: Mapping[str, Any]) -> Policy:
    return parse_policy({"schema": "plumbline.policy/1", "rule": [dict(rule) for rule in rules]}, "test")


def figure(
    result: Mapping[str, Any], metric: str, group: Mapping[str, str] | None = None, attribute: str | None = None
) -> Any:
    """The one measurement of this metric and group (accuracy and precision: the fairness check's)."""
    found = [
        m
        for m in result["measurements"]
        if m["metric"] == metric
        and m["group"] == (group or {})
        and m.get("attribute") == attribute
        and "over" not in m
        and not (m["check"] == "performance" and metric in ("accuracy", "precision") and len(group or {}) < 1)
    ]
    assert len(found) == 1, (metric, group, attribute, found)
    return found[0]


def value(
    result: Mapping[str, Any], metric: str, group: Mapping[str, str] | None = None, attribute: str | None = None
) -> Any:
    return figure(result, metric, group, attribute)["value"]


def spread(counts: pd.DataFrame, n: str = "n") -> pd.DataFrame:
    """A count table as one row for each that was counted."""
    return counts.loc[counts.index.repeat(counts[n])].drop(columns=n).reset_index(drop=True)


def credit(rows: int = 2_000, seed: int = 1, groups: Sequence[str] = ("a", "b", "c")) -> pd.DataFrame:
    """Made-up lending: sex, region, label, score and prediction, with a gap between regions."""
    rng = np.random.default_rng(seed)
    region = rng.choice(list(groups), rows)
    sex = rng.choice(["f", "m"], rows)
    score = np.clip(rng.beta(2, 2, rows) + 0.1 * (region == groups[0]), 0, 1).round(3)
    label = (rng.random(rows) < score).astype(int)
    columns = {"sex": sex, "region": region, "label": label, "score": score, "prediction": (score >= 0.5).astype(int)}
    return pd.DataFrame(columns)
