"""The lineage of a version as a drawing: what it was made from on the left, what came of it on the right.

The same stands beside it as a list with links, which is what is read out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.registry.lineage import Kin, Lineage

WIDTH, HEIGHT, ACROSS, DOWN = 216, 50, 268, 64  # of a box; from one to the next
LETTERS = 27
TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # letters that would turn the text around


@dataclass(frozen=True, slots=True)
class Box:
    """One thing at its place; `is_this` is the version that the page is about."""

    x: int
    y: int
    words: str
    name: str
    is_this: bool = False

    @property
    def text_x(self) -> int:
        return self.x + 12

    @property
    def words_y(self) -> int:
        return self.y + 20

    @property
    def name_y(self) -> int:
        return self.y + 39

    @property
    def middle(self) -> int:
        return self.y + HEIGHT // 2


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    box_width: int = WIDTH
    box_height: int = HEIGHT


def drawing(lineage: Lineage, name: str) -> Drawing:
    """Columns from left to right in the order of time, each in the middle of the height."""
    before = [each for origin in lineage.origins for each in origin.origins]
    columns = [column for column in (before, lineage.origins, None, lineage.outcomes) if column is None or column]
    most = max(1 if column is None else len(column) for column in columns)
    height = most * DOWN
    placed = [placed_in(place, column, height, name) for place, column in enumerate(columns)]
    this = next(place for place, column in enumerate(columns) if column is None)
    lines = [line(box, placed[this][0]) for column in placed[max(0, this - 1) : this] for box in column]
    lines += [line(placed[this][0], box) for column in placed[this + 1 :] for box in column]
    if before:
        olds = iter(placed[0])
        lines += [line(next(olds), box) for box, origin in zip(placed[1], lineage.origins, strict=True)
                  for _ in origin.origins]  # fmt: skip
    boxes = tuple(box for column in placed for box in column)
    return Drawing((len(columns) - 1) * ACROSS + WIDTH + 2, height, boxes, tuple(lines))


def placed_in(place: int, column: Sequence[Kin] | None, height: int, name: str) -> list[Box]:
    x = place * ACROSS + 1
    if column is None:
        return [Box(x, (height - HEIGHT) // 2, "This version", cut(name), is_this=True)]
    top = (height - len(column) * DOWN) // 2 + (DOWN - HEIGHT) // 2
    return [Box(x, top + DOWN * row, cut(each.words), cut(each.name)) for row, each in enumerate(column)]


def line(left: Box, right: Box) -> str:
    """A curve from the right edge of one to the left edge of the other."""
    begin, end = left.x + WIDTH, right.x
    half = (begin + end) // 2
    return f"M{begin} {left.middle}C{half} {left.middle} {half} {right.middle} {end} {right.middle}"


def cut(text: str) -> str:
    plain = TURNS.sub("", text)
    return plain if len(plain) <= LETTERS else f"{plain[: LETTERS - 1]}…"
