"""Which columns of a table a model reads, told before it runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from models.errors import InputError
from models.registry.formats.format import Input, Signature
from models.registry.intake.read import ColumnInfo

WHOLE = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
REAL = ("FLOAT", "DOUBLE", "DECIMAL")
WORDS = {"number": "a number", "integer": "a whole number", "boolean": "true or false"}
NAME_THE_COLUMNS = (
    "Store the names in the model's metadata: onnx.helper.set_model_props(model, "
    '{"feature_names": json.dumps(["first", "second", ...])}).'
)


def is_numeric(column: ColumnInfo) -> bool:
    return column.type in WHOLE or column.type == "BOOLEAN" or column.type.startswith(REAL)


def matched_columns(
    signature: Signature, columns: Sequence[ColumnInfo], exclude: Collection[str] = ()
) -> dict[str, ColumnInfo]:
    """The table's column for each input of the model, in the model's order.

    Inputs are found by name. A model that reads one matrix without names takes the numeric columns that are not in
    `exclude` (label, weight, ...), if there are exactly as many as it reads.

    Raises:
        InputError: a column is missing, has the wrong type, or cannot be told; the message says how to mend it.
    """
    if not signature.inputs:
        return {column.name: column for column in unnamed(signature, columns, exclude)}
    by_name = {column.name: column for column in columns}
    spaced = {column.name.replace(" ", "_"): column for column in columns}
    found = {each.name: by_name.get(each.name, spaced.get(each.name)) for each in signature.inputs}
    missing = [name for name, column in found.items() if column is None]
    if missing:
        raise InputError(
            f"The model reads {listed(missing)}, which the table does not have. Its columns are "
            f"{listed([column.name for column in columns])}. Rename the columns, or export the model with their names."
        )
    matched = {name: column for name, column in found.items() if column is not None}
    for each in signature.inputs:
        check_type(each, matched[each.name])
    return matched


def unnamed(signature: Signature, columns: Sequence[ColumnInfo], exclude: Collection[str]) -> list[ColumnInfo]:
    """The numeric columns of a model that has no names for them, in the table's order."""
    if signature.width == 0:
        return []
    left = [column for column in columns if column.name not in exclude and is_numeric(column)]
    if signature.width is None or len(left) != signature.width:
        wanted = "an unknown number of" if signature.width is None else str(signature.width)
        raise InputError(
            f"The model reads one matrix of {wanted} columns without names; the table has {len(left)} numeric columns "
            f"besides label and weight ({listed([column.name for column in left])}); it is not known which are meant. "
            f"{NAME_THE_COLUMNS}"
        )
    return left


def assumed_order(signature: Signature, columns: Mapping[str, ColumnInfo]) -> list[str]:
    """The columns in the order that was assumed for a model without names for them; none where nothing was."""
    return [] if signature.inputs or len(columns) < 2 else [column.name for column in columns.values()]


def check_type(each: Input, column: ColumnInfo) -> None:
    if each.type in ("number", "integer", "boolean") and not is_numeric(column):
        raise InputError(
            f"The model reads {each.name!r} as {WORDS[each.type]}, but the column holds {column.type}. "
            "Look for a cell that is no number, or convert the column."
        )
    if each.type == "integer" and column.type not in WHOLE and column.type not in ("BOOLEAN", "DOUBLE"):
        raise InputError(f"The model reads {each.name!r} as a whole number, but the column holds {column.type}.")


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names in quotes, cut to a readable number."""
    shown = ", ".join(repr(name[:60]) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
