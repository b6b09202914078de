"""`make bench`: runs every file of this folder that has a `measure()` and prints one table. Exits with 1 where a budget
is missed. Names of benchmarks as arguments run only those: `.venv/bin/python -m tests.bench.run startup demo`."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.row import Row

NOT_BENCHMARKS = {"__init__", "row", "rows", "run", "seed", "service"}


def main(wanted: list[str]) -> int:
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.platform()}")
    rows = list(measured(wanted or found(), console))
    console.print(table_of(rows))
    missed = [row for row in rows if row.met is False]
    console.print(f"{len(rows)} figures, {len(missed)} budgets missed.")
    return 1 if missed else 0


def found() -> list[str]:
    return sorted({path.stem for path in Path(__file__).parent.glob("*.py")} - NOT_BENCHMARKS)


def measured(names: Iterable[str], console: Console) -> Iterable[Row]:
    for name in names:
        with console.status(f"measuring {name}"):
            yield from importlib.import_module(f"tests.bench.{name}").measure()


def table_of(rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title, justify in (
        ("what", "left"),
        ("ours", "right"),
        ("peer", "right"),
        ("ratio", "right"),
        ("budget", "left"),
        ("", "left"),
    ):
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:,.1f}"
        table.add_row(
            row.what, row.ours, row.peer, ratio, row.budget, {None: "", True: "met", False: "MISSED"}[row.met]
        )
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
