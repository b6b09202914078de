"""Exits with 0 if every shared library named can be loaded: libraries.py libpango-1.0 ... (standard library only)."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys


def loads(name: str) -> bool:
    candidates = [
        name,
        f"{name}.so.0",
        f"{name}.dylib",
        f"{name}-0.dll",
        ctypes.util.find_library(name.removeprefix("lib")),
    ]
    return any(candidate is not None and opens(candidate) for candidate in candidates)


def opens(file: str) -> bool:
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True


sys.exit(0 if all(map(loads, sys.argv[1:])) else 1)
