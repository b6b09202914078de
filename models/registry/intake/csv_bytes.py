"""The bytes of a CSV file, before anything reads them as a table: encoding, and where an offset lies."""

from __future__ import annotations

import codecs
from pathlib import Path

from models.errors import InputError

BLOCK = 4 << 20


def check_text(path: Path) -> None:
    """Read the file once and see that it is UTF-8 text without NUL bytes.

    Raises:
        InputError: with the line and column of the first byte that is not.
    """
    decode = codecs.getincrementaldecoder("utf-8")().decode
    offset = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if b"\0" in block:
                refuse_nul(path, offset + block.index(b"\0"), block)
            check_block(path, block, offset, decode)
            offset += len(block)
    try:
        decode(b"", True)
    except UnicodeDecodeError:
        raise InputError(f"{path.name} ends in the middle of a character: it is cut short or not UTF-8.") from None


def check_block(path: Path, block: bytes, offset: int, decode: object) -> None:
    try:
        decode(block)  # type: ignore[operator]
    except UnicodeDecodeError as error:
        # The decoder may hold up to three bytes of the block before: its object is those bytes and this block.
        held = len(error.object) - len(block)
        line, column = position(path, offset - held + error.start)
        raise InputError(
            f"{path.name} is not UTF-8 text: line {line:,}, column {column:,} holds the byte "
            f"0x{error.object[error.start]:02x}. Save it as UTF-8."
        ) from None


def refuse_nul(path: Path, offset: int, block: bytes) -> None:
    line, column = position(path, offset)
    if block.count(b"\0") > len(block) // 8:
        raise InputError(f"{path.name} is UTF-16 text or no text at all (it is full of NUL bytes). Save it as UTF-8.")
    raise InputError(f"{path.name} holds a NUL byte at line {line:,}, column {column:,}. Remove it.")


def position(path: Path, offset: int) -> tuple[int, int]:
    """The line and the column of a byte, both counted from one; the column in bytes."""
    line, start, done = 1, 0, 0
    with path.open("rb") as file:
        while done < offset and (block := file.read(min(BLOCK, offset - done))):
            if breaks := block.count(b"\n"):
                line += breaks
                start = done + block.rindex(b"\n") + 1
            done += len(block)
    return line, offset - start + 1
