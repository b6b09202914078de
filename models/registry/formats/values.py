"""A table's columns as a model reads them: types changed, missing values as the model's input takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.registry.formats.format import Input

if TYPE_CHECKING:
    import numpy as np
    import pyarrow


def numbers(column: pyarrow.ChunkedArray) -> np.ndarray:
    """Any numeric column as float64 [N], missing values as NaN."""
    import pyarrow

    plain = column.cast(pyarrow.float64())
    return plain.to_numpy(zero_copy_only=False) if isinstance(plain, pyarrow.Array) else plain.to_numpy()


def matrix(table: pyarrow.Table) -> np.ndarray:
    """All columns, in the table's order, as float64 [N, F]; missing values as NaN."""
    import numpy as np

    return np.column_stack([numbers(column) for column in table.columns])


def column_values(each: Input, column: pyarrow.ChunkedArray, target: Any) -> np.ndarray:
    """One column as the model's tensor type `target` (a NumPy type, or str), shape [N].

    Raises:
        InputError: a missing value where the model takes none, or a fraction where it takes whole numbers.
    """
    import numpy as np
    import pyarrow

    if column.null_count and (target is str or not np.issubdtype(target, np.floating)):
        raise InputError(
            f"The column {each.name!r} has {column.null_count:,} missing values in these rows; the model's input of "
            "that name takes none. Fill them in, or drop those rows."
        )
    if target is str:
        return np.array(column.cast(pyarrow.string()).to_pylist(), dtype=object)
    values = numbers(column)
    if np.issubdtype(target, np.integer):
        check_whole(each, values, target)
    with np.errstate(over="ignore"):
        return values.astype(target)


def check_whole(each: Input, values: np.ndarray, target: Any) -> None:
    import numpy as np

    bounds = np.iinfo(target)
    if not np.all(np.isfinite(values)) or np.any(values != np.floor(values)):
        raise InputError(f"The model reads {each.name!r} as whole numbers, but the column holds fractions or NaN.")
    if np.any(values < bounds.min) or np.any(values > bounds.max):
        raise InputError(f"The column {each.name!r} holds whole numbers too large for the model's input.")


def codes(column: pyarrow.ChunkedArray, categories: Sequence[Any]) -> np.ndarray:
    """A column of categories as the position of each value among them, float64 [N]; NaN for any other value."""
    import numpy as np

    places = {value: float(place) for place, value in enumerate(categories)}
    return np.array([places.get(value, np.nan) for value in column.to_pylist()], dtype=np.float64)
