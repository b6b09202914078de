"""How long `plumbline --help` takes to answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.row import Row, seconds, within


def measure() -> Iterator[Row]:
    script = Path(sys.executable).with_name("plumbline")
    best = seconds(lambda: subprocess.run([script, "--help"], stdout=subprocess.DEVNULL, check=True), repeat=7)
    yield within("plumbline --help", best, 0.3)
