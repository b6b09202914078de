"""Writing results so that a file is either whole or not there, and never in the place of something else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from plumbline_client.errors import InvalidInput


def check_places(*outputs: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """InvalidInput before the work where a result could not be written, or would replace what is read or another."""
    taken = {file.resolve() for file in inputs if file}
    for output in (file for file in outputs if file):
        folder = output.absolute().parent
        if not folder.is_dir():
            raise InvalidInput(f"There is no folder {folder} to write {output.name} into.")
        if not os.access(folder, os.W_OK):
            raise InvalidInput(f"The folder {folder} cannot be written to.")
        if output.exists() and not output.is_file():
            raise InvalidInput(f"{output} is not an ordinary file. Name a file to write to.")
        if output.resolve() in taken:
            raise InvalidInput(f"{output} is read, or written to, already. Name another file for the result.")
        taken.add(output.resolve())


def write(path: Path, content: bytes) -> None:
    """Raises InvalidInput where it cannot be written."""
    with written(path) as file:
        file.write(content)


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its name at the end of the `with`, and only where that ends well."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", delete=False) as file:
            made = Path(file.name)
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                made.chmod(0o666 & ~_umask())
                made.replace(path)
            finally:
                made.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(f"{path} could not be written: {error.strerror or error}.") from error


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
