"""Group fairness of many rows against fairlearn's MetricFrame.

Ours: every rate and disparity with its interval. The peer: the same eight rates without intervals, one MetricFrame for
each attribute (and for the intersections one over all attributes). The peer's time on 10 million rows is measured with
BENCH_FULL=1, since it takes a quarter of an hour; otherwise it is ten times that on one million, and the row says so.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.row import FOLDER, FULL, Row, faster, seconds
from tests.bench.rows import ATTRIBUTES, COLUMNS, LABEL, PREDICTION, generated

MILLION = 1_000_000


def measure() -> Iterator[Row]:
    small, large = generated(MILLION), generated(10 * MILLION)
    peer = seconds(lambda: fairlearn_by_attribute(small))
    yield faster("fairness, 1M rows x 3 attributes: measuring", ours(small), peer, "fairlearn", None)
    yield faster("fairness, 1M rows x 3 attributes: whole command", command(small), peer, "fairlearn", None)
    peer_large = seconds(lambda: fairlearn_by_attribute(large)) if FULL else 10 * peer
    name = "fairlearn" if FULL else "fairlearn (10 x 1M rows)"
    yield faster("fairness, 10M rows x 3 attributes: measuring", ours(large), peer_large, name, 1000)
    yield faster("fairness, 10M rows x 3 attributes: whole command", command(large), peer_large, name, None)
    crossed = seconds(lambda: fairlearn_frame(small, list(ATTRIBUTES)))
    yield faster("fairness, 1M rows, 40 intersections: measuring", ours(small, True), crossed, "fairlearn", None)


def ours(path: Path, intersections: bool = False) -> float:
    """Seconds to count the rows and to measure everything, by the same call as the audit's."""
    import ibis

    from audits.measure.cube import Question, build_cube
    from audits.measure.fairness import measure_fairness

    question = Question(sensitive=ATTRIBUTES, label=LABEL, prediction=PREDICTION, intersections=intersections)

    def work() -> None:
        counted = build_cube(ibis.duckdb.connect().read_parquet(path), question)
        measure_fairness(counted.cube, {})

    return seconds(work, repeat=5)


def command(path: Path) -> float:
    """Seconds of `plumbline audit`, from its start to the JSON on disk."""
    sensitive = [option for name in ATTRIBUTES for option in ("--sensitive", name)]
    script = Path(sys.executable).with_name("plumbline")
    arguments = [script, "audit", path, "--label", LABEL, "--prediction", PREDICTION, *sensitive]
    return seconds(lambda: audited([*arguments, "--json", FOLDER / "audit.json"]), repeat=3)


def audited(arguments: list[str | Path]) -> None:
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(done.stderr)


def fairlearn_by_attribute(path: Path) -> None:
    for name in ATTRIBUTES:
        fairlearn_frame(path, [name])


def fairlearn_frame(path: Path, attributes: list[str]) -> None:
    """The eight rates that we give by group, by fairlearn and scikit-learn, reading of the file included."""
    import pandas as pd
    from fairlearn import metrics as fm
    from sklearn.metrics import accuracy_score, precision_score

    def base_rate(truth: pd.Series, _prediction: pd.Series) -> float:
        return float((truth == 1).mean())

    rates = {
        "base_rate": base_rate,
        "selection_rate": fm.selection_rate,
        "true_positive_rate": fm.true_positive_rate,
        "false_positive_rate": fm.false_positive_rate,
        "true_negative_rate": fm.true_negative_rate,
        "false_negative_rate": fm.false_negative_rate,
        "precision": precision_score,
        "accuracy": accuracy_score,
    }
    table = pd.read_parquet(path, columns=list(COLUMNS))
    frame = fm.MetricFrame(
        metrics=rates, y_true=table[LABEL], y_pred=table[PREDICTION], sensitive_features=table[attributes]
    )
    assert len(frame.by_group) > 1
    frame.difference()
