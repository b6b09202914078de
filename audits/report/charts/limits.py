"""Dots with intervals: against a rule's limit, and group by group against everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audits.report import numbers
from audits.report.blocks import Tone
from audits.report.charts import style


@dataclass(frozen=True, slots=True)
class Dot:
    """One row: a value with its interval. `tone` and `note` say the verdict where there is one."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    tone: Tone | None = None
    note: str = ""


def limit_chart(dots: Sequence[Dot], limit: float, at_least: bool, percent: bool = False) -> dict[str, Any]:
    """Passes when the whole bar is on the good side of the limit, fails when it is on the shaded side, open when it
    crosses. Each row ends with the verdict's word."""
    low, high = style.padded([limit, *(n for d in dots for n in (d.value, d.low, d.high))], 0.12)
    scale = _x(low, high, percent)
    shaded = {"x": low, "x2": limit} if at_least else {"x": limit, "x2": high}
    at_limit = [{"at": limit, "text": f"limit {numbers.rate_limit(limit) if percent else numbers.limit(limit)}"}]
    near_right = (limit - low) > 0.75 * (high - low)
    side = {"align": "right", "dx": 2} if near_right else {"align": "left", "dx": -2}
    layers = [
        {
            "data": style.values([shaded]),
            "mark": {"type": "rect", "color": style.BAD_SIDE},
            "encoding": {"x": {"field": "x", "type": "quantitative"} | scale, "x2": {"field": "x2"}},
        },
        {
            "data": style.values(at_limit),
            "mark": {"type": "rule", "color": style.BAD, "strokeWidth": 1},
            "encoding": {"x": {"field": "at", "type": "quantitative"} | scale},
        },
        {
            "data": style.values(at_limit),
            "mark": {"type": "text", "color": style.BAD, "fontSize": 10, "baseline": "bottom"} | side,
            "encoding": {
                "x": {"field": "at", "type": "quantitative"} | scale,
                "y": {"value": -3},
                "text": {"field": "text"},
            },
        },
        *_dots(dots, scale, _clear_of(limit, low, high)),
    ]
    return style.chart(layers, style.PLOT, style.STEP * max(1, len(dots)))


def group_chart(dots: Sequence[Dot], title: str, overall: float | None, percent: bool = True) -> dict[str, Any]:
    """One rate, group by group, with the line of everybody."""
    low, high = style.padded([overall, *(n for d in dots for n in (d.value, d.low, d.high))])
    if percent:
        low, high = max(low, -0.01), min(high, 1.01)
    scale = _x(low, high, percent, title)
    everybody = [] if overall is None else [{"at": overall, "text": f"everyone {numbers.rate(overall)}"}]
    layers = [
        {
            "data": style.values(everybody),
            "mark": {"type": "rule", "color": style.SOFT, "strokeWidth": 1, "strokeDash": [2, 2]},
            "encoding": {"x": {"field": "at", "type": "quantitative"} | scale},
        },
        {
            "data": style.values(everybody),
            "mark": {"type": "text", "color": style.SOFT, "fontSize": 10, "baseline": "bottom", "align": "center"},
            "encoding": {
                "x": {"field": "at", "type": "quantitative"} | scale,
                "y": {"value": -3},
                "text": {"field": "text"},
            },
        },
        *_dots(dots, scale, _clear_of(low if overall is None else overall, low, high)),
    ]
    return style.chart(layers, style.PLOT, style.STEP * max(1, len(dots)))


def _x(low: float, high: float, percent: bool, title: str | None = None) -> dict[str, Any]:
    axis = {"tickCount": 5, "format": style.tick_format(low, high, percent), "title": title}
    return {"scale": {"domain": [low, high], "nice": False, "zero": False}, "axis": axis}


def _clear_of(line: float, low: float, high: float) -> int:
    """Where the words of a row without a value begin, in dots from the left: not across the line."""
    at = round(style.PLOT * (line - low) / (high - low))
    return at + 6 if at < style.PLOT / 2 else 4


def _dots(dots: Sequence[Dot], scale: dict[str, Any], left: int) -> list[dict[str, Any]]:
    rows = [_row(i, dot) for i, dot in enumerate(dots)]
    known = [row for row in rows if row["value"] is not None]
    unknown = [row | {"text": "not available"} for row in rows if row["value"] is None]
    layers = [style.label_layer(rows, "label", -style.LABELS, style.LABELS - 12)]
    for tone in sorted({row["tone"] for row in known}):
        layers += _of_one_tone([row for row in known if row["tone"] == tone], tone, scale)
    layers += [
        style.label_layer(
            [row for row in rows if row["tone"] == tone],
            "note",
            style.PLOT + 14,
            style.NOTES,
            fontWeight=600,
            color=style.COLOURS.get(tone, style.SOFT),
        )
        for tone in sorted({row["tone"] for row in rows if row["note"]})
    ]
    layers.append(style.label_layer(unknown, "text", left, style.PLOT - left, color=style.SOFT))
    return layers


def _row(index: int, dot: Dot) -> dict[str, Any]:
    tone = dot.tone or "plain"
    return {
        "row": index,
        "label": dot.label,
        "value": dot.value,
        "low": dot.low,
        "high": dot.high,
        "tone": tone,
        "note": dot.note,
    }


def _of_one_tone(rows: Sequence[dict[str, Any]], tone: str, scale: dict[str, Any]) -> list[dict[str, Any]]:
    """Bar and dot in the tone's colour, dash and shape; a bound that does not exist leaves the bar out."""
    colour = style.COLOURS.get(tone, style.GOOD)
    open_mark = tone in ("inconclusive", "not_applicable")
    barred = [row for row in rows if row["low"] is not None and row["high"] is not None]
    bar = {"type": "rule", "color": colour, "strokeWidth": 2.2} | ({"strokeDash": [4, 2]} if open_mark else {})
    point = {
        "type": "point",
        "shape": style.SHAPES.get(tone, "circle"),
        "size": 72,
        "opacity": 1,
        "stroke": colour,
        "strokeWidth": 1.7,
        "fill": "#ffffff" if open_mark else colour,
    }
    x = {"type": "quantitative"} | scale
    return [
        {
            "data": style.values(barred),
            "mark": bar,
            "encoding": {"y": style.row_axis(), "x": {"field": "low"} | x, "x2": {"field": "high"}},
        },
        {"data": style.values(rows), "mark": point, "encoding": {"y": style.row_axis(), "x": {"field": "value"} | x}},
    ]
