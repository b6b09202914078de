"""The same rows in a DuckDB file, in PostgreSQL where there is one, and as a parquet file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis
import numpy as np
import pandas as pd
import pytest

from models.registry.references.declared import Source

POSTGRES = os.environ.get("PLUMBLINE_TEST_POSTGRES", "")
ROWS = 2_000


def frame(rows: int = ROWS) -> pd.DataFrame:
    """Decisions and scores about people, with missing values, words of many lands, and a column of SQL."""
    drawn = np.random.default_rng(11)
    made = pd.DataFrame(
        {
            "sex": drawn.choice(["female", "male", "дивер", "o'neil; DROP TABLE x"], rows, p=[0.5, 0.4, 0.05, 0.05]),
            "age": drawn.integers(18, 80, rows),
            "income": drawn.normal(2_000, 500, rows).round(2),
            "member": drawn.random(rows) < 0.3,
            "label": drawn.integers(0, 2, rows),
            "prediction": drawn.integers(0, 2, rows),
            "score": drawn.random(rows),
        }
    )
    made.loc[::17, "sex"] = None
    made.loc[::29, "income"] = None
    return made


@dataclass
class Database:
    """A declared database with a schema of the test's own, and a way of changing it with all rights."""

    source: Source
    schema: str
    address: str

    def add(self, rows: pd.DataFrame, name: str = "clients") -> str:
        connection = self.writer()
        connection.create_table(name, rows, database=self.schema, overwrite=True)
        connection.disconnect()
        return f"{self.schema}.{name}"

    def execute(self, *statements: str) -> None:
        connection = self.writer()
        for statement in statements:
            connection.raw_sql(statement.format(schema=self.schema)).close()
        connection.disconnect()

    def writer(self) -> Any:
        return ibis.connect(self.address)


@contextmanager
def house(kind: str, folder: Path) -> Iterator[Database]:
    schema = f"test_{uuid4().hex[:8]}"
    address = POSTGRES if kind == "postgresql" else f"duckdb://{folder / 'house.duckdb'}"
    made = Database(Source("warehouse", kind, address, seconds=60), schema, address)
    made.execute("CREATE SCHEMA {schema}")
    yield made
    made.execute("DROP SCHEMA {schema} CASCADE")


@pytest.fixture(params=["duckdb", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Every kind of database that is read in place."""
    if request.param == "postgresql" and not POSTGRES:
        pytest.skip("PLUMBLINE_TEST_POSTGRES names no database")
    with house(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """One of them: PostgreSQL where there is one."""
    with house("postgresql" if POSTGRES else "duckdb", tmp_path) as made:
        yield made
