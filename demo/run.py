"""The steps of `make demo`, each timed: train, audit, verify. Ends by saying where the report is."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from demo import train
from demo.prepare import FOLDER, LABEL, SENSITIVE

REPORT, AUDIT, TIMES = FOLDER / "report.pdf", FOLDER / "audit.json", FOLDER / "times.json"


def main() -> int:
    times: dict[str, float] = {}
    for name, step in (("train", train.main), ("audit", audit), ("verify", verify)):
        started = time.perf_counter()
        step()
        times[name] = round(time.perf_counter() - started, 2)
    TIMES.write_text(json.dumps(times, indent=2) + "\n")
    print(f"\nDone in {sum(times.values()):.0f} s. The report: {REPORT}, its figures: {AUDIT}.")
    print("Look at it in the service: make serve")
    return 0


def audit() -> None:
    """The audit by the service: registered, run as a job by a worker process, and handed over as report and figures."""
    sensitive = [option for name in SENSITIVE for option in ("--sensitive", name)]
    command = [sys.executable, "manage.py", "demo", str(FOLDER), "--label", LABEL, *sensitive]
    if code := subprocess.run(command).returncode:
        raise SystemExit(code)


def verify() -> None:
    """The report proves itself: its figures are recomputed from what is attached to it."""
    command = [str(Path(sys.executable).with_name("plumbline")), "verify", str(REPORT)]
    if code := subprocess.run(command).returncode:
        raise SystemExit(code)


if __name__ == "__main__":
    sys.exit(main())
