"""What a file in this folder declares: one kind of model that a user may hold, and how it becomes a file that is read.

A file that adds a kind has a constant KIND. Its library is imported only in `write`, never to ask whether a model is
of this kind: the type's own module tells that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to write, and what the user said of it.

    `to` is the format that was asked for, None for the best one; `example` a few rows of the model's inputs.
    """

    folder: Path
    name: str
    to: str | None = None
    example: Any = None


@dataclass(frozen=True, slots=True)
class Written:
    """The file to send. `words` and `card` are what the model's origin says of it, where it says anything."""

    path: Path
    words: Mapping[str, str] = field(default_factory=dict)
    card: str | None = None


class Kind(ABC):
    """One kind of model. Kinds are asked in the order of their `rank`; the first that takes the model writes it."""

    rank: int = 50
    title: str

    @abstractmethod
    def takes(self, model: Any) -> bool:
        """Whether the model is of this kind. Imports nothing."""

    @abstractmethod
    def write(self, model: Any, asked: Asked) -> Written:
        """Raises InvalidInput where it cannot be converted, NotInstalled where a library is missing."""


def origins(model: Any) -> set[str]:
    """The packages that the model's type and its bases come from."""
    return {base.__module__.partition(".")[0] for base in type(model).__mro__}
