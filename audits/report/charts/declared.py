"""The charts that checks declare: a figure names the columns of a table, its kind says how they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from audits.report import numbers
from audits.report.charts import style
from audits.report.charts.limits import Dot, group_chart, limit_chart

MOST_ROWS = 25
SQUARE = 230
Rows = list[dict[str, Any]]


def declared_chart(figure: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """The Vega-Lite specification of a check's figure. Raises ValueError for a kind or a column that does not exist."""
    kind = figure["kind"]
    if kind not in KINDS:
        raise ValueError(f"a figure of kind {kind!r} cannot be drawn")
    return KINDS[kind](figure, table)


def interval_chart(figure: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    names, measured = _sides(figure, table)
    rows = picked(table, {"name": names, "value": measured, "low": figure["low"], "high": figure["high"]})[:MOST_ROWS]
    dots = [Dot(text(row["name"]), num(row["value"]), num(row["low"]), num(row["high"])) for row in rows]
    percent = kind_of(table, measured) == "rate"
    if figure["limit"] is not None:
        return limit_chart(dots, figure["limit"], at_least=True, percent=percent)
    return group_chart(dots, title_of(table, measured), None, percent)


def bar_chart(figure: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Bars from zero with their values beside them, and whiskers where there are intervals."""
    names, measured = _sides(figure, table)
    rows = picked(table, {"label": names, "value": measured, "low": figure["low"], "high": figure["high"]})
    rows = [
        row | {"label": text(row["label"]), "row": i} for i, row in enumerate(rows) if num(row["value"]) is not None
    ]
    rows = rows[:MOST_ROWS]
    percent = kind_of(table, measured) == "rate"
    decimals = numbers.column_decimals([row["value"] for row in rows])
    for row in rows:
        row["text"] = numbers.rate(row["value"]) if percent else numbers.number(row["value"], decimals)
        row["end"] = max(n for n in (row["value"], num(row["high"])) if n is not None)
    low = min([0.0, *(row["value"] for row in rows)])
    high = max([0.0, *(row["end"] for row in rows)]) or 1.0
    axis = {"tickCount": 5, "format": style.tick_format(low, high, percent), "title": title_of(table, measured)}
    x = {"type": "quantitative", "scale": {"domain": [low, high], "nice": False}, "axis": axis}
    whiskers = [row for row in rows if num(row["low"]) is not None and num(row["high"]) is not None]
    layers = [
        {
            "data": style.values(rows),
            "mark": {"type": "bar", "color": style.GOOD, "height": 11},
            "encoding": {"y": style.row_axis(), "x": {"field": "value"} | x},
        },
        {
            "data": style.values(whiskers),
            "mark": {"type": "rule", "color": style.INK, "strokeWidth": 1.2},
            "encoding": {"y": style.row_axis(), "x": {"field": "low"} | x, "x2": {"field": "high"}},
        },
        style.label_layer(rows, "label", -style.LABELS, style.LABELS - 12),
        {
            "data": style.values(rows),
            "mark": {
                "type": "text",
                "align": "left",
                "baseline": "middle",
                "dx": 6,
                "fontSize": 10,
                "color": style.SOFT,
            },
            "encoding": {"y": style.row_axis(), "x": {"field": "end"} | x, "text": {"field": "text"}},
        },
    ]
    return style.chart(layers, style.PLOT + 40, 20 * max(1, len(rows)))


def line_chart(figure: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """One line per series, told apart by dash as well as colour, named at its end."""
    columns = {"x": figure["x"], "y": figure["y"], "series": figure["series"]}
    rows = [row for row in picked(table, columns) if num(row["x"]) is not None and num(row["y"]) is not None]
    for i, row in enumerate(rows):
        row |= {"series": text(row["series"]) if figure["series"] else "", "order": i}
    series = list(dict.fromkeys(row["series"] for row in rows))
    x, y = _axes(figure, table, rows)
    layers = []
    for i, name in enumerate(series):
        own = [row for row in rows if row["series"] == name]
        colour = style.SERIES[i % len(style.SERIES)]
        mark = {"type": "line", "color": colour, "strokeWidth": 1.8, "strokeDash": style.DASHES[i % len(style.DASHES)]}
        encoding = {"x": x, "y": y, "order": {"field": "order", "type": "quantitative"}}
        layers.append({"data": style.values(own), "mark": mark, "encoding": encoding})
        label = {"type": "text", "align": "left", "dx": 6, "color": colour, "limit": style.NOTES}
        ending = {"x": x, "y": y, "text": {"field": "series"}}
        layers.append({"data": style.values(own[-1:]), "mark": label, "encoding": ending})
    if figure["limit"] is not None:
        layers.append(_limit_line(figure["limit"], y))
    return style.chart(layers, SQUARE, SQUARE if _same_range(figure, table) else 160)


def calibration_chart(figure: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """What was said against what came true, with intervals and the line on which both agree."""
    columns = {"x": figure["x"], "y": figure["y"], "low": figure["low"], "high": figure["high"]}
    rows = [row for row in picked(table, columns) if num(row["x"]) is not None and num(row["y"]) is not None]
    x, y = _axes(figure, table, rows)
    ends = [
        max(x["scale"]["domain"][0], y["scale"]["domain"][0]),
        min(x["scale"]["domain"][1], y["scale"]["domain"][1]),
    ]
    barred = [row for row in rows if num(row["low"]) is not None and num(row["high"]) is not None]
    layers = [
        {
            "data": style.values([{"x": end, "y": end} for end in ends]),
            "mark": {"type": "line", "color": style.SOFT, "strokeWidth": 1, "strokeDash": [3, 3]},
            "encoding": {"x": x, "y": y},
        },
        {
            "data": style.values(barred),
            "mark": {"type": "rule", "color": style.GOOD, "strokeWidth": 2},
            "encoding": {
                "x": x,
                "y": {"field": "low"} | {k: v for k, v in y.items() if k != "field"},
                "y2": {"field": "high"},
            },
        },
        {
            "data": style.values(rows),
            "mark": {"type": "point", "shape": "circle", "filled": True, "size": 50, "opacity": 1, "color": style.GOOD},
            "encoding": {"x": x, "y": y},
        },
    ]
    return style.chart(layers, SQUARE, SQUARE)


KINDS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]] = {
    "interval": interval_chart,
    "bar": bar_chart,
    "line": line_chart,
    "calibration": calibration_chart,
}


def picked(table: Mapping[str, Any], columns: Mapping[str, str | None]) -> Rows:
    """Rows with the named columns under names of our own: a user's name is never read as a path or an expression."""
    places = {column["name"]: i for i, column in enumerate(table["columns"])}
    missing = [name for name in columns.values() if name is not None and name not in places]
    if missing:
        raise ValueError(f"table {table['id']!r} has no column {missing[0]!r}")
    return [
        {key: None if name is None else row[places[name]] for key, name in columns.items()} for row in table["rows"]
    ]


def kind_of(table: Mapping[str, Any], name: str) -> str:
    return str(next(column["kind"] for column in table["columns"] if column["name"] == name))


def title_of(table: Mapping[str, Any], name: str) -> str:
    return str(next(column["title"] for column in table["columns"] if column["name"] == name))


def num(value: Any) -> float | None:
    return value if numbers.is_number(value) else None


def text(value: Any) -> str:
    return "(none)" if value is None else str(value)


def _sides(figure: Mapping[str, Any], table: Mapping[str, Any]) -> tuple[str, str]:
    """Which of x and y names the rows, and which is measured."""
    x, y = figure["x"], figure["y"]
    picked(table, {"x": x, "y": y})
    return (x, y) if kind_of(table, x) in ("text", "id") else (y, x)


def _axes(figure: Mapping[str, Any], table: Mapping[str, Any], rows: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
    return _axis(figure["x"], "x", ("x",), table, rows), _axis(figure["y"], "y", ("y", "low", "high"), table, rows)


def _axis(column: str, field: str, parts: Sequence[str], table: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
    percent = kind_of(table, column) == "rate"
    shown = [num(row.get(part)) for row in rows for part in parts]
    low, high = style.padded(shown, 0.03)
    if percent:
        low, high = (0.0, 1.0) if high - low > 0.6 else (max(low, 0.0), min(high, 1.0))
    axis = {"tickCount": 5, "format": style.tick_format(low, high, percent), "title": title_of(table, column)}
    return {"field": field, "type": "quantitative", "scale": {"domain": [low, high], "nice": False}, "axis": axis}


def _same_range(figure: Mapping[str, Any], table: Mapping[str, Any]) -> bool:
    return kind_of(table, figure["x"]) == kind_of(table, figure["y"]) == "rate"


def _limit_line(limit: float, y: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "data": style.values([{"y": limit}]),
        "mark": {"type": "rule", "color": style.BAD, "strokeWidth": 1},
        "encoding": {"y": dict(y)},
    }
