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
AUDITED = (0, 1, 3)  # passed, failed, inconclusive: an audit that was done, whatever it found


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
    """The audit on the command line: the exported model on the clients that were held out."""
    sensitive = [option for name in SENSITIVE for option in ("--sensitive", name)]
    plumbline(
        "audit", FOLDER / "holdout.parquet", "--label", LABEL, "--model", FOLDER / "model.onnx", *sensitive,
        "--positive", "1", "--favourable", "0", "--cross-check", "--json", AUDIT, "--pdf", REPORT,
        accepted=AUDITED,
    )  # fmt: skip


def verify() -> None:
    """The report proves itself: its figures are recomputed from what is attached to it."""
    plumbline("verify", REPORT)


def plumbline(*arguments: str | Path, accepted: tuple[int, ...] = (0,)) -> None:
    """Runs one command; SystemExit with its code where that is none of the accepted."""
    command = [Path(sys.executable).with_name("plumbline"), *arguments]
    code = subprocess.run([str(part) for part in command]).returncode
    if code not in accepted:
        raise SystemExit(code)


if __name__ == "__main__":
    sys.exit(main())
