"""Which version of the client this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    try:
        return version("plumbline-client")
    except PackageNotFoundError:
        return "0"
