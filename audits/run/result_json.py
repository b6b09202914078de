"""A check's result back from JSON, as it came out of the sandbox."""

from __future__ import annotations

from typing import Any

from audits.measure.types import CheckResult, Column, Figure, Interval, Measurement, Table


def check_result_to_json(result: CheckResult) -> dict[str, Any]:
    """The whole result, its measurements too."""
    return result.to_json() | {"measurements": [m.to_json() for m in result.measurements]}


def check_result_from_json(data: dict[str, Any]) -> CheckResult:
    """The inverse of `check_result_to_json`. KeyError or TypeError where it is not one."""
    return CheckResult(
        check=data["id"],
        title=data["title"],
        status=data["status"],
        measurements=tuple(_measurement(row) for row in data["measurements"]),
        tables=tuple(_table(row) for row in data["tables"]),
        figures=tuple(Figure(**row) for row in data["figures"]),
        notes=tuple(data["notes"]),
        reason=data["reason"],
    )


def _measurement(row: dict[str, Any]) -> Measurement:
    fields = {key: value for key, value in row.items() if key != "id"}
    interval = fields.pop("interval")
    for name in ("over", "not_assessed"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return Measurement(**fields, interval=Interval(**interval) if interval else None)


def _table(row: dict[str, Any]) -> Table:
    columns = tuple(Column(**c) for c in row["columns"])
    return Table(row["id"], row["title"], columns, tuple(tuple(r) for r in row["rows"]), row["note"])
