"""A parquet file looked over by its footer, before any page of it is unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import InputError
from models.registry.intake.limits import GIBIBYTE, DataLimits

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

FOOTER_LIMIT = 256 << 20
ROW_GROUP_LIMIT = 1_000_000


def open_parquet(path: Path, limits: DataLimits) -> tuple[list[str], int]:
    """The column names and the number of rows, from the footer.

    Raises:
        InputError: the file is cut short or damaged, declares more than the limits allow, or has nested columns.
    """
    import pyarrow
    import pyarrow.parquet

    check_ending(path)
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            metadata, schema = file.metadata, file.schema_arrow
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is damaged: its footer cannot be read ({str(error)[:200]}).") from error
    check_size(path, metadata, limits)
    check_flat(schema)
    return list(schema.names), int(metadata.num_rows)


def check_ending(path: Path) -> None:
    """A whole parquet file ends with the length of its footer and its four letters."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(size - 8, 0))
        ending = file.read(8)
    if size < 12 or ending[4:] != b"PAR1":
        raise InputError(f"{path.name} is cut short: the end of the parquet file is missing. Write or send it again.")
    footer = int.from_bytes(ending[:4], "little")
    if footer > min(size - 12, FOOTER_LIMIT):
        raise InputError(f"{path.name} is damaged: it declares a footer of {footer:,} bytes.")


def check_size(path: Path, metadata: pyarrow.parquet.FileMetaData, limits: DataLimits) -> None:
    """What the footer declares must lie within the limits and must add up."""
    if metadata.num_columns > limits.columns:
        raise InputError(f"The table has {metadata.num_columns:,} columns; at most {limits.columns:,} are taken.")
    if metadata.num_row_groups > ROW_GROUP_LIMIT:
        raise InputError(f"{path.name} has {metadata.num_row_groups:,} row groups; write it with larger ones.")
    if not 0 <= metadata.num_rows <= limits.rows:
        raise InputError(f"{path.name} declares {metadata.num_rows:,} rows; at most {limits.rows:,} are taken.")
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows:
        raise InputError(f"{path.name} is damaged: its row groups do not add up to the rows it declares.")
    unpacked = sum(group.total_byte_size for group in groups)
    times = unpacked // path.stat().st_size
    bomb = unpacked > GIBIBYTE and unpacked > limits.expansion * path.stat().st_size
    if bomb or unpacked > limits.unpacked_bytes:
        raise InputError(
            f"{path.name} declares to unpack to {unpacked:,} bytes, {times:,} times its size; "
            "that is beyond the limit. Write it again without the repetition, or with another compression."
        )


def check_flat(schema: pyarrow.Schema) -> None:
    """Only columns of single values are taken.

    Raises:
        InputError: a column holds lists, structures, maps or unions; the message names it.
    """
    import pyarrow

    for column in schema:
        kind = column.type
        if pyarrow.types.is_dictionary(kind):
            kind = kind.value_type
        if pyarrow.types.is_nested(kind):
            raise InputError(
                f"The column {column.name[:200]!r} holds nested values ({str(kind)[:60]}). Write one column per value."
            )
        if pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind) or pyarrow.types.is_binary_view(kind):
            raise InputError(f"The column {column.name[:200]!r} holds bytes, not text or numbers. Decode or drop it.")
