"""Tables where they lie: read, described and fingerprinted in one transaction that can change nothing."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest

from models.errors import InputError
from models.registry.intake.limits import DataLimits
from models.registry.intake.profile import profile
from models.registry.intake.read import open_table
from models.registry.references.database import opened, write_parquet
from models.registry.references.declared import Reference, Source, SourceError
from models.registry.references.profile import profile_in_database
from tests.databases import Database, frame


def identity(engine: Database, name: str, **more: Any) -> str:
    with opened(engine.source, Reference("warehouse", name), **more) as table:
        return table.sha256()


def refused(engine: Database, name: str, **more: Any) -> str:
    with pytest.raises(InputError) as told, opened(engine.source, Reference("warehouse", name), **more):
        raise AssertionError("it was opened")
    return str(told.value)


def test_a_table_is_known_by_its_columns_and_values_whatever_the_order_of_its_rows(engine: Database) -> None:
    rows = frame()
    name = engine.add(rows)
    known = identity(engine, name)
    assert known == identity(engine, name)
    assert known == identity(engine, engine.add(rows.sample(frac=1, random_state=1), "shuffled"))
    engine.execute("CREATE VIEW {schema}.seen AS SELECT * FROM {schema}.clients")
    assert known == identity(engine, f"{engine.schema}.seen")


CHANGES = {
    "a value": "UPDATE {schema}.clients SET age = age + 1 WHERE score = (SELECT min(score) FROM {schema}.clients)",
    "a missing value": "UPDATE {schema}.clients SET sex = '' WHERE sex IS NULL",
    "a digit of a score": "UPDATE {schema}.clients SET score = score + 1e-12 WHERE age = 40",
    "a row gone": "DELETE FROM {schema}.clients WHERE score = (SELECT max(score) FROM {schema}.clients)",
    "a row twice": "INSERT INTO {schema}.clients SELECT * FROM {schema}.clients ORDER BY score LIMIT 1",
    "a column's name": "ALTER TABLE {schema}.clients RENAME COLUMN age TO years",
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_is_another_identity(engine: Database, what: str) -> None:
    name = engine.add(frame(500))
    before = identity(engine, name)
    engine.execute(CHANGES[what])
    assert identity(engine, name) != before


def test_values_that_read_alike_when_joined_are_told_apart(engine: Database) -> None:
    one = pd.DataFrame({"a": ["x;1:y", "N"], "b": ["z", None]})
    two = pd.DataFrame({"a": ["x", None], "b": ["1:y;z", "N"]})
    assert identity(engine, engine.add(one, "one")) != identity(engine, engine.add(two, "two"))


def test_as_many_columns_as_a_table_may_have(engine: Database) -> None:
    wide = pd.DataFrame({f"column {i}": [i, i + 1] for i in range(400)})
    assert len(identity(engine, engine.add(wide))) == 64


def test_the_profile_is_that_of_the_same_rows_in_a_file(engine: Database, tmp_path: Any) -> None:
    rows = frame()
    rows.to_parquet(tmp_path / "rows.parquet", index=False)
    of_file = profile(open_table(tmp_path / "rows.parquet"))
    with opened(engine.source, Reference("warehouse", engine.add(rows))) as table:
        found = profile_in_database(table, lambda share, sentence: None)
    assert (found.kind, found.rows) == (engine.source.kind, 2_000)
    for here, there in zip(found.columns, of_file.columns, strict=True):
        same = ("name", "kind", "role", "missing", "distinct", "infinite", "values", "numbers_in_text")
        assert {each: getattr(here, each) for each in same} == {each: getattr(there, each) for each in same}
        assert here.quantiles == pytest.approx(there.quantiles)
        if here.kind in ("number", "integer"):
            assert (here.low, here.high) == (there.low, there.high)
    assert type(found).from_json(found.to_json()) == found


def test_the_asked_columns_come_as_a_file_in_an_order_of_their_own(engine: Database, tmp_path: Any) -> None:
    rows = frame()
    for number, each in enumerate((rows, rows.sample(frac=1, random_state=4))):
        with opened(engine.source, Reference("warehouse", engine.add(each))) as table:
            write_parquet(table, ["age", "score"], tmp_path / f"{number}.parquet", 1 << 20)
    first, second = (pyarrow.parquet.read_table(tmp_path / f"{number}.parquet") for number in range(2))
    assert first.equals(second)
    assert sorted(first["score"].to_pylist()) == sorted(rows["score"])
    with (
        pytest.raises(InputError, match="more than 100 bytes"),
        opened(engine.source, Reference("warehouse", engine.add(rows))) as table,
    ):
        write_parquet(table, ["age", "score"], tmp_path / "large.parquet", 100)


def test_what_is_not_there_is_told_without_telling_what_is(engine: Database) -> None:
    engine.add(frame(50))
    for name in (f"{engine.schema}.nowhere", "nowhere.clients", f"{engine.schema}.clients; DROP TABLE x", 'a."b'):
        assert "no table" in refused(engine, name)
    for name in ("clients", "", ".", "x." + "y" * 1_000, f"{engine.schema}."):
        assert "schema.table" in refused(engine, name)
    for name in ("pg_catalog.pg_authid", "information_schema.tables", "PG_CATALOG.pg_class"):
        assert "no table" in refused(engine, name)


def test_only_declared_schemas_are_open(engine: Database) -> None:
    name = engine.add(frame(50))
    elsewhere = dataclasses.replace(engine.source, schemas=frozenset({"scoring"}))
    with pytest.raises(InputError, match="no table"), opened(elsewhere, Reference("warehouse", name)):
        raise AssertionError("it was opened")
    here = dataclasses.replace(engine.source, schemas=frozenset({engine.schema}))
    with opened(here, Reference("warehouse", name)) as table:
        assert table.rows == 50


def test_tables_beyond_the_limits_are_refused(engine: Database) -> None:
    name = engine.add(frame(50))
    assert "at most 10 are taken" in refused(engine, name, limits=DataLimits(rows=10))
    assert "at most 3 are taken" in refused(engine, name, limits=DataLimits(columns=3))
    engine.execute("DELETE FROM {schema}.clients")
    assert "has no rows" in refused(engine, name)
    engine.execute('CREATE TABLE {schema}.odd AS SELECT 1 AS "Sex", 2 AS "sex ", ARRAY[1] AS list')
    assert "'list' holds" in refused(engine, f"{engine.schema}.odd")


def test_reading_changes_nothing_even_where_a_view_would(engine: Database) -> None:
    name = engine.add(frame(50))
    before = identity(engine, name)
    with (
        pytest.raises((InputError, SourceError)),
        opened(engine.source, Reference("warehouse", name)) as table,
    ):
        table.expression.get_backend().raw_sql(f"DELETE FROM {name}")
    if engine.source.kind == "postgresql":
        engine.execute(
            "CREATE FUNCTION {schema}.take() RETURNS int LANGUAGE plpgsql AS "
            "$$ BEGIN DELETE FROM {schema}.clients; RETURN 1; END $$",
            "CREATE VIEW {schema}.trap AS SELECT {schema}.take() AS a",
        )
        assert "may not be read" in refused(engine, f"{engine.schema}.trap")
    assert identity(engine, name) == before


def test_a_statement_that_takes_too_long_or_is_cancelled_ends(engine: Database) -> None:
    if engine.source.kind != "postgresql":
        pytest.skip("DuckDB has no pause to wait for")
    engine.execute("CREATE VIEW {schema}.slow AS SELECT a FROM (SELECT 1 AS a, pg_sleep(60)) AS x WHERE a > 0 OFFSET 0")
    quick = dataclasses.replace(engine, source=dataclasses.replace(engine.source, seconds=1))
    assert "longer than 1 seconds" in refused(quick, f"{engine.schema}.slow")
    started = time.monotonic()
    with (
        pytest.raises(InputError),
        opened(engine.source, Reference("warehouse", f"{engine.schema}.slow"), cancelled=lambda: True),
    ):
        raise AssertionError("it was opened")
    assert time.monotonic() - started < 30


def test_a_database_that_is_away_is_told_without_its_address() -> None:
    away = Source("warehouse", "postgresql", "postgres://someone:secret@127.0.0.1:1/nothing")
    with pytest.raises(SourceError, match="cannot be read now") as told, opened(away, Reference("warehouse", "a.b")):
        raise AssertionError("it was opened")
    assert "secret" not in str(told.value) + repr(away)
    assert "127.0.0.1" not in str(told.value)
