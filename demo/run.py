"""The steps of `make demo`, each timed: train, audit, verify. Ends by saying where the report is."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from demo import train
from demo.prepare import FOLDER, LABEL, SENSITIVE

SYSTEMS = Path(__file__).parent / "systems.yaml"
REPORT, AUDIT, TIMES = FOLDER / "report.pdf", FOLDER / "audit.json", FOLDER / "times.json"


def main() -> int:
    times: dict[str, float] = {}
    for name, step in (("train", train.main), ("audit", audit), ("verify", verify)):
        started = time.perf_counter()
        step()
        times[name] = round(time.perf_counter() - started, 2)
    TIMES.write_text(json.dumps(times, indent=2) + "\n")
    print(f"\nDone in {sum(times.values()):.0f} s. The report: {REPORT}, its figures: {AUDIT}.")
    print("Look at it in the service, signed in by one click: DEMO=1 make serve")
    return 0


def audit() -> None:
    """Registers the model and the held-out clients with the service, has a worker of its own audit them, and fills the
    service with AI systems."""
    sensitive = [option for name in SENSITIVE for option in ("--sensitive", name)]
    run(sys.executable, "manage.py", "demo", FOLDER, "--label", LABEL, "--systems", SYSTEMS, *sensitive)


def verify() -> None:
    """The report proves itself: its figures are recomputed from what is attached. Shows the first line."""
    print(run(Path(sys.executable).with_name("plumbline"), "verify", REPORT, stdout=subprocess.PIPE).partition("\n")[0])


def run(*command: str | Path, stdout: int | None = None) -> str:
    """Runs one step in a process of its own and gives its output; SystemExit with its code where it failed."""
    done = subprocess.run([str(part) for part in command], stdout=stdout, text=True)
    if done.returncode:
        print(done.stdout or "", end="")
        raise SystemExit(done.returncode)
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main())
