"""Text in a cell of a spreadsheet: what a spreadsheet would compute is made plain text, and read back as it was."""

from __future__ import annotations

# a cell that begins with one of these is a formula to a spreadsheet; an apostrophe before it makes it text
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(text: str) -> str:
    """The text as it is written into a cell."""
    return f"'{text}" if needs_guard(text) else text


def unguarded(text: str) -> str:
    """What guarded() was given, of what it made; any other text as it is."""
    return text[1:] if text.startswith("'") and needs_guard(text[1:]) else text


def needs_guard(text: str) -> bool:
    if text.startswith("'"):
        return needs_guard(text.lstrip("'"))
    return text.lstrip(" \u00a0").startswith(FORMULA)
