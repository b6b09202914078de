"""Universal Binary JSON as XGBoost writes it (ubjson.org, draft 12), read within the bytes that are there."""

from __future__ import annotations

from typing import Any

from models.errors import InputError

DEPTH = 32
NUMBERS = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
CONSTANTS: dict[str, Any] = {"Z": None, "T": True, "F": False}


def parsed(data: bytes) -> Any:
    """The value that the bytes hold, all of them.

    Raises:
        InputError: they end too early, go on after the value, nest too deep, or hold a mark that UBJSON does not have.
    """
    reader = _Reader(data)
    value = reader.value(reader.mark(), 0)
    if reader.place != len(data):
        raise InputError("The UBJSON file goes on after its value.")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, count: int) -> bytes:
        end = self.place + count
        if count < 0 or end > len(self.data):
            raise InputError("The UBJSON file is cut short, or a length in it is out of range.")
        taken = self.data[self.place : end]
        self.place = end
        return taken

    def mark(self) -> str:
        while (sign := chr(self.take(1)[0])) == "N":
            pass
        return sign

    def value(self, mark: str, depth: int) -> Any:
        if depth > DEPTH:
            raise InputError(f"The UBJSON file nests more than {DEPTH} deep.")
        if mark in CONSTANTS:
            return CONSTANTS[mark]
        if mark in NUMBERS:
            return self.numbers(mark, 1)[0]
        if mark == "C":
            return chr(self.take(1)[0])
        if mark == "S":
            return self.text()
        if mark == "[":
            return self.array(depth)
        if mark == "{":
            return self.mapping(depth)
        raise InputError(f"The UBJSON file holds the unknown mark {mark!r}.")

    def numbers(self, mark: str, count: int) -> list[Any]:
        import numpy as np

        kind = np.dtype(NUMBERS[mark])
        return np.frombuffer(self.take(count * kind.itemsize), kind).tolist()

    def text(self) -> str:
        try:
            return self.take(self.length()).decode("utf-8")
        except UnicodeDecodeError:
            raise InputError("The UBJSON file holds text that is not UTF-8.") from None

    def length(self) -> int:
        mark = self.mark()
        if mark not in "iUIlL":
            raise InputError("The UBJSON file has a length that is no whole number.")
        return int(self.numbers(mark, 1)[0])

    def header(self) -> tuple[str | None, int | None]:
        """The type and the number of entries of a container, where it declares them."""
        kind = None
        if self.peek() == "$":
            self.take(1)
            kind = self.mark()
        if self.peek() != "#":
            if kind is not None:
                raise InputError("The UBJSON file declares a type without a number of entries.")
            return None, None
        self.take(1)
        count = self.length()
        # each entry takes at least a byte, except constants, which no model has in such a list
        if not 0 <= count <= len(self.data) - self.place or kind in CONSTANTS:
            raise InputError("The UBJSON file declares more entries than it has bytes.")
        return kind, count

    def peek(self) -> str:
        return chr(self.data[self.place]) if self.place < len(self.data) else ""

    def array(self, depth: int) -> list[Any]:
        kind, count = self.header()
        if kind in NUMBERS and count is not None:
            return self.numbers(kind, count)
        values: list[Any] = []
        while len(values) != count if count is not None else self.peek() != "]":
            values.append(self.value(kind or self.mark(), depth + 1))
        if count is None:
            self.take(1)
        return values

    def mapping(self, depth: int) -> dict[str, Any]:
        kind, count = self.header()
        values: dict[str, Any] = {}
        while len(values) != count if count is not None else self.peek() != "}":
            name = self.text()
            if name in values:
                raise InputError(f"The UBJSON file holds {name[:60]!r} twice.")
            values[name] = self.value(kind or self.mark(), depth + 1)
        if count is None:
            self.take(1)
        return values
