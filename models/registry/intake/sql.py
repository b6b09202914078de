"""Names and texts as SQL writes them."""

from __future__ import annotations

from pathlib import Path


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def file_literal(path: Path) -> str:
    """A path as DuckDB's file functions take it: signs that would match other files stand in brackets."""
    text = str(path.resolve())
    return literal("".join(f"[{sign}]" if sign in "*?[" else sign for sign in text))
