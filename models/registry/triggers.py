"""The database's own refusal to change a version, for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

TABLES = ("registry_modelversion", "registry_datasetversion")
MESSAGE = "a version never changes"

REFUSE = f"""
CREATE OR REPLACE FUNCTION registry_version_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def install(connection: Any) -> None:
    """Make the triggers; KeyError on a database that has none of ours."""
    run(connection, {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor]())


def remove(connection: Any) -> None:
    on = {"sqlite": "", "postgresql": " ON {table}"}[connection.vendor]
    run(connection, [f"DROP TRIGGER IF EXISTS {table}_no_update{on.format(table=table)}" for table in TABLES])


def sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        for table in TABLES
    ]


def postgresql() -> list[str]:
    return [
        REFUSE,
        *(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW "
            "EXECUTE FUNCTION registry_version_refuse()"
            for table in TABLES
        ),
    ]


def run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
