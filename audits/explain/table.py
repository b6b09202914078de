"""Columns of an Arrow table as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.explain.trees import Floats
from models.errors import InputError


def numbers(column: pa.ChunkedArray, name: str) -> Floats:
    """The values as floats, NaN where missing; a boolean is 0 or 1.

    Raises InputError where the column holds no numbers.
    """
    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise InputError(f"The model takes numbers, but the column {name} holds {kind}.")
    values: Floats = pc.fill_null(column.cast(pa.float64(), safe=False), np.nan).to_numpy()
    return values


def columns_of(names: Sequence[str], single: bool = False) -> Callable[[pa.Table], Floats]:
    """A function from a table to its columns of these names (n, m), rounded to single precision where `single`."""

    def read(table: pa.Table) -> Floats:
        found = np.column_stack([numbers(table[name], name) for name in names])
        return found.astype(np.float32).astype(np.float64) if single else found

    return read
