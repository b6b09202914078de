"""People's text and days as a legal report prints them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from audits.report import words
from audits.report.blocks import Cell, Head, Paragraph, Row, RowGroup, TableBlock

NONE = "none"
# a word without end takes the PDF's engine minutes to fit into a column: it is printed in pieces, and attached whole
ENDLESS, PIECE = re.compile(r"\S{200,}"), re.compile(r".{1,30}")


def say(text: Any) -> str:
    """A person's text in one line, without what no page can hold."""
    return in_pieces(" ".join(words.clean(text).split())) if text not in (None, "") else ""


def in_pieces(text: str) -> str:
    return ENDLESS.sub(lambda found: " ".join(PIECE.findall(found[0])), text)


def paragraphs(text: Any) -> tuple[Paragraph, ...]:
    """A person's text with the breaks that it was written with."""
    return tuple(Paragraph(in_pieces(words.clean(line))) for line in str(text or "").splitlines() if line.strip())


def day(value: str | None, missing: str = "") -> str:
    """`21 November 2026` of 2026-11-21, or of a moment of that day (UTC)."""
    if not value:
        return missing
    return f"{dt.date.fromisoformat(value[:10]):%-d %B %Y}"


def moment(value: str | None, missing: str = "") -> str:
    """`21 November 2026, 14:30 UTC`."""
    if not value:
        return missing
    at = dt.datetime.fromisoformat(value).astimezone(dt.UTC)
    return f"{at:%-d %B %Y, %H:%M} UTC"


def table(id: str, caption: str, heads: tuple[Head | str, ...], groups: list[RowGroup], **more: Any) -> TableBlock:
    named = tuple(head if isinstance(head, Head) else Head(head) for head in heads)
    return TableBlock(id, caption, named, tuple(groups), **more)


def row(*cells: Any) -> Row:
    return Row(tuple(cell if isinstance(cell, Cell) else Cell(say(cell)) for cell in cells))


def count(number: int, thing: str, things: str = "") -> str:
    """`1 obligation`, `12 obligations`."""
    return f"{number} {thing if number == 1 else things or f'{thing}s'}"
