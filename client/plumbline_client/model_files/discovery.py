"""The kinds of this folder, and the file that a model becomes."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from plumbline_client import model_files
from plumbline_client.errors import InvalidInput
from plumbline_client.model_files.kind import Asked, Kind, Written


@cache
def kinds() -> tuple[Kind, ...]:
    """Every KIND of a file in this folder, in the order in which they are asked."""
    modules = (
        import_module(f"{model_files.__name__}.{found.name}") for found in pkgutil.iter_modules(model_files.__path__)
    )
    found = [module.KIND for module in modules if isinstance(getattr(module, "KIND", None), Kind)]
    return tuple(sorted(found, key=lambda kind: (kind.rank, kind.title)))


def write_model(model: Any, asked: Asked) -> Written:
    """The file that the model becomes. Raises InvalidInput where it is none that can be read."""
    for kind in kinds():
        if kind.takes(model):
            return kind.write(model, asked)
    raise InvalidInput(
        f"A {type(model).__name__} is no model that can be sent. Taken are {', '.join(k.title for k in kinds())}; "
        "of any other model, register the predictions: client.predictions.register(name, scores)."
    )
