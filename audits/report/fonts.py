"""The fonts of reports, from our own files: complete ones, since the PDF engine misreads split families."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "static" / "fonts"


@dataclass(frozen=True, slots=True)
class Face:
    family: str
    weight: int
    file: str


FACES = (
    Face("IBM Plex Sans", 400, "IBMPlexSans-Regular.woff2"),
    Face("IBM Plex Sans", 600, "IBMPlexSans-SemiBold.woff2"),
    Face("IBM Plex Serif", 400, "IBMPlexSerif-Regular.woff2"),
    Face("IBM Plex Serif", 600, "IBMPlexSerif-SemiBold.woff2"),
    Face("IBM Plex Mono", 400, "IBMPlexMono-Regular.woff2"),
)


def data_uri(face: Face) -> str:
    import base64

    return "data:font/woff2;base64," + base64.b64encode((FOLDER / face.file).read_bytes()).decode()


@cache
def truetype_folder() -> Path:
    """A temporary folder with the faces as TrueType, gone when we end: vl-convert reads no other, and the PDF engine
    need not unpack them for every report."""
    from fontTools.ttLib import TTFont

    folder = Path(tempfile.mkdtemp(prefix="plumbline-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for face in FACES:
        font = TTFont(FOLDER / face.file, recalcTimestamp=False)
        font.flavor = None
        font.save(folder / truetype(face))
    return folder


def truetype(face: Face) -> str:
    return str(Path(face.file).with_suffix(".ttf"))
