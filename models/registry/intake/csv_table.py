"""Opens a CSV file, and says where it is broken."""

from __future__ import annotations

import csv
import mmap
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from models.errors import InputError
from models.registry.intake.csv_bytes import check_text, position
from models.registry.intake.csv_dialect import DELIMITERS, Dialect, find_dialect
from models.registry.intake.csv_types import column_types
from models.registry.intake.limits import DataLimits
from models.registry.intake.sql import identifier

if TYPE_CHECKING:
    import duckdb


HELD_BYTES = 64 << 20
REPEATS = ("Original Line", "Invalid Input Error: CSV")


def open_csv(path: Path, limits: DataLimits) -> tuple[Dialect, dict[str, str], int]:
    """The dialect, the type of each column and the number of rows.

    Raises:
        InputError: whatever keeps the file from being read as one table, with line and column where it is known.
    """
    import duckdb

    check_text(path)
    dialect = find_dialect(path, limits)
    text = dialect.relation(path, dict.fromkeys(dialect.names, "VARCHAR"))
    with duckdb.connect() as connection:
        try:
            text = held(connection, text, path)
            rows, lengths = count_rows(connection, text, dialect)
            check_lengths(lengths, limits)
            types = column_types(connection, text, dialect.names, lengths)
        except duckdb.OutOfMemoryException as error:
            raise MemoryError(str(error)) from error
        except duckdb.Error as error:
            raise explained(path, dialect, limits, error) from error
    return dialect, types, rows


def held(connection: duckdb.DuckDBPyConnection, relation: str, path: Path) -> str:
    """The relation of a CSV; a small one is read into memory once, since every query takes the file apart again."""
    if path.stat().st_size > HELD_BYTES:
        return relation
    connection.execute(f"CREATE TEMP TABLE held AS SELECT * FROM {relation}")
    return "held"


def count_rows(connection: duckdb.DuckDBPyConnection, text: str, dialect: Dialect) -> tuple[int, dict[str, int]]:
    """The number of rows, and the length of the longest cell of each column that holds any value."""
    longest = ", ".join(f"max(length({identifier(name)}))" for name in dialect.names)
    row = connection.execute(f"SELECT count(*), {longest} FROM {text}").fetchone()
    assert row is not None
    lengths = zip(dialect.names, row[1:], strict=True)
    return int(row[0]), {name: length for name, length in lengths if length is not None}


def check_lengths(lengths: Mapping[str, int], limits: DataLimits) -> None:
    for name, length in lengths.items():
        if length > limits.cell_length:
            raise InputError(
                f"A cell of the column {name!r} has {length:,} characters; at most {limits.cell_length:,} are taken."
            )


def explained(path: Path, dialect: Dialect, limits: DataLimits, error: Exception) -> InputError:
    """What is wrong with a CSV that DuckDB would not read, with the place where it is wrong."""
    found = open_quote(path, dialect) or uneven_row(path, dialect, limits) or mixed_line_ends(path)
    if found is None:
        # DuckDB repeats the whole line, which may be long or somebody's data; its own account comes after that.
        lines = [line for line in str(error).splitlines() if line and not line.startswith(REPEATS)]
        found = f"{path.name} cannot be read as CSV: {lines[0][:200] if lines else 'its structure is damaged'}"
    return InputError(found)


def open_quote(path: Path, dialect: Dialect) -> str | None:
    """A quote that opens a cell and does not end it: the file ends first, or text follows the closing quote."""
    delimiter = re.escape(dialect.delimiter.encode())
    begin = rb"(?:(?<=[\r\n" + delimiter + rb"])|\A(?:\xef\xbb\xbf)?)"
    closed = rb'("(?=[\r\n' + delimiter + rb"]|\Z))?"
    for cell in re.finditer(begin + rb'"(?:[^"]++|"")*+' + closed, mapped(path)):
        if cell.group(1) is None:
            line, column = position(path, cell.start())
            return (
                f"{path.name}: the quote opened at line {line:,}, column {column:,} is never closed properly. "
                'A cell that begins with " ends with ", and a " within it is written twice.'
            )
    return None


def mapped(path: Path) -> mmap.mmap:
    """The file's bytes without reading them all; they are unmapped when nothing refers to them any more."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def uneven_row(path: Path, dialect: Dialect, limits: DataLimits) -> str | None:
    """The first row that has more or fewer cells than the header, or a line or cell that is too long."""
    width = len(dialect.names)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(bounded_lines(file, limits.line_length), delimiter=dialect.delimiter)
        try:
            for row in reader:
                if row and len(row) != width:
                    return (
                        f"{path.name}: the row that ends at line {reader.line_num:,} has {len(row):,} cells, the "
                        f"header {width:,}. Is {DELIMITERS[dialect.delimiter]} the right delimiter?"
                    )
        except LongLine:
            return f"{path.name}: line {reader.line_num + 1:,} is over {limits.line_length:,} characters long."
        except csv.Error:
            longest = csv.field_size_limit()
            return f"{path.name}: a cell at line {reader.line_num:,} is over {longest:,} characters long."
    return None


class LongLine(Exception):
    """A line is longer than the limit."""


def bounded_lines(file: TextIO, limit: int) -> Iterator[str]:
    """The lines of a file, none of which is read further than the limit."""
    while line := file.readline(limit + 1):
        if len(line) > limit:
            raise LongLine
        yield line


def mixed_line_ends(path: Path) -> str | None:
    """Lines that end in different ways, which no reader can tell from cells with line breaks."""
    ends = re.finditer(rb"\r\n|\n|\r", mapped(path))
    first = next(ends, None)
    for number, end in enumerate(ends, start=2):
        if first is not None and end.group() != first.group():
            return f"{path.name} mixes ways of ending a line: line {number:,} ends in another way than the first."
    return None
