"""Writing results so that a file is either whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from models.errors import InputError


def check_writable(*outputs: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """InputError before the work, rather than after it, where a result could not be written.

    Nor may a result replace a file that is read, or another result: the work of either would be lost without a word.
    """
    taken = [
        (file, f"{file} is read by this command; writing a result there would destroy it") for file in inputs if file
    ]
    for output in outputs:
        if output is None:
            continue
        _check_place(output)
        for file, reason in taken:
            if _same(output, file):
                raise InputError(f"{reason}. Name another file for the result.")
        taken.append((output, f"Two results would be written to {output}"))


def _check_place(file: Path) -> None:
    folder = file.absolute().parent
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder} to write {file.name} into.")
    if not os.access(folder, os.W_OK):
        raise InputError(f"The folder {folder} cannot be written to.")
    if file.exists() and not file.is_file():
        # it would be replaced, not written to: /dev/null would become an ordinary file
        raise InputError(f"{file} is not an ordinary file. Name a file to write to.")


def _same(one: Path, other: Path) -> bool:
    """True for one file under two names (links of both kinds), whether or not it is there yet."""
    if one.exists() and other.exists() and one.samefile(other):
        return True
    return one.resolve() == other.resolve()


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, sync, rename: an interruption or a full disk leaves no half file. InputError where it fails."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise InputError(f"{path} could not be written: {error.strerror or error}.") from error
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
