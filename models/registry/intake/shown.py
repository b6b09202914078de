"""Files under the names that their owner knows them by."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from models.errors import InputError

LONGEST = 120
HASH = 32


@contextmanager
def shown_as(files: Mapping[str, Path], names: Mapping[str, str]) -> Iterator[dict[str, Path]]:
    """Links to files that are stored by their hash, under their owner's names, for the sandbox and its messages.

    Where the sandbox sees the stored path itself, its InputError is told again with the owner's name.
    """
    with tempfile.TemporaryDirectory(prefix="plumbline-names-") as folder:
        links = {key: linked(Path(folder) / key, path, names.get(key, path.name)) for key, path in files.items()}
        try:
            yield links
        except InputError as error:
            text = str(error)
            for key, path in files.items():
                if len(path.resolve().name) >= HASH:  # a short name could be a word of the message
                    text = text.replace(path.resolve().name, links[key].name)
            raise InputError(text) from error


def linked(folder: Path, path: Path, name: str) -> Path:
    folder.mkdir()
    link = folder / plain_name(name)
    link.symlink_to(path.resolve())
    return link


def plain_name(name: str) -> str:
    """The last part of a name that came with an upload, without what could mislead a path, a pattern or a reader."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(sign for sign in last if not unicodedata.category(sign).startswith("C") and sign not in "*?[]")
    return printable[-LONGEST:].lstrip(".") or "file"
