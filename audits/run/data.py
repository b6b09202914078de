"""The table under audit, a file or one in a database: opened, joined with a model's predictions, and described."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.measure.cube import Counted, Question
from audits.run.parameters import Parameters
from models.errors import InputError
from models.registry.intake.read import ColumnInfo, TableFile, open_table
from models.registry.intake.sql import identifier
from models.registry.references.database import DatabaseTable

if TYPE_CHECKING:
    import ibis

# columns of a predictions file, renamed so that they never meet a column of the data
SCORE, PREDICTION = "plumbline score", "plumbline prediction"


@dataclass(frozen=True)
class TableSource:
    """The rows, maybe with predictions beside them, and the question put to the two.

    `origin` is what they stand for, where that is not the file that is read: {"sha256", "from"}.
    """

    name: str
    table: TableFile | DatabaseTable
    predictions: TableFile | None
    question: Question
    origin: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def open(
        data: Path | DatabaseTable,
        parameters: Parameters,
        predictions: Path | None,
        name: str | None = None,
        origin: Mapping[str, str] | None = None,
    ) -> TableSource:
        """Look the rows over; InputError where they cannot be read or do not belong together."""
        table = open_table(data) if isinstance(data, Path) else data
        called, told = name or table.name, origin or {}
        if predictions is None:
            return TableSource(called, table, None, parameters.question(), told)
        made = open_table(predictions)
        if made.rows != table.rows:
            raise InputError(f"The model gave {made.rows:,} predictions for {table.rows:,} rows.")
        outputs = {c.name for c in made.columns}
        question = parameters.question(
            score=SCORE if "score" in outputs else None, prediction=None if "score" in outputs else PREDICTION
        )
        return TableSource(called, table, made, question, told)

    @property
    def used(self) -> list[tuple[str, str]]:
        """(column of the data, its role) for every column that the audit reads."""
        q = self.question
        roles = [(c, "sensitive") for c in q.sensitive]
        named = (("label", q.label), ("prediction", q.prediction), ("score", q.score))
        roles += [(c, role) for role, c in named if c and c not in (SCORE, PREDICTION)]
        return roles + [(c, role) for role, c in (("weight", q.weight), ("frequency", q.frequency)) if c]

    def connect(self) -> ibis.Table:
        """The rows as an Ibis table, read where they lie; only the columns that the audit needs."""
        columns = [name for name, _ in self.used]
        if absent := [c for c in columns if c not in self.table.names]:
            known = ", ".join(repr(n) for n in self.table.names[:12]) + (", ..." if len(self.table.names) > 12 else "")
            raise InputError(f"{self.name} has no column {', '.join(map(repr, absent))}. It has {known}.")
        if isinstance(self.table, TableFile):
            return self._in_duckdb(self.table, columns)
        assert self.predictions is None
        return self.table.expression.select(*columns)

    def _in_duckdb(self, file: TableFile, columns: list[str]) -> ibis.Table:
        import ibis

        # a sandbox has one folder to spill into, and nothing may be fetched or loaded beside what is installed
        connection = ibis.duckdb.connect(
            temp_directory=tempfile.gettempdir(), autoinstall_known_extensions=False, autoload_known_extensions=False
        )
        relation = file.relation(connection.con, text_columns=self.question.sensitive)
        chosen = ", ".join(identifier(c) for c in columns)
        if self.predictions is None:
            return connection.sql(f"SELECT {chosen} FROM {relation}")
        beside = self.predictions.relation(connection.con)
        output = SCORE if self.question.score == SCORE else PREDICTION
        column = "score" if output == SCORE else "prediction"
        renamed = f"SELECT {identifier(column)} AS {identifier(output)} FROM {beside}"
        data = f"SELECT {chosen} FROM {relation}"
        return connection.sql(f"SELECT * FROM ({data}) AS d POSITIONAL JOIN ({renamed}) AS p")

    def inputs(self, model: Mapping[str, str] | None) -> list[dict[str, Any]]:
        """The data by hash, with where they were read if they are no file of ours, and the model where there is one."""
        sha256 = self.origin.get("sha256") or self.table.sha256()
        given: list[dict[str, Any]] = [{"name": self.name, "sha256": sha256, "rows": self.table.rows}]
        if "from" in self.origin:
            given[0]["from"] = self.origin["from"]
        return [*given, {**model, "rows": None}] if model else given

    def column(self, name: str) -> ColumnInfo:
        return next(c for c in self.table.columns if c.name == name)


def describe_data(source: TableSource, counted: Counted, parameters: Parameters) -> dict[str, Any]:
    """What a reader of the report is told of the data: size, columns by role, label balance, groups by size."""
    cube = counted.cube
    by_label = cube.everybody.n[0].sum(axis=1).tolist()
    names = (cube.negative, cube.positive)
    attributes = [
        {
            "name": s.name,
            "groups": [{"value": g[0], "n": int(n)} for g, n in zip(s.groups, s.n.sum(axis=(1, 2)), strict=True)],
        }
        for s in cube.sets
        if len(s.attributes) == 1
    ]
    return {
        "name": source.name,
        "rows": source.table.rows,
        "rows_used": counted.used,
        **({"stands_for": cube.rows} if parameters.frequency else {}),
        "dropped": dict(counted.dropped),
        "all_columns": len(source.table.columns),
        "columns": [{"name": n, "type": source.column(n).type, "role": role} for n, role in source.used],
        "label": {
            "name": parameters.label,
            "positive": cube.positive,
            "favourable": cube.favourable,
            "counts": dict(zip(names, by_label, strict=True)) if cube.has_label else None,
        },
        "attributes": attributes,
    }
