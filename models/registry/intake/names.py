"""Which column names are taken."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from models.errors import InputError
from models.registry.intake.limits import DataLimits

# Marks that turn the reading direction around: a name with one could pass for another name on a page.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def check_names(names: Sequence[str], limits: DataLimits) -> None:
    """Refuse names that cannot tell columns apart or cannot be shown safely.

    Raises:
        InputError: no column, too many, one without a name, a name too long, with an unprintable character, or twice.
    """
    if not names:
        raise InputError("The table has no columns.")
    if len(names) > limits.columns:
        raise InputError(f"The table has {len(names):,} columns; at most {limits.columns:,} are taken.")
    for position, name in enumerate(names, start=1):
        check_name(name, position, limits)
    check_unique(names)


def check_name(name: str, position: int, limits: DataLimits) -> None:
    if not name.strip():
        hint = " (pandas writes such a column for its index; index=False leaves it out)" if position == 1 else ""
        raise InputError(f"Column {position} has no name{hint}. Give every column a name.")
    if len(name) > limits.name_length:
        raise InputError(
            f"The name of column {position} has {len(name):,} characters; at most {limits.name_length} are taken. "
            f"It begins {name[:40]!r}."
        )
    if any(character in TURNING or unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise InputError(f"The name of column {position} holds an unprintable character: {name!a}. Rename the column.")


def check_unique(names: Sequence[str]) -> None:
    """Names must differ by more than case, even of columns that nobody asks for: the engines that read tables do not
    tell `Sex` from `sex`. DuckDB answers a question for either with the first of them, and says nothing.
    """
    seen: dict[str, str] = {}
    for name in names:
        folded = name.lower()
        if seen.get(folded) == name:
            raise InputError(f"The column name {name!r} occurs more than once. Rename one of them.")
        if folded in seen:
            raise InputError(
                f"The column names {seen[folded]!r} and {name!r} differ only in case, so one could be read for the "
                "other. Rename one of them."
            )
        seen[folded] = name
