"""The rows to explain: a seeded sample of the data, the model's inputs with the groups each row belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audits.measure.types import MISSING
from models.errors import InputError
from models.registry.intake.read import TableFile, open_table, reading
from models.registry.intake.sql import identifier, literal

BATCH = 100_000


@dataclass(frozen=True)
class Rows:
    """`inputs` has the model's columns; `groups` each attribute's group of each row; `total` rows stand in the file.

    `order` is a seeded shuffle of the rows, by which fewer are taken.
    """

    inputs: pa.Table
    groups: dict[str, NDArray[np.str_]]
    total: int
    order: NDArray[np.intp]

    @property
    def size(self) -> int:
        return int(self.inputs.num_rows)

    def taken(self, most: int) -> Rows:
        """At most so many of the rows, in the file's order; fewer of them are always among the more."""
        if most >= self.size:
            return self
        kept = np.sort(self.order[:most])
        groups = {name: values[kept] for name, values in self.groups.items()}
        return Rows(self.inputs.take(pa.array(kept)), groups, self.total, np.argsort(np.argsort(self.order[:most])))


def read_rows(
    data: Path, inputs: Sequence[str], texts: Sequence[str], sensitive: Sequence[str], most: int, seed: int
) -> Rows:
    """At most so many rows, drawn without replacement where there are more, in the file's order.

    `texts` are the inputs that are read as they are written.

    Raises InputError where a column is not there.
    """
    import duckdb

    file = open_table(data)
    absent = [name for name in (*inputs, *sensitive) if name not in file.names]
    if absent:
        raise InputError(f"{data.name} has no column {', '.join(repr(name) for name in absent)}.")
    chosen = np.arange(file.rows)
    if file.rows > most:
        chosen = np.sort(np.random.default_rng(seed).choice(file.rows, most, replace=False))
    with duckdb.connect() as connection, reading(data):
        relation = file.relation(connection, text_columns=[*texts, *(name for name in sensitive if name not in inputs)])
        columns = [f"{identifier(name)} AS i{i}" for i, name in enumerate(inputs)]
        columns += [f"{_group(file, name)} AS g{i}" for i, name in enumerate(sensitive)]
        batches = connection.execute(f"SELECT {', '.join(columns)} FROM {relation}").to_arrow_reader(BATCH)
        table = _picked(batches, chosen)
    found = {name: table[f"g{i}"].to_numpy(zero_copy_only=False).astype(str) for i, name in enumerate(sensitive)}
    plain = table.select([f"i{i}" for i in range(len(inputs))]).rename_columns(list(inputs))
    order = np.random.default_rng([seed, 1]).permutation(len(chosen))
    return Rows(plain.combine_chunks(), found, file.rows, order)


def _picked(batches: Any, chosen: NDArray[np.intp]) -> pa.Table:
    parts, seen = [], 0
    for batch in batches:
        here = chosen[np.searchsorted(chosen, seen) : np.searchsorted(chosen, seen + len(batch))] - seen
        parts.append(batch.take(pa.array(here)))
        seen += len(batch)
    return pa.Table.from_batches(parts, schema=batches.schema)


def _group(file: TableFile, name: str) -> str:
    """The group as the file's type prints it; a missing one by its own name, as in the cube."""
    column = identifier(name)
    kind = next(column.type for column in file.columns if column.name == name)
    if kind in ("FLOAT", "DOUBLE"):
        column = f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END"
    return f"coalesce(CAST({column} AS VARCHAR), {literal(MISSING)})"
