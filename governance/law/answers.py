"""Answers as somebody wrote them, taken out one by one with their type. InputError where one is of another."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.errors import InputError

LONGEST = 200  # characters of a text, such as the name of an act
MOST_NAMED = 30  # in a message


class Answers:
    """A mapping with known names. `within` is how messages call it."""

    def __init__(self, answers: Any, names: Iterable[str], within: str) -> None:
        """InputError where it is no mapping, or has a name that is not known."""
        if not isinstance(answers, Mapping):
            raise InputError(f"{within} is to be a list of `name: value`, not {described(answers)}.")
        self.answers, self.names, self.within = answers, tuple(names), within
        for name in answers:
            if name not in self.names:
                raise InputError(f"{within} has {shown(name)}, which is not known there. {near(name, self.names)}")

    def __contains__(self, name: str) -> bool:
        return name in self.answers

    def demand(self, *names: str) -> None:
        """InputError where one of these is left out or empty."""
        if missing := [name for name in names if self.answers.get(name) is None]:
            raise InputError(f"{self.within} lacks {listed(missing, 'and')}.")

    def truth(self, name: str) -> bool | None:
        return self._typed(name, bool, "true or false")

    def text(self, name: str) -> str:
        words = self._typed(name, str, "text")
        if not (words or "").strip():
            raise InputError(f"{self._at(name)} is to be text, and is empty.")
        text = str(words).strip()
        if len(text) > LONGEST or not text.isprintable():
            raise InputError(f"{self._at(name)} is to be one line of at most {LONGEST} characters.")
        return text

    def one(self, name: str, known: Sequence[str]) -> str | None:
        value = self.answers.get(name)
        return None if value is None else one_of(value, known, self._at(name))

    def several(self, name: str, known: Sequence[str], what: str) -> tuple[str, ...]:
        """The values as they are given, each once; a number stands for its digits."""
        values = self.answers.get(name)
        if values is None:
            return ()
        if not isinstance(values, (list, tuple)):
            raise InputError(f"{self._at(name)} is to be a list, such as [{known[0]}], not {described(values)}.")
        return tuple(dict.fromkeys(one_of(value, known, f"{self._at(name)}: each", what) for value in values))

    def amount(self, name: str) -> float | None:
        """A number of at least zero. YAML reads 1e26 as text, so text that is a number is one."""
        value = self.answers.get(name)
        if value is None:
            return None
        try:
            number = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not math.isfinite(number) or number < 0:
            raise InputError(f"{self._at(name)} is to be a number such as 1.0e+24, not {described(value)}.")
        return number

    def day(self, name: str) -> dt.date | None:
        value = self.answers.get(name)
        if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
            return value
        try:
            return dt.date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise InputError(f"{self._at(name)} is to be a date, YYYY-MM-DD, not {described(value)}.") from None

    def inner(self, name: str, names: Iterable[str]) -> Answers | None:
        value = self.answers.get(name)
        return None if value is None else Answers(value, names, self._at(name))

    def _typed(self, name: str, kind: type, wanted: str) -> Any:
        value = self.answers.get(name)
        if value is not None and not isinstance(value, kind):
            raise InputError(f"{self._at(name)} is to be {wanted}, not {described(value)}.")
        return value

    def _at(self, name: str) -> str:
        return name if self.within == "answers" else f"{self.within}.{name}"


def one_of(value: Any, known: Sequence[str], at: str, what: str = "") -> str:
    """The value, if it is known; a number stands for its digits, since YAML reads 2 as one."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if text in known:
        return str(text)
    raise InputError(f"{at} is to be {what or listed(known, 'or')}, not {described(value)}. {near(value, known)}")


def near(value: Any, known: Sequence[str]) -> str:
    """What may have been meant, or what there is."""
    text = str(value)[:80]
    close = [each for each in known if len(each) > 2 and text.endswith(each)]
    # ids begin with what they are of, so 4-c is nearer to 4-a than to 5-c
    alike = difflib.get_close_matches(text, known, n=9, cutoff=0.5)
    close = (close or sorted(alike, key=lambda each: each[:1] != text[:1]))[:3]
    if close:
        return f"Did you mean {listed(close, 'or')}?"
    some = known if len(known) <= MOST_NAMED else (*known[:MOST_NAMED], f"{len(known) - MOST_NAMED} more")
    return f"There is {listed(some, 'and')}."


def listed(names: Sequence[str], join: str) -> str:
    """`a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} {join} {last}" if first else last


def described(value: Any) -> str:
    """A value in a message: short, whatever it is."""
    words = {bool: str(value).lower(), type(None): "nothing"}.get(type(value))
    if words:
        return words
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dt.date):
        return value.isoformat()
    return "a list of `name: value`" if isinstance(value, Mapping) else shown(value)


def shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
