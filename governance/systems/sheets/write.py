"""Rows as CSV or XLSX, every cell as text that no spreadsheet computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from governance.systems.sheets.cells import guarded

CSV, XLSX = "csv", "xlsx"
MEDIA = {CSV: "text/csv; charset=utf-8", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def written(kind: str, columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "Systems") -> bytes:
    """A file of this kind, whose one sheet is called by the title. KeyError for another kind."""
    return {CSV: as_csv, XLSX: as_xlsx}[kind](columns, [[guarded(cell) for cell in row] for row in rows], title)


def as_csv(columns: Sequence[str], rows: list[list[str]], title: str) -> bytes:
    """UTF-8 with its mark, which spreadsheets need to read names rightly."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list(columns), *rows])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(columns: Sequence[str], rows: list[list[str]], title: str) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, _ in enumerate(columns):
        sheet.column_dimensions[chr(ord("A") + number)].width = 28
    for number, row in enumerate([list(columns), *rows]):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
            cell.data_type = "s"
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
