"""The model formats, found by the files of this folder, and which of them a file is."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from models.errors import InputError
from models.registry import formats as folder
from models.registry.formats.format import Format
from models.registry.formats.refusals import refuse_unsafe


@cache
def formats() -> dict[str, Format]:
    """Every format by its id: the FORMAT of each file of this folder that declares one."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    declared = [getattr(importlib.import_module(f"{folder.__name__}.{name}"), "FORMAT", None) for name in names]
    return {each.id: each for each in declared if isinstance(each, Format)}


def recognised(path: Path) -> Format:
    """The format of a model file, by its content; its name's ending decides only where the content leaves it open.

    Raises:
        InputError: the file is of a kind that can run code when it is read, or of none that is known.
    """
    refuse_unsafe(path)
    for each in formats().values():
        if each.recognises(path):
            return each
    for each in formats().values():
        if path.suffix.lower() in each.suffixes:
            return each
    titles = ", ".join(each.title for each in formats().values())
    raise InputError(f"{path.name} is no model file that is read. These are: {titles}.")
