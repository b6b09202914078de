"""A small real audit and its report, made once; tests change copies."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audits.report.pdf import render_pdf
from audits.run.audit import Material, run_audit
from audits.run.parameters import Parameters

STARTED = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)
SUBJECT = {"name": "Loan model", "version": "3", "purpose": "Estimates whether a client repays.", "role": "provider"}


def people(rows: int = 600) -> pd.DataFrame:
    """Two attributes; men are scored a little higher than women at the same outcome."""
    random = np.random.default_rng(7)
    sex = random.choice(["female", "male"], rows)
    region = random.choice(["north", "south", "west"], rows, p=[0.5, 0.45, 0.05])
    repaid = random.random(rows) < 0.6
    score = np.clip(0.35 + 0.25 * repaid + 0.08 * (sex == "male") + random.normal(0, 0.15, rows), 0.01, 0.99)
    return pd.DataFrame({"sex": sex, "region": region, "repaid": repaid.astype(int), "score": score.round(3)})


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """`audited(frame, **parameters)` runs the audit of a table."""

    def run(frame: pd.DataFrame, subject: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
        path = tmp_path_factory.mktemp("data") / "clients.parquet"
        frame.to_parquet(path)
        return run_audit(Parameters(**given), Material(Path(path), subject=subject or {}, started=STARTED))

    return run


@pytest.fixture(scope="session")
def once(audited: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return audited(people(), SUBJECT, sensitive=("sex",), label="repaid", score="score")


@pytest.fixture
def audit(once: dict[str, Any]) -> dict[str, Any]:
    """An audit by sex with label and score, of one's own to change."""
    return copy.deepcopy(once)


@pytest.fixture(scope="session")
def report(once: dict[str, Any]) -> bytes:
    """Its report as PDF bytes."""
    return render_pdf(once)
