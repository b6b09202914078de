"""Shares and shifts, as the comparison of two versions shows them."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """A share in percent, with a decimal where whole numbers would make it none or all."""
    if 0 < share < 0.001:
        return "under 0.1%"
    if 0.999 < share < 1:
        return "over 99.9%"
    return f"{share:.1%}" if 0 < share < 0.1 or 0.9 < share < 1 else f"{share:.0%}"


@register.filter
def moved(shift: float) -> str:
    """How far numbers lie from where they lay, in words: their median, against the middle half of the values before."""
    if shift < 0.05:
        return "hardly"
    return "a little" if shift < 0.25 else "clearly" if shift < 1 else "far"
