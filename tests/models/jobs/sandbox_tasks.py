"""What the sandbox is asked to run in its tests: well-behaved work, and every kind of misbehaviour."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.errors import InputError

Progress = Callable[[float, str], None]


def copy(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    progress(0.5, "half way")
    (output / "copy.txt").write_text(inputs["text"].read_text() + payload["more"])
    progress(1.0, "done")
    print("said on stdout")
    print("said on stderr", file=sys.stderr)
    return {"names": sorted(path.name for path in inputs.values()), "rows": 3}


def hang(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """Ignores SIGTERM, and has a child and a grandchild that do too."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    nap = [sys.executable, "-c", "import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(997)"]
    subprocess.Popen(nap)
    progress(0.1, "hanging")
    while True:
        time.sleep(0.1)


def eat_memory(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    hoard = []
    while True:
        hoard.append(b"x" * 20_000_000)
        time.sleep(0.01)


def ask_too_much(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    return {"size": len(bytearray(1 << 44))}


def write_elsewhere(
    payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress
) -> dict[str, Any]:
    try:
        Path(payload["where"]).write_text("was here")
    except OSError:
        return {"swallowed": True}
    return {"wrote": True}


def change_input(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    with inputs["text"].open("a") as file:
        file.write("changed")
    return {}


def fill_disk(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    for number in range(10_000):
        (output / f"{number}.bin").write_bytes(b"x" * 1_000_000)
        time.sleep(0.005)
    return {}


def connect(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    with socket.create_connection(("127.0.0.1", payload["port"]), timeout=2) as connection:
        connection.sendall(b"secret")
    return {"connected": True}


def connect_from_below(
    payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress
) -> dict[str, Any]:
    """As a C library would: past Python's socket module, so only the walls can refuse it."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    number = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    return {"socket": number, "errno": ctypes.get_errno()}


def write_from_below(
    payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress
) -> dict[str, Any]:
    """As a C library would: by the system call itself."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    number = libc.open(payload["where"].encode(), os.O_WRONLY | os.O_CREAT, 0o600)
    return {"file": number, "errno": ctypes.get_errno()}


def leave_link(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """A door for the reader of the output: what it opens afterwards is outside."""
    (output / "report.pdf").symlink_to(payload["where"])
    return {"report": "report.pdf"}


def fork_bomb(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """Doubles itself, slowly enough that a broken guard does not take the machine with it."""
    for _ in range(8):
        try:
            os.fork()
        except OSError:
            break
        time.sleep(0.15)
    time.sleep(60)
    return {}


def leave_the_group(
    payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress
) -> dict[str, Any]:
    """Leaves a process behind that was orphaned and whose group was asked to change."""
    if os.fork() == 0:
        with contextlib.suppress(OSError):
            os.setsid()
        if os.fork() == 0:
            time.sleep(997)
        os._exit(0)
    time.sleep(0.3)
    return {"left": True}


def refuse(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    raise InputError("column age is missing: add it, or name another")


def stumble(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    print("about to stumble")
    raise KeyError("weight")


def die(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    os.kill(os.getpid(), getattr(signal, payload["signal"]))
    time.sleep(5)
    return {}


def look_around(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    readable = {}
    for name in payload["paths"]:
        try:
            readable[name] = any(Path(name).iterdir()) if Path(name).is_dir() else bool(Path(name).read_bytes())
        except OSError:
            readable[name] = False
    return {
        "environment": sorted(os.environ),
        "readable": readable,
        "processes": count_processes(),
        "threads": os.environ["OMP_NUM_THREADS"],
    }


def count_processes() -> int | None:
    try:
        return sum(path.name.isdigit() for path in Path("/proc").iterdir())
    except OSError:
        return None


def compute(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """The numeric libraries that a job uses, all in one process under its limits."""
    import duckdb
    import numpy
    import onnxruntime
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"x": numpy.arange(1000.0)})
    pyarrow.parquet.write_table(table, output / "x.parquet")
    total = duckdb.sql(f"select sum(x) from '{output / 'x.parquet'}'").fetchall()[0][0]
    product = numpy.ones((300, 300)) @ numpy.ones((300, 300))
    return {"total": total, "product": product[0, 0], "providers": onnxruntime.get_available_providers()}


def flood(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """Lines of rubbish and a result that is far too large."""
    for number in range(400):
        progress(float(number), "s" * 10_000)
        print("x" * 10_000)
    return {"big": "x" * payload["size"]}


def not_json(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    return {"value": float("nan")}


def warn(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Any) -> dict[str, Any]:
    import logging

    logging.getLogger("a.task").warning("mind this")
    return {}
