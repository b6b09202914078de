"""Sheets of systems: read whatever wrote them, refused with what to mend, and never computed by a spreadsheet."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from governance.systems.sheets.cells import FORMULA, guarded, unguarded
from governance.systems.sheets.read import MOST_BYTES, MOST_NAMED, MOST_ROWS, read, read_in_sandbox
from governance.systems.sheets.write import written
from models.errors import InputError

ROWS = [["=HYPERLINK(1)", "two\nlines", "a@b.c"], ["'-s", '+1; "x", y', ""], ["'s-Hertogenbosch", "@x", " ="[1:]]]


def workbook(*lines: list[object]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_written_is_read_back_and_no_cell_is_a_formula(kind):
    content = written(kind, ["name", "purpose", "owner"], ROWS)
    assert [list(row.cells.values()) for row in read(content).rows] == ROWS
    if kind == "xlsx":
        cells = [cell for row in load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
        assert not any(str(cell.value).startswith("=") for cell in cells)


@given(st.text(max_size=20))
def test_the_guard_of_a_cell_is_taken_off_again(text):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).lstrip(" \u00a0").startswith(FORMULA)


@pytest.mark.parametrize("content", [
    "Name;Placed On\nCredit, retail;2025-01-31\n\n",
    "\ufeffname\tplaced_on\r\nCredit, retail\t2025-01-31\r\n",
    '"Name","Placed  on"\n"Credit, retail","2025-01-31"',
])  # fmt: skip
def test_csv_is_read_as_spreadsheets_write_it(content):
    sheet = read(content.encode())
    assert (sheet.columns, sheet.rows[0].cells) == (
        ("name", "placed_on"), {"name": "Credit, retail", "placed_on": "2025-01-31"}
    )  # fmt: skip


def test_dates_numbers_and_empty_lines_of_a_workbook_are_read_as_text():
    line = ["A", datetime(2025, 1, 31), date(2025, 2, 1), 3.0, True]
    sheet = read(workbook(["name", "a", "b", "c", "d", None], [None], line))
    assert list(sheet.rows[0].cells.values()) == ["A", "2025-01-31", "2025-02-01", "3", "yes"]
    assert sheet.rows[0].number == 3


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 41 * 1024**2)
    return file.getvalue()


@pytest.mark.parametrize(("content", "told"), [
    (b"\xff\xfe\x00n\x00", "no CSV in UTF-8"),
    ("name\nBürgschaft".encode("cp1252"), "no CSV in UTF-8. Save it in your spreadsheet"),
    (b"PK\x03\x04 and no more", "damaged"),
    (b"name,name\na,b", "stands there twice"),
    (b"name\na,b", "more cells than there are headings"),
    (b",,\n", "empty"),
    (b"name\n" + b"a\n" * (MOST_ROWS + 1), "more than 1,000 rows"),
    (b"name" + b"," * 80, "more than 60 columns"),
    (b'name\n"a', "cannot be read as CSV"),
    (b"name\n" + b"a" * 40_000, "cannot be read as CSV"),
], ids=lambda value: str(value)[:20])  # fmt: skip
def test_what_is_no_sheet_is_refused_with_what_is_wrong(content, told):
    with pytest.raises(InputError, match=told):
        read(content)


def test_a_bomb_and_what_is_too_large_are_refused_and_the_sandbox_says_the_same():
    with pytest.raises(InputError, match="unpacks to more"):
        read_in_sandbox(bomb())
    with pytest.raises(InputError, match="larger than 2 MB"):
        read_in_sandbox(b"a" * (MOST_BYTES + 1))
    assert read_in_sandbox(b"name\nA\n").rows[0].cells == {"name": "A"}


def test_utf_16_that_says_so_is_read_as_spreadsheets_write_it():
    sheet = read("name\tpurpose\nBürgschaft\tPrüft".encode("utf-16"))
    assert sheet.rows[0].cells == {"name": "Bürgschaft", "purpose": "Prüft"}


def test_a_formula_is_taken_by_its_result_and_refused_where_it_has_none():
    book = Workbook()
    book.active.append(["name", "purpose"])
    book.active.append(["Credit", '="Scores " & "loans"'])
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(InputError, match="Cell B2 holds a formula without its result"):
        read(file.getvalue())
    with pytest.raises(InputError, match="Cells A2, B3 hold formulas without results"):
        read(workbook(["name", "purpose"], ["=1", "Credit"], ["Hiring", "=2"]))
    with pytest.raises(InputError, match=f"A{MOST_NAMED + 1} and 3 more hold formulas"):
        read(workbook(["name"], *([["=1"]] * (MOST_NAMED + 3))))
    counted = with_result(file.getvalue(), "Scores loans")
    assert read(counted).rows[0].cells == {"name": "Credit", "purpose": "Scores loans"}


def with_result(workbook: bytes, result: str) -> bytes:
    """As a spreadsheet saves it, which keeps beside a formula what it came to."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(b"<v></v>", b"<v>%s</v>" % result.encode()).replace(
                    b"<v />", b"<v>%s</v>" % result.encode()
                )
                part = part.replace(b'<c r="B2">', b'<c r="B2" t="str">')
            after.writestr(name, part)
    return file.getvalue()
