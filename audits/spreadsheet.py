"""Rows as a CSV file that a spreadsheet can open without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

# a cell that begins with one of these is a formula to a spreadsheet; an apostrophe before it makes it text
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A download in UTF-8 with its mark, which spreadsheets need to read names rightly."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([neutral(column) for column in columns])
    writer.writerows([neutral(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def neutral(value: Any) -> Any:
    """Numbers as they are; text that a spreadsheet would compute is made plain text."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) else text
