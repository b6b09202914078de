"""The rows of a CSV or XLSX file that a stranger brought: read in the sandbox, within limits, as text."""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from governance.systems.sheets.cells import unguarded
from models.errors import InputError
from models.jobs.sandbox.limits import GIB, Limits
from models.jobs.sandbox.run import run_sandboxed

MOST_BYTES = 2 * 1024**2
MOST_UNPACKED = 40 * 1024**2
MOST_PARTS = 500
MOST_ROWS = 1_000
MOST_COLUMNS = 60
MOST_NAMED = 20  # cells in one refusal
LONGEST_CELL = 32_767  # what XLSX itself can hold
# other encodings cannot be told from each other, and a name that was guessed wrongly would stay wrong
NO_SHEET = "The file is no XLSX, and no CSV in UTF-8. Save it in your spreadsheet as XLSX or as “CSV UTF-8”."
TASK = "governance.systems.sheets.read:read_task"
LIMITS = Limits(seconds=30, memory=GIB, output=1024**2, threads=1)


@dataclass(frozen=True, slots=True)
class Row:
    """A row below the headings: its number in the sheet as people count, and its cells by heading."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_in_sandbox(content: bytes) -> Sheet:
    """The sheet that these bytes are, told by their content.

    Raises InputError for what is no CSV or XLSX, is too large, or has no headings; SandboxError where reading it
    crossed a limit.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"The file is larger than {MOST_BYTES // 1024**2} MB. Bring fewer systems at once.")
    if not content.strip():
        raise InputError("The file is empty.")
    with tempfile.TemporaryDirectory(prefix="plumbline-sheet-") as folder:
        path = Path(folder) / "sheet"
        path.write_bytes(content)
        found = run_sandboxed(TASK, {}, inputs={"sheet": path}, output=Path(folder) / "out", limits=LIMITS)
    rows = tuple(Row(row["number"], row["cells"]) for row in found["rows"])
    return Sheet(tuple(found["columns"]), rows)


def read_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Any) -> dict[str, Any]:
    """In the sandbox: the sheet inputs["sheet"], as JSON."""
    sheet = read(inputs["sheet"].read_bytes())
    return {"columns": sheet.columns, "rows": [{"number": row.number, "cells": row.cells} for row in sheet.rows]}


def read(content: bytes) -> Sheet:
    """The first sheet. Raises InputError."""
    lines = xlsx_lines(content) if content.startswith(b"PK\x03\x04") else csv_lines(content)
    return sheet_of(islice(lines, MOST_ROWS + 2))


def sheet_of(lines: Iterable[list[str]]) -> Sheet:
    """The first line that is not empty holds the headings; empty lines below it are left out."""
    columns: list[str] = []
    rows = []
    for number, line in enumerate(lines, start=1):
        cells = [unguarded(cell.strip()) for cell in line]
        if not any(cells):
            continue
        if number > MOST_ROWS + 1:
            raise InputError(f"The sheet has more than {MOST_ROWS:,} rows. Bring fewer systems at once.")
        if not columns:
            columns = headings(cells)
            continue
        if any(cells[len(columns) :]):
            raise InputError(f"Row {number} has more cells than there are headings.")
        rows.append(Row(number, {name: cell for name, cell in zip(columns, cells, strict=False) if name}))
    if not columns:
        raise InputError("The sheet is empty.")
    return Sheet(tuple(name for name in columns if name), tuple(rows))


def headings(cells: list[str]) -> list[str]:
    """In small letters, with _ for spaces."""
    while cells and not cells[-1]:
        cells.pop()
    names = ["_".join(cell.lower().split()) for cell in cells]
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise InputError(f"The heading {', '.join(twice)} stands there twice.")
    return names


def csv_lines(content: bytes) -> Iterator[list[str]]:
    """UTF-8, or UTF-16 that says so by its mark; with commas, semicolons or tabs between."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(NO_SHEET) from error
    if "\x00" in text:
        raise InputError(NO_SHEET)
    csv.field_size_limit(LONGEST_CELL)
    first = text.lstrip().partition("\n")[0]
    between = max(",;\t", key=first.count)
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True):
            if len(line) > MOST_COLUMNS:
                raise InputError(f"The sheet has more than {MOST_COLUMNS} columns.")
            yield line
    except csv.Error as error:
        raise InputError(f"The file cannot be read as CSV: {error}.") from error


def xlsx_lines(content: bytes) -> Iterator[list[str]]:
    from openpyxl import load_workbook

    refuse_bomb(content)
    try:
        results, formulas = (first_sheet(load_workbook(io.BytesIO(content), read_only=True, data_only=data_only))
                             for data_only in (True, False))  # fmt: skip
        without = []
        for line, written in zip(results, formulas, strict=True):
            pairs = zip(line, written, strict=True)
            without += [cell.coordinate for result, cell in pairs if result.value is None and cell.data_type == "f"]
            yield [as_text(cell.value) for cell in line]
        refuse_formulas(without)
    except InputError:
        raise
    except Exception as error:  # the reader raises whatever a damaged file makes it raise
        raise InputError("The file cannot be read as XLSX: it is damaged, or of another kind.") from error


def refuse_formulas(without: list[str]) -> None:
    """Cells, by what a spreadsheet calls them."""
    if len(without) == 1:
        raise InputError(f"Cell {without[0]} holds a formula without its result. Write as text what it comes to.")
    if without:
        cells, rest = ", ".join(without[:MOST_NAMED]), len(without) - MOST_NAMED
        more = f" and {rest} more" if rest > 0 else ""
        raise InputError(f"Cells {cells}{more} hold formulas without results. Write as text what they come to.")


def first_sheet(book: Any) -> Iterator[tuple[Any, ...]]:
    """Its rows of cells."""
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what the file says of its own size need not be so
    return iter(sheet.iter_rows(max_col=MOST_COLUMNS))


def refuse_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except zipfile.BadZipFile as error:
        raise InputError("The file cannot be read as XLSX: it is damaged.") from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise InputError("The file unpacks to more than a sheet of systems can be.")


def as_text(cell: Any) -> str:
    """What a person would type for it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
