"""How numbers are printed."""

from __future__ import annotations

import math

import pytest

from audits.report import numbers


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (0.755, "75.5%"),
        (0.0, "0.0%"),
        (1.0, "100.0%"),
        (0.0004, "0.04%"),
        (0.99996, "99.996%"),
        (None, "not available"),
    ],
)
def test_a_rate_is_a_percentage_that_never_rounds_to_none_or_all(value: float | None, printed: str) -> None:
    assert numbers.rate(value) == printed


@pytest.mark.parametrize(("value", "printed"), [(0.8, "0.80"), (0.125, "0.125"), (100, "100"), (0.05, "0.05")])
def test_a_limit_is_printed_as_set(value: float, printed: str) -> None:
    assert numbers.limit(value) == printed


@pytest.mark.parametrize(("value", "printed"), [(0.8, "80%"), (0.125, "12.5%"), (0.5, "50%")])
def test_a_limit_on_a_rate_is_printed_as_set(value: float, printed: str) -> None:
    assert numbers.rate_limit(value) == printed


def test_thousands_stand_apart_without_a_break_and_minus_is_a_minus() -> None:
    assert numbers.count(1234567) == "1\u202f234\u202f567"
    assert numbers.number(-0.25) == "\u22120.250"
    assert numbers.number(-0.00000000001) == "\u22121.00 × 10^\u221211"


def test_zero_has_no_sign() -> None:
    assert numbers.number(-0.0) == "0.000"
    assert numbers.points(-0.0) == "0.0"


def test_numbers_of_a_column_share_their_decimals() -> None:
    column = [0.5, 0.25, 0.125]
    decimals = numbers.column_decimals(column)
    assert len({numbers.number(v, decimals).partition(".")[2].__len__() for v in column}) == 1


def test_needed_rows_are_rounded_up_to_two_figures() -> None:
    assert numbers.about(222_750) == "230\u202f000"
    assert numbers.about(99) == "99"


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "0.5", True])
def test_what_is_no_number_is_not_available(value: object) -> None:
    assert {numbers.rate(value), numbers.number(value), numbers.count(value)} == {numbers.NONE}
