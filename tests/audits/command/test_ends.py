"""How `plumbline audit` ends when nobody reads on, and when it is asked to end in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.jobs.sandbox import processes

COMMAND = Path(sys.executable).with_name("plumbline")
OPTIONS = ("--label", "y", "--prediction", "p", "--sensitive", "g")


def data(folder: Path, rows: int) -> Path:
    path = folder / "const.csv"
    path.write_text("g,y,p\n" + "m,1,1\nf,1,1\nm,0,0\nf,0,0\n" * (rows // 4))
    return path


def test_a_reader_who_has_gone_is_not_taken_for_a_failed_rule_and_the_evidence_is_there(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    arguments = [COMMAND, "audit", data(tmp_path, 400), *OPTIONS, "--json", tmp_path / "audit.json"]

    done = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, timeout=120)
    os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")
    assert json.loads((tmp_path / "audit.json").read_bytes())["schema"] == "plumbline.audit/1"


def test_a_reader_of_one_line_is_not_taken_for_a_failed_rule(tmp_path: Path) -> None:
    line = f"{COMMAND} audit {data(tmp_path, 400)} {' '.join(OPTIONS)} | head -n 1; echo ${{PIPESTATUS[0]}}"

    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)

    assert done.stdout.startswith("Of ")
    # 0 where the whole summary was in the pipe before its reader left
    assert done.stdout.split()[-1] in ("141", "0"), done.stdout
    assert done.stderr == ""


def test_bad_input_told_to_nobody_is_no_failed_rule_either() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([COMMAND, "audit", "nowhere.csv"], stdout=writer, stderr=writer, timeout=120)
    os.close(writer)
    assert done.returncode == 141


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_audit_asked_to_end_leaves_no_process_no_folder_and_no_half_file(
    tmp_path: Path, number: signal.Signals
) -> None:
    scratch, target = tmp_path / "scratch", tmp_path / "audit.json"
    scratch.mkdir()
    arguments = [COMMAND, "audit", data(tmp_path, 2_000_000), *OPTIONS, "--json", target]
    audit = subprocess.Popen(arguments, env=os.environ | {"TMPDIR": str(scratch)}, stdout=subprocess.DEVNULL)
    started = sandboxed(audit)
    assert list(scratch.glob("plumbline-*"))

    audit.send_signal(number)

    assert audit.wait(30) == 128 + number
    assert not started & {process.pid for process in processes.all_processes()}
    assert list(scratch.iterdir()) == []
    assert not target.exists()


def sandboxed(audit: subprocess.Popen[bytes]) -> set[int]:
    """The processes below an audit once its sandbox's own have started."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and audit.poll() is None:
        found = {process.pid for process in processes.members(audit.pid)} - {audit.pid}
        if any(processes.carries(pid, b"PLUMBLINE_SANDBOX_RUN=") for pid in found):
            return found
        time.sleep(0.02)
    raise AssertionError(f"no sandbox was seen; the audit ended with {audit.poll()}")
