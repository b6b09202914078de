"""The demo's wall time, by stage."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

from demo.prepare import FOLDER
from tests.bench.row import Row, seconds, within


def measure() -> Iterator[Row]:
    total = seconds(lambda: subprocess.run(["make", "demo"], check=True, stdout=subprocess.DEVNULL))
    for stage, spent in json.loads((FOLDER / "times.json").read_text()).items():
        yield Row(f"demo: {stage}", f"{spent:.1f} s", "", None, "", None)
    yield within("demo: make demo, everything installed", total, 60)
