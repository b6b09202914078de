"""A file in object storage, fetched to be read here. It is not kept: its hash is, and is compared at every reading."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import BinaryIO, cast

from models.errors import InputError
from models.registry.blobs.bucket import Reading
from models.registry.blobs.store import StorageError, TooLarge, receive
from models.registry.references.declared import Reference, Source, SourceError, plain_path

logger = logging.getLogger(__name__)


def fetch(source: Source, reference: Reference, target: Path, limit: int) -> tuple[str, int]:
    """Write the file to `target`; its SHA-256 and its bytes.

    Raises:
        InputError: there is no such file, it is empty, or larger than `limit`. SourceError: the place cannot be read.
    """
    over = f"{reference} is larger than {limit:,} bytes, the most that is taken."
    try:
        remote = cast(BinaryIO, Reading(source.bucket(), plain_path(reference.path)))
        with remote, target.open("wb") as file:
            return receive(remote, file, limit, over)
    except FileNotFoundError:
        raise InputError(f"There is no file {reference}.") from None
    except StorageError as error:
        logger.warning("data source %s: %s", source.name, error)
        raise SourceError(f"The data source {source.name} cannot be read now.") from error
    except TooLarge:
        raise
    except InputError:
        raise InputError(f"The file {reference} is empty.") from None
