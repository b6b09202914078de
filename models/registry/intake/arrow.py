"""An Arrow file (feather version 2) looked over batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.registry.intake.limits import DataLimits
from models.registry.intake.parquet import check_flat

if TYPE_CHECKING:
    import pyarrow.dataset


def dataset(path: Path) -> pyarrow.dataset.Dataset:
    """The file as a dataset that DuckDB can scan without loading it whole."""
    import pyarrow.dataset

    return pyarrow.dataset.dataset(str(path), format="ipc")


def open_arrow(path: Path, limits: DataLimits) -> tuple[list[str], int]:
    """The column names and the number of rows; every batch is checked, since offsets that lie crash a reader.

    Raises:
        InputError: the file is cut short, damaged or beyond a limit, or has nested columns.
    """
    import pyarrow

    try:
        with pyarrow.memory_map(str(path)) as source, pyarrow.ipc.open_file(source) as reader:
            check_flat(reader.schema)
            return list(reader.schema.names), sum(checked_rows(reader, path, limits))
    except pyarrow.ArrowMemoryError as error:
        raise MemoryError(str(error)) from error
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path.name} is damaged or cut short ({str(error)[:200]}). Write or send it again."
        ) from error


def checked_rows(reader: Any, path: Path, limits: DataLimits) -> list[int]:
    """The rows of each batch, after every value of it was checked."""
    rows, unpacked = [], 0
    for index in range(reader.num_record_batches):
        batch = reader.get_batch(index)
        batch.validate(full=True)
        unpacked += batch.nbytes
        rows.append(batch.num_rows)
        if unpacked > limits.unpacked_bytes:
            raise InputError(f"{path.name} unpacks to more than {limits.unpacked_bytes:,} bytes.")
    return rows
