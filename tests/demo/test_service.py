"""The demo's steps after the training: registered, audited by a real worker, handed over, verified; twice the same."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo import train
from demo.prepare import LABEL, SENSITIVE, clients, split
from demo.run import SYSTEMS

ROOT = Path(__file__).parents[2]
ROOMS = ("systems_", "obligations_", "risks_", "incidents_", "reviews_", "assessments_")
FEW = 900  # clients held out: a tenth, so that this takes seconds


def prepare(folder: Path) -> None:
    learned, held_out = split(clients())
    train.save_model(train.fit(learned), folder / "model.onnx")
    learned.to_parquet(folder / "train.parquet", index=False)
    held_out.head(FEW).to_parquet(folder / "holdout.parquet", index=False)


def audited(folder: Path) -> dict[str, Any]:
    """Runs `manage.py demo` in an installation of its own, and gives the figures it handed over."""
    sensitive = [option for name in SENSITIVE for option in ("--sensitive", name)]
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", str(folder), "--label", LABEL, "--systems", str(SYSTEMS), *sensitive],
        cwd=ROOT,
        env=os.environ | {"PLUMBLINE_VAR": str(folder / "var")},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "audit.json").read_text())


def governed(folder: Path) -> dict[str, list[Any]]:
    """Every row about AI systems, by table."""
    with closing(sqlite3.connect(folder / "var" / "plumbline.sqlite3")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        ours = [name for name in tables if name.startswith(ROOMS)]
        return {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr) for name in ours}


@pytest.mark.timeout(600)
def test_the_demo_gives_a_report_that_verifies_the_same_figures_again_and_three_systems_once(tmp_path: Path):
    prepare(tmp_path)
    once, filled = audited(tmp_path), governed(tmp_path)
    again = audited(tmp_path)
    assert len(filled["systems_system"]) == 3
    assert any("audit" in row for row in filled["obligations_evidence"])
    assert any("accepted" in row for row in filled["risks_risk"])
    assert [row for row in filled["assessments_assessment"] if "draft" in row]
    assert governed(tmp_path) == filled
    assert {m["check"] for m in once["measurements"]} == {"fairness", "performance", "explanation"}
    assert once["subject"]["role"] == "provider"
    assert once["cross_check"]["rows"] == FEW
    for part in ("measurements", "verdicts", "cube", "subject"):
        assert once[part] == again[part]
    plumbline = Path(sys.executable).with_name("plumbline")
    verified = subprocess.run(
        [plumbline, "verify", tmp_path / "report.pdf"], capture_output=True, text=True, timeout=200
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
