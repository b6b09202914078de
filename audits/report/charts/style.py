"""Colours, type and sizes of every chart: few colours, told apart by the colour-blind too, with shapes and dashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

INK, SOFT, LINE, SHADE = "#1b1f24", "#5b5f66", "#c9ccd1", "#f4f3f0"
GOOD, BAD, BAD_SIDE = "#1d5f7a", "#9c3a1e", "#f3e9e2"
# ink blue and rust first, then colours of Okabe and Ito that keep 3:1 against white
SERIES = (GOOD, BAD, SOFT, "#0072b2", "#8a5a00", "#007a5a", "#a0568c", INK)
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
COLOURS = {"pass": GOOD, "fail": BAD, "waived": BAD, "inconclusive": SOFT, "not_applicable": SOFT}
SHAPES = {"pass": "circle", "fail": "diamond", "waived": "diamond", "inconclusive": "square", "not_applicable": "cross"}

LABELS, PLOT, NOTES, STEP = 152, 270, 112, 22
FONT = "IBM Plex Sans"
SIZE = 11

CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "padding": 0,
    "view": {"stroke": None},
    "text": {"font": FONT, "fontSize": SIZE, "color": INK},
    "axis": {
        "grid": False,
        "domainColor": LINE,
        "tickColor": LINE,
        "tickSize": 4,
        "labelColor": SOFT,
        "labelFont": FONT,
        "labelFontSize": 10,
        "titleColor": SOFT,
        "titleFont": FONT,
        "titleFontSize": 10.5,
        "titleFontWeight": 400,
        "titlePadding": 6,
    },
}


def chart(layers: Sequence[Mapping[str, Any]], width: int, height: int) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": CONFIG,
        "width": width,
        "height": height,
        "layer": list(layers),
    }


def values(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"values": [dict(row) for row in rows]}


def padded(numbers: Sequence[float | None], share: float = 0.06) -> tuple[float, float]:
    """The range that shows all numbers with a little room on both sides."""
    known = [n for n in numbers if n is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = (high - low) * share or max(abs(high), 0.1) * 0.5
    return low - room, high + room


def tick_format(low: float, high: float, percent: bool = False) -> str:
    """Enough decimals to tell neighbouring ticks apart."""
    span = high - low
    if percent:
        return ".0%" if span > 0.05 else ".1%" if span > 0.005 else ".2%"
    return ",.0f" if span >= 20 else ".1f" if span >= 0.8 else ".2f" if span > 0.05 else ".3f" if span > 0.005 else "~g"


def label_layer(rows: Sequence[Mapping[str, Any]], field: str, x: int, width: int, **style: Any) -> dict[str, Any]:
    """Text beside each row, cut with an ellipsis where it is too long: the table has it whole."""
    mark = {"type": "text", "align": "left", "baseline": "middle", "limit": width} | style
    return {
        "data": values(rows),
        "mark": mark,
        "encoding": {"y": row_axis(), "x": {"value": x}, "text": {"field": field}},
    }


def row_axis() -> dict[str, Any]:
    """Rows in the order given, whatever they are called."""
    return {
        "field": "row",
        "type": "ordinal",
        "sort": None,
        "axis": None,
        "scale": {"paddingInner": 0, "paddingOuter": 0},
    }
