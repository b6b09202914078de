"""How pages look, against the report made again: what is drawn over words is in no text.

Both are drawn by PDFium in grey at 72 dots an inch and compared in squares of 8 dots. Their means hardly move when a
letter shifts by a fraction of a dot, and do when a word was covered or added.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from audits.report.verification.findings import Findings
from audits.report.verification.parts import Parts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SQUARE = 8
MOST_DOTS = 1_300
# of 255; the same page drawn with letters shifted by half a dot stays below 12
VISIBLE = 24


def check_looks(parts: Parts, made_again: bytes, other_maker: bool, findings: Findings) -> None:
    """Names each page that looks different. Not done where another version made the report: its spacing may differ."""
    if other_maker:
        findings.leave("how the pages look", "the report was made by another version of Plumbline")
        return
    unlike = 0
    for number, (one, other) in enumerate(zip_longest(_pages(parts.content), _pages(made_again)), start=1):
        where = _unlike(one, other)
        if where is not None:
            unlike += 1
            findings.differ(f"page {number}: how it looks", where, "as made again from the evidence")
    if not unlike:
        findings.agrees("how all pages look")


def _pages(content: bytes) -> Iterator[NDArray[np.float64]]:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        for page in document:
            scale = min(1.0, MOST_DOTS / max(*page.get_size(), 1.0))
            yield _squares(page.render(scale=scale, grayscale=True, may_draw_forms=True).to_numpy())
            page.close()
    finally:
        document.close()


def _squares(dots: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean grey of each square of 8 by 8 dots."""
    grey = dots.reshape(dots.shape[0], dots.shape[1])
    height, width = (side - side % SQUARE for side in grey.shape)
    cut = grey[:height, :width].reshape(height // SQUARE, SQUARE, width // SQUARE, SQUARE)
    means: NDArray[np.float64] = cut.mean(axis=(1, 3))
    return means


def _unlike(one: NDArray[np.float64] | None, other: NDArray[np.float64] | None) -> str | None:
    import numpy as np

    if one is None or other is None or one.shape != other.shape:
        return "another size of page"
    apart = np.abs(one - other)
    if apart.max(initial=0) < VISIBLE:
        return None
    row, column = np.unravel_index(int(apart.argmax()), apart.shape)
    return f"something else {_millimetres(int(row))} mm from the top, {_millimetres(int(column))} mm from the left"


def _millimetres(square: int) -> int:
    return round((square + 0.5) * SQUARE * 25.4 / 72)
