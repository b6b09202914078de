"""The database's own refusal to change or delete a version, for SQLite and PostgreSQL."""

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
    named = [(table, act) for table in TABLES for act in ("update", "delete", "replace")]
    run(connection, [f"DROP TRIGGER IF EXISTS {table}_no_{act}{on.format(table=table)}" for table, act in named])


def sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    statements = []
    for table in TABLES:
        statements += [
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} {refuse}" for act in ("update", "delete")
        ]
        # INSERT OR REPLACE takes the old row away without asking the delete trigger
        same = f"SELECT 1 FROM {table} WHERE id = NEW.id"
        statements.append(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({same}) {refuse}")
    return statements


def postgresql() -> list[str]:
    return [
        REFUSE,
        *(
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} FOR EACH ROW "
            "EXECUTE FUNCTION registry_version_refuse()"
            for table in TABLES
            for act in ("update", "delete")
        ),
    ]


def run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
