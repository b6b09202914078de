"""How a CSV file is written: its delimiter and its header."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError
from models.registry.intake.content import first_bytes
from models.registry.intake.limits import DataLimits
from models.registry.intake.names import check_names
from models.registry.intake.sql import file_literal, literal

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
UNREAD_DELIMITERS = ":^~\x01 "
SAMPLE_BYTES = 4 << 20
SAMPLE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    """The delimiter, the header's names in order, and the longest line in bytes."""

    delimiter: str
    names: tuple[str, ...]
    line_length: int

    def relation(self, path: Path, types: Mapping[str, str]) -> str:
        """The file as DuckDB reads it, with each column's type given: nothing is guessed, nothing is skipped."""
        columns = ", ".join(f"{literal(name)}: {literal(types[name])}" for name in self.names)
        return (
            f"read_csv({file_literal(path)}, auto_detect=false, header=true, delim={literal(self.delimiter)}, "
            f"quote='\"', escape='\"', comment='', nullstr='', strict_mode=true, compression='none', "
            f"hive_partitioning=false, max_line_size={self.line_length}, columns={{{columns}}})"
        )


def find_dialect(path: Path, limits: DataLimits) -> Dialect:
    """Find the delimiter by the first rows and read the header.

    Raises:
        InputError: there is no header, its names are not taken, or the delimiter is none of those that are read.
    """
    sample = first_bytes(path, SAMPLE_BYTES).removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="ignore")
    if not sample.strip():
        raise InputError(f"{path.name} holds nothing but blanks.")
    parsed = {delimiter: sample_rows(sample, delimiter) for delimiter in DELIMITERS}
    delimiter = max(parsed, key=lambda candidate: agreement(parsed[candidate]))
    header = parsed[delimiter][0]
    if len(header) == 1:
        delimiter = ","
        check_single(path, parsed[","])
    if all(is_number(name) for name in header):
        raise InputError(f"The first line of {path.name} holds values, not column names: {', '.join(header[:5])[:100]}")
    check_names(header, limits)
    return Dialect(delimiter, tuple(header), limits.line_length)


def sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    """The first rows that are not blank; at least one. A quote left open ends the sample."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) == SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return rows or [[sample[:200]]]


def agreement(rows: list[list[str]]) -> tuple[float, int]:
    """How well a delimiter fits: the share of rows as wide as the header, and that width. One column fits nothing."""
    width = len(rows[0])
    if width == 1:
        return 0.0, 1
    return sum(len(row) == width for row in rows) / len(rows), width


def check_single(path: Path, rows: list[list[str]]) -> None:
    """A single column may be meant; a sign that occurs equally often in every line betrays another delimiter."""
    for sign in UNREAD_DELIMITERS:
        counts = {cell.count(sign) for row in rows for cell in row}
        if len(rows) > 1 and len(counts) == 1 and counts != {0}:
            raise InputError(
                f"{path.name} has the single column {rows[0][0][:100]!r}, it seems with {sign!r} as its delimiter. "
                f"Separate the columns by {', '.join(DELIMITERS.values())}."
            )


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
