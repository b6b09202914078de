"""The command that starts a sandboxed Python: in bubblewrap where that works, else with limits alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from models.jobs.sandbox.limits import Limits

Isolation = Literal["bubblewrap", "limits"]

# Parts of the system that an interpreter and its libraries read. /etc comes file by file: passwd and keys stay out.
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/var/cache/fontconfig",
)
CHECKOUT = Path(__file__).resolve().parents[3]
OUR_DATA = ("templates", "static", "demo")
CHILD = Path(__file__).with_name("child.py")
INPUTS = Path("/inputs")
OUTPUT = Path("/output")
NO_NAMESPACES = ("--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL")


@cache
def isolation() -> Isolation:
    """How runs are isolated here. PLUMBLINE_SANDBOX=bubblewrap insists on it, =limits does without; else what works."""
    wish = os.environ.get("PLUMBLINE_SANDBOX", "auto")
    if wish == "limits":
        return "limits"
    if bubblewrap_works():
        return "bubblewrap"
    if wish == "bubblewrap":
        raise RuntimeError("PLUMBLINE_SANDBOX=bubblewrap, but bwrap is not installed or may not create namespaces here")
    return "limits"


def bubblewrap_works() -> bool:
    """True if bwrap is installed and may create its namespaces (some containers forbid it)."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return False
    probe = [bwrap, *NO_NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    try:
        return subprocess.run(probe, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def seen_inputs(inputs: Mapping[str, Path], how: Isolation) -> dict[str, Path]:
    """Where the child finds each input."""
    for name in inputs:
        if not name.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"the name of an input is a plain word, not {name!r}")
    if how == "limits":
        return {name: path.resolve() for name, path in inputs.items()}
    return {name: INPUTS / name / path.name for name, path in inputs.items()}


def python_command(events: int) -> list[str]:
    """Isolated mode ignores PYTHON* variables and the working folder; -B writes no bytecode."""
    return [sys.executable, "-I", "-B", str(CHILD), str(events)]


def bubblewrap_command(inputs: Mapping[str, Path], output: Path, limits: Limits, events: int) -> list[str]:
    """No network, no processes of others, a read-only root made of what Python needs, one writable folder."""
    scratch = str(limits.scratch)
    command = [shutil.which("bwrap") or "bwrap", *NO_NAMESPACES, "--die-with-parent", "--new-session"]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", scratch, "--tmpfs", "/dev/shm"]
    command += ["--size", scratch, "--tmpfs", "/tmp"]  # before the code: a checkout may lie under /tmp
    for path in python_paths():
        command += ["--ro-bind", path, path]
    command += ["--bind", str(output.resolve()), str(OUTPUT)]
    for name, source in inputs.items():
        command += ["--ro-bind", str(source.resolve()), str(INPUTS / name / source.name)]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"]
    return command + python_command(events)


@cache
def python_paths() -> tuple[str, ...]:
    """Folders to bind read-only, parents before children."""
    found = {path for path in SYSTEM if Path(path).exists()}
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    found |= {prefix for prefix in prefixes if not inside(prefix, SYSTEM)}
    interpreter = str(Path(sys.executable).resolve().parent)
    for path in (interpreter, *code_paths()):
        if not inside(path, found):
            found.add(path)
    return tuple(sorted(found))


def code_paths() -> Iterator[str]:
    """The modules on sys.path, one by one: a checkout also holds the database, the blobs and the secret key."""
    prefixes = {sys.prefix, sys.base_prefix}
    for entry in {*sys.path, str(CHECKOUT)}:
        if not entry or inside(entry, prefixes) or inside(entry, SYSTEM):
            continue
        place = Path(entry)
        if place.is_file():
            yield entry
        elif place.is_dir():
            yield from (str(path) for path in sorted(place.iterdir()) if is_code(path))
    yield from (str(CHECKOUT / name) for name in OUR_DATA if (CHECKOUT / name).is_dir())


def is_code(path: Path) -> bool:
    return (path / "__init__.py").is_file() or path.suffix in {".py", ".so"}


def inside(path: str, folders: set[str] | tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def clean_environment(tmp: str, limits: Limits, token: str) -> dict[str, str]:
    """All that the child sees: no credentials, no addresses; caches go to the private tmp.

    token marks every process of this run, so that the watcher finds those that left the process group.
    """
    threads = str(limits.threads)
    pools = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
    names = [*(f"{pool}_NUM_THREADS" for pool in pools), "VECLIB_MAXIMUM_THREADS", "ARROW_IO_THREADS"]
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": tmp,
        "TMPDIR": tmp,
        "XDG_CACHE_HOME": tmp,
        "MPLCONFIGDIR": tmp,
        "MPLBACKEND": "Agg",
        "NUMBA_CACHE_DIR": f"{tmp}/numba",
        "JOBLIB_TEMP_FOLDER": tmp,
        "JOBLIB_MULTIPROCESSING": "0",
        "LOKY_MAX_CPU_COUNT": threads,
        "MALLOC_ARENA_MAX": "2",
        "PLUMBLINE_SANDBOX_RUN": token,
        **dict.fromkeys(names, threads),
    }
