"""100 million rows against summing the same columns with the same engine, and the memory that either takes.

Each runs in a process of its own, so that the peak of memory is its own. Leaves the rows out where the disk is small.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.row import FOLDER, Row, seconds, within
from tests.bench.rows import ATTRIBUTES, COLUMNS, LABEL, PREDICTION, generated

MILLION = 1_000_000
DISK = 4 * 2**30


def measure() -> Iterator[Row]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    sizes = [1, 10, 100] if shutil.disk_usage(FOLDER).free > DISK else [1, 10]
    found = {size: alone("audit_rows", generated(size * MILLION)) for size in sizes}
    largest = sizes[-1]
    sums = alone("sum_rows", generated(largest * MILLION))
    ratio = found[largest]["seconds"] / sums["seconds"]
    yield Row(
        f"fairness, {largest}M rows x 3 attributes: measuring",
        f"{found[largest]['seconds']:.2f} s",
        f"{sums['seconds']:.2f} s, summing the columns",
        ratio,
        "within 2.5 times",
        ratio <= 2.5,
    )
    for size in sizes:
        yield within(f"peak memory, {size}M rows", found[size]["gigabytes"], 1.5, "GB")


def alone(task: str, path: Path) -> dict[str, float]:
    """Runs a function of this file in a process of its own: its seconds, and the process's peak of memory."""
    code = f"from pathlib import Path; from tests.bench.scan import report, {task}; report({task}, Path({str(path)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def report(task, path: Path) -> None:  # type: ignore[no-untyped-def]
    import resource

    best = seconds(lambda: task(path), repeat=5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": best, "gigabytes": peak / 1e9}))


def audit_rows(path: Path) -> None:
    import ibis

    from audits.measure.cube import Question, build_cube
    from audits.measure.fairness import measure_fairness

    question = Question(sensitive=ATTRIBUTES, label=LABEL, prediction=PREDICTION)
    measure_fairness(build_cube(ibis.duckdb.connect().read_parquet(path), question).cube, {})


def sum_rows(path: Path) -> None:
    import duckdb

    sums = ", ".join(f"sum({name})" for name in COLUMNS)
    assert duckdb.connect().execute(f"select {sums} from read_parquet(?)", [str(path)]).fetchone()
