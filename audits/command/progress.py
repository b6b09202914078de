"""A progress bar on stderr, where stderr is a terminal; nothing where it is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from audits.measure.check import Progress


@contextmanager
def progress_bar(verb: str, name: str) -> Iterator[Progress]:
    """Yields a function to tell (share done, sentence)."""
    if not sys.stderr.isatty():
        yield lambda share, sentence: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    text, share = TextColumn("{task.description}"), TextColumn("{task.percentage:>3.0f}%")
    with Progress(text, BarColumn(), share, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{verb} {name}", total=1.0)

        def told(share: float, sentence: str) -> None:
            bar.update(task, completed=share, description=sentence)

        yield told
