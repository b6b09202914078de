"""Predictions only: a table with a column `score` or `prediction`, one row for each row of the data, in its order."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.registry.formats.classes import class_text
from models.registry.formats.format import Format, Predictions, Scorer, Signature
from models.registry.formats.matching import is_numeric
from models.registry.intake.content import first_bytes, table_kind
from models.registry.intake.csv_dialect import DELIMITERS
from models.registry.intake.read import ColumnInfo, TableFile, open_table, reading
from models.registry.intake.sql import identifier

if TYPE_CHECKING:
    import pyarrow

SCORE, LABEL = "score", "prediction"


class PredictionsTable(Format):
    id = "predictions"
    title = "a table with a column score or prediction"
    suffixes = (".parquet", ".csv", ".arrow", ".feather")

    def recognises(self, path: Path) -> bool:
        try:
            if table_kind(path) != "csv":
                return True
        except InputError:
            return False
        lines = first_bytes(path, 1 << 16).decode("utf-8-sig", errors="replace").splitlines()
        return any({SCORE, LABEL} & set(next(csv.reader(lines[:1], delimiter=sign), ())) for sign in DELIMITERS)

    def inspect(self, path: Path) -> Signature:
        table = open_table(path)
        found = prediction_columns(table)
        kind = "score" if SCORE in found else "label"
        return Signature(self.id, (), tuple(found), "score" if kind == "score" else "label", width=0, rows=table.rows)

    def load(self, path: Path, signature: Signature) -> Scorer:
        """The scorer gives the next rows of the file each time it is called; it takes the rows in their order."""
        left = rows_of(open_table(path))
        held: list[pyarrow.Table] = []

        def score(table: pyarrow.Table) -> Predictions:
            taken = take(left, held, table.num_rows)
            return Predictions(scores_of(taken), labels_of(taken))

        return score


def prediction_columns(table: TableFile) -> dict[str, ColumnInfo]:
    """The columns with predictions, by their meaning.

    Raises:
        InputError: there is neither a score nor a prediction, or the score is no number.
    """
    found = {column.name: column for column in table.columns if column.name in (SCORE, LABEL)}
    if not found:
        raise InputError(
            f"{table.path.name} has neither a column {SCORE!r} (a number for each row) nor {LABEL!r} (a class for each "
            f"row). Its columns are {', '.join(table.names[:12])}. Rename the one that is meant."
        )
    if SCORE in found and not is_numeric(found[SCORE]):
        raise InputError(f"The column {SCORE!r} of {table.path.name} holds {found[SCORE].type}, not numbers.")
    return found


def rows_of(table: TableFile) -> Iterator[pyarrow.Table]:
    """The columns with predictions, batch by batch; labels as text, as the file writes them."""
    import duckdb
    import pyarrow

    chosen = ", ".join(identifier(name) for name in prediction_columns(table))
    with duckdb.connect() as connection, reading(table.path):
        reader = connection.execute(f"SELECT {chosen} FROM {table.relation(connection, [LABEL])}").to_arrow_reader()
        for batch in reader:
            yield pyarrow.Table.from_batches([batch])


def take(left: Iterator[pyarrow.Table], held: list[pyarrow.Table], count: int) -> pyarrow.Table:
    """The next `count` rows; what was read beyond them stays in `held`.

    Raises:
        InputError: the file has no more rows.
    """
    import pyarrow

    while sum(table.num_rows for table in held) < count:
        table = next(left, None)
        if table is None:
            raise InputError("The table of predictions has fewer rows than the data.")
        held.append(table)
    whole = pyarrow.concat_tables(held)
    held[:] = [whole.slice(count)]
    return whole.slice(0, count)


def scores_of(table: pyarrow.Table) -> Any:
    from models.registry.formats.values import numbers

    return numbers(table.column(SCORE)).reshape(-1, 1) if SCORE in table.column_names else None


def labels_of(table: pyarrow.Table) -> list[str | None] | None:
    if LABEL not in table.column_names:
        return None
    return [None if value is None else class_text(value) for value in table.column(LABEL).to_pylist()]


FORMAT = PredictionsTable()
