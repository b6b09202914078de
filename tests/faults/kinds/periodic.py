"""What the tests of faults have called again and again."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.conf import settings

from models.jobs.periodic import every


def note(name: str) -> None:
    with (settings.VAR / name).open("a") as file:
        file.write(f"{os.getpid()} {time.time():.2f}\n")


@every(1)
def often() -> None:
    note("often")


@every(1)
def failing() -> None:
    note("failing")
    raise RuntimeError("it fails every time")


@every(1)
def endless() -> None:
    """Begins, and never comes back as long as there is this file."""
    note("endless")
    while (Path(settings.VAR) / "hang").exists():
        time.sleep(0.1)


@every(3600)
def seldom() -> None:
    note("seldom")
