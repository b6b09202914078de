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
    """The group made for it: what only the tests need stands in `dev`, which may bring the same module."""
    found = [REQUIREMENT.match(line) for line in service_requirements()]
    groups = [match["group"] for match in found if match and brings(match["name"], module)]
    return min(groups, key=lambda group: group == "dev", default=None)


def brings(distribution: str, module: str) -> bool:
    """Whether a distribution's name says that it holds this module: `dp-accounting`, `xgboost-cpu` for xgboost."""
    name = re.sub(r"[-_.]+", "_", distribution).lower()
    return bool(module) and (name == module.lower() or name.startswith(f"{module.lower()}_"))


def service_requirements() -> list[str]:
    try:
        return requires("plumbline") or []
    except PackageNotFoundError:
        return []
