"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Literal

from models.errors import InputError

TableKind = Literal["parquet", "csv", "arrow"]

TABLES: tuple[tuple[bytes, TableKind], ...] = ((b"PAR1", "parquet"), (b"ARROW1\0\0", "arrow"))
WAY_OUT = "Write the table as parquet, CSV (UTF-8) or an Arrow file."
STRANGERS: tuple[tuple[bytes, str], ...] = (
    (b"PARE", "an encrypted parquet file"),
    (b"FEA1", "a feather file of version 1"),
    (b"PK\x03\x04", "a zip archive (an Excel workbook is one too)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\xff\xff\xff\xff", "an Arrow stream"),
    (codecs.BOM_UTF32_LE, "text in UTF-32"),
    (codecs.BOM_UTF32_BE, "text in UTF-32"),
    (codecs.BOM_UTF16_LE, "text in UTF-16"),
    (codecs.BOM_UTF16_BE, "text in UTF-16"),
)


def table_kind(path: Path) -> TableKind:
    """The kind of table a file holds.

    Raises:
        InputError: the file is missing, empty, or of a kind that is not read as a table (archives are never unpacked).
    """
    start = first_bytes(path, 16)
    if not start:
        raise InputError(f"{path.name} is empty.")
    for magic, kind in TABLES:
        if start.startswith(magic):
            return kind
    for magic, title in STRANGERS:
        if start.startswith(magic):
            raise InputError(f"{path.name} is {title}, which is not read. {WAY_OUT}")
    if start[0] == 0x80 and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise InputError(f"{path.name} is a Python pickle, which can run code when it is opened. {WAY_OUT}")
    return "csv"


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of a file.

    Raises:
        InputError: there is no such file, it is a folder, or it may not be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder, not a file.") from None
    except PermissionError:
        raise InputError(f"{path} may not be read by this user.") from None
