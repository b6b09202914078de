"""How the report prints numbers: one module, so that page, PDF and figure agree to the last digit.

English decimals, a narrow no-break space between thousands, a true minus sign. Columns of a table share their number of
decimals, so that right-aligned tabular figures stand with decimals under each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

THIN = "\u202f"
MINUS = "\u2212"
NONE = "not available"

Number = int | float


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def count(value: Any) -> str:
    """9 000, and sums of weights or frequencies that are not whole with two decimals."""
    if not is_number(value):
        return NONE
    whole = float(value).is_integer()
    return _grouped(value, 0 if whole else 2)


def rate(value: Any, decimals: int = 1) -> str:
    """A share as a percentage, with more decimals where one would make it 0 or 100 while it is not."""
    if not is_number(value):
        return NONE
    return f"{_grouped(100 * value, max(decimals, _decimals_for_rate(value)))}%"


def rate_limit(value: Any) -> str:
    """A threshold on a share, exactly as set: 80%, 12.5%."""
    return f"{_grouped(100 * value, _decimals_written(100 * value))}%" if is_number(value) else NONE


def about(value: Any) -> str:
    """An estimated number of rows, rounded up to two figures: it is no more exact than that."""
    if not is_number(value) or value < 100:
        return count(value)
    step = 10 ** (math.floor(math.log10(value)) - 1)
    return count(math.ceil(value / step) * step)


def points(value: Any) -> str:
    """A difference of shares in percentage points."""
    return _grouped(100 * value, max(1, _decimals_for_rate(value))) if is_number(value) else NONE


def number(value: Any, decimals: int | None = None) -> str:
    if not is_number(value):
        return NONE
    if value != 0 and not 1e-7 <= abs(value) < 1e12:
        return _scientific(value)
    return _grouped(value, _decimals_of(value) if decimals is None else decimals)


def extreme(value: Any) -> str:
    """The lowest or highest value of a column, whole where it is whole."""
    return _grouped(value, 0) if is_number(value) and float(value).is_integer() else number(value)


def limit(value: Any) -> str:
    """A threshold as a policy would write it: 0.80, 0.05, 100."""
    if not is_number(value):
        return NONE
    if float(value).is_integer() and abs(value) >= 10:
        return count(value)
    return _grouped(value, max(2, _decimals_written(value)))


def column_decimals(values: Iterable[Any]) -> int:
    """Decimals for a column: three, or what the largest entry needs for three figures; none if all are whole."""
    numbers = [abs(float(v)) for v in values if is_number(v)]
    if numbers and all(n.is_integer() for n in numbers) and max(numbers) >= 2:
        return 0
    return _decimals_of(max(numbers, default=1.0))


def _decimals_of(value: float) -> int:
    size = abs(value)
    if size >= 1000:
        return 1
    return 3 if size >= 0.001 or size == 0 else min(8, 2 - math.floor(math.log10(size)))


def _decimals_written(value: float) -> int:
    return len(f"{value:.8f}".rstrip("0").partition(".")[2])


def _decimals_for_rate(value: float) -> int:
    edge = min(abs(value), abs(1 - value))
    if edge == 0 or edge >= 0.0005:
        return 0
    return min(8, -math.floor(math.log10(edge)) - 2)


def _grouped(value: Number, decimals: int) -> str:
    text = f"{value:,.{decimals}f}".replace(",", THIN)
    is_zero = not any(c in "123456789" for c in text)
    return text.lstrip("-") if is_zero else text.replace("-", MINUS)


def _scientific(value: float) -> str:
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{mantissa} × 10^{int(exponent)}".replace("-", MINUS)
