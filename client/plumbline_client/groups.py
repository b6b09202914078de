"""Which dependency group a missing module belongs to, read from the service's own metadata."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

REQUIREMENT = re.compile(r"""^(?P<name>[A-Za-z0-9._-]+).*;.*\bextra\s*==\s*["'](?P<group>[\w-]+)["']""")


def install_line(module: str | None) -> str | None:
    """`make install WITH="privacy"` for torch; None for a module that no group of the service brings."""
    group = group_of((module or "").partition(".")[0])
    return f'make install WITH="{group}"' if group else None


def group_of(module: str) -> str | None:
    for line in service_requirements():
        found = REQUIREMENT.match(line)
        if found and brings(found["name"], module):
            return found["group"]
    return None


def brings(distribution: str, module: str) -> bool:
    """Whether a distribution's name says that it holds this module: `dp-accounting`, `xgboost-cpu` for xgboost."""
    name = re.sub(r"[-_.]+", "_", distribution).lower()
    return bool(module) and (name == module.lower() or name.startswith(f"{module.lower()}_"))


def service_requirements() -> list[str]:
    try:
        return requires("plumbline") or []
    except PackageNotFoundError:
        return []
