"""Writing results so that a file is either whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from models.errors import InputError


def check_writable(*files: Path | None) -> None:
    """InputError before the work, rather than after it, where a result could not be written."""
    for file in files:
        if file is None:
            continue
        folder = file.absolute().parent
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder} to write {file.name} into.")
        if not os.access(folder, os.W_OK):
            raise InputError(f"The folder {folder} cannot be written to.")


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
