"""A progress bar where somebody looks on: a terminal or a notebook. Nothing in a log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Shown = Callable[[float, str], object]


@contextmanager
def progress_of(wanted: bool | Shown, title: str) -> Iterator[Shown]:
    """Yields a function to tell (share done, sentence)."""
    if callable(wanted):
        yield wanted
        return
    if not wanted or not looked_at():
        yield lambda share, sentence: None
        return
    with bar(title) as shown:
        yield shown


def looked_at() -> bool:
    return os.environ.get("TERM") != "dumb" and (sys.stderr.isatty() or in_notebook())


def in_notebook() -> bool:
    """Whether we run in a Jupyter kernel: IPython says so of itself; it is never imported for this."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell is not None and shell.has_trait("kernel")


@contextmanager
def bar(title: str) -> Iterator[Shown]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    # in a notebook rich draws by itself, on a terminal what is shown on stderr disturbs no output
    console = Console() if in_notebook() else Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=1.0)

        def told(share: float, sentence: str) -> None:
            progress.update(task, completed=share, description=sentence or title)

        yield told
