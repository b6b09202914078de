"""What the command line does between reading its options and showing the result."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from audits.measure.check import Progress
from audits.measure.policy import load_policy
from audits.run.options import Options
from audits.run.sandboxed import Request, audit_in_sandbox
from models.jobs.sandbox.limits import GIB, Limits

DAY = 86_400.0


def audit_files(data: Path, options: Options, progress: Progress) -> dict[str, Any]:
    """Audit one file. The limits are the machine's: it is the user's own."""
    subject = {"name": (options.model or data).stem} | dict(options.subject)
    request = Request(options.parameters, data, load_policy(options.policy), model=options.model, subject=subject)
    cores = os.cpu_count() or 1
    limits = Limits(seconds=DAY, memory=machine_memory(), output=64 * GIB, scratch=64 * GIB, threads=cores)
    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
        return audit_in_sandbox(request, Path(folder), progress, limits=limits)


def machine_memory() -> int:
    """Nine tenths of the machine's memory, in bytes."""
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 0.9)
