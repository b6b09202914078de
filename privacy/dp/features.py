"""What may be known of the columns without looking at the private rows: bounds of numbers, levels of texts.

A network reads numbers between -1 and 1. How a column becomes such numbers tells of the rows, so it is either declared
(public: a form's choices, an age between 18 and 100) or bought with a part of the budget (privacy/dp/bought.py). The
names and types of the columns are taken as public, and so are the label's classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 1_000
LARGEST_FILE = 1 << 20


@dataclass(frozen=True)
class Number:
    """A column of numbers, cut to `low`..`high` and scaled to -1..1, with a second feature that says if it is missing.

    The second feature is there for every number, whether or not one is missing: that would tell of the rows.
    """

    name: str
    low: float
    high: float

    @property
    def width(self) -> int:
        return 2

    def encode(self, values: pd.Series) -> np.ndarray:
        """(n, 2)"""
        numbers = values.to_numpy(float, na_value=np.nan)
        missing = ~np.isfinite(numbers)
        cut = np.clip(np.where(missing, self.middle, numbers), self.low, self.high)
        return np.column_stack([(cut - self.middle) / self.half, missing])

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2

    def to_json(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}


@dataclass(frozen=True)
class Levels:
    """A column of texts (or of whole numbers that are names), one feature for each level; others have none."""

    name: str
    values: tuple[str, ...] | tuple[int, ...]

    @property
    def width(self) -> int:
        return len(self.values)

    @property
    def of_numbers(self) -> bool:
        return all(isinstance(value, int) for value in self.values)

    def encode(self, values: pd.Series) -> np.ndarray:
        """(n, levels)"""
        place = {value: i for i, value in enumerate(self.values)}
        at = values.map(place).to_numpy(float, na_value=np.nan)
        encoded = np.zeros((len(values), len(self.values)))
        known = np.flatnonzero(np.isfinite(at))
        encoded[known, at[known].astype(int)] = 1
        return encoded

    def to_json(self) -> dict[str, Any]:
        return {"levels": list(self.values)}


Feature = Number | Levels


def encode(frame: pd.DataFrame, features: Sequence[Feature]) -> np.ndarray:
    """Rows as the network reads them, float32 (n, sum of widths)."""
    return np.concatenate([each.encode(frame[each.name]) for each in features], axis=1).astype(np.float32)


def read_bounds(path: Path) -> dict[str, Feature]:
    """Declared bounds and levels by column, from YAML or JSON:

        age: [18, 100]              # or {low: 18, high: 100}
        sex: [female, male]         # or {levels: [female, male]}
        status: {levels: [1, 2, 3]} # whole numbers that are names

    Raises InputError where the file is none, or an entry says neither.
    """
    import yaml

    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path.name} has more than {LARGEST_FILE >> 20} MiB; a file of bounds is small.")
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path.name} is no YAML or JSON: {str(error).splitlines()[0]}") from error
    if not isinstance(content, Mapping) or not content:
        raise InputError(f"{path.name} is to name columns with their bounds or levels, such as `age: [18, 100]`.")
    return {str(name): parse_feature(str(name), entry) for name, entry in content.items()}


def parse_feature(name: str, entry: Any) -> Feature:
    """One column's entry. InputError where it is neither bounds nor levels."""
    if isinstance(entry, Mapping):
        if set(entry) == {"levels"} and isinstance(entry["levels"], list):
            return levels(name, entry["levels"])
        if set(entry) == {"low", "high"}:
            return number(name, entry["low"], entry["high"])
    elif isinstance(entry, list) and len(entry) == 2 and all(map(_is_number, entry)):
        return number(name, *entry)
    elif isinstance(entry, list):
        return levels(name, entry)
    raise InputError(f"{name!r} has neither bounds, such as [18, 100], nor levels, such as [female, male].")


def number(name: str, low: Any, high: Any) -> Number:
    if not (_is_number(low) and _is_number(high) and low < high):
        raise InputError(f"The bounds of {name!r} are to be two numbers, the lower one first, not {low} and {high}.")
    return Number(name, float(low), float(high))


def levels(name: str, values: list[Any]) -> Levels:
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    told = tuple(values) if whole else tuple(map(str, values))
    if not told or len(set(told)) != len(told) or len(told) > MOST_LEVELS:
        raise InputError(f"{name!r} is to have 1 to {MOST_LEVELS:,} levels, each once; it has {len(told):,}.")
    return Levels(name, told)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
