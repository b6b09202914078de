"""The database's own refusal to change the trail and its checkpoints, for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

TABLE, CHECKPOINTS = "trail_entry", "trail_checkpoint"
MESSAGE = "the trail is append-only"
UNIQUE = {TABLE: ("organisation_id", "sequence"), CHECKPOINTS: ("organisation_id", "sequence", "key")}


def sqlite(table: str) -> tuple[str, ...]:
    same = " AND ".join(f"{column} = NEW.{column}" for column in UNIQUE[table])
    there = f"SELECT 1 FROM {table} WHERE id = NEW.id OR ({same})"
    abort = f"SELECT RAISE(ABORT, '{MESSAGE}')"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {abort}; END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {abort}; END",
        # INSERT OR REPLACE takes the old row away without asking the delete trigger
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({there}) BEGIN {abort}; END",
    )


def sqlite_drop(table: str) -> tuple[str, ...]:
    return tuple(f"DROP TRIGGER IF EXISTS {table}_no_{act}" for act in ("update", "delete", "replace"))


def postgresql(table: str) -> tuple[str, ...]:
    refuse = f"""
CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
    rows = f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
    whole = f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
    return (refuse, *(f"{trigger} EXECUTE FUNCTION {table}_refuse()" for trigger in (rows, whole)))


def postgresql_drop(table: str) -> tuple[str, ...]:
    return (
        f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}",
        f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
        f"DROP FUNCTION IF EXISTS {table}_refuse()",
    )


STATEMENTS = {"sqlite": (sqlite, sqlite_drop), "postgresql": (postgresql, postgresql_drop)}


def install(connection: Any, table: str = TABLE) -> None:
    """Make the triggers; KeyError on a database that has none of ours, rather than a trail without its guard."""
    run(connection, STATEMENTS[connection.vendor][0](table))


def remove(connection: Any, table: str = TABLE) -> None:
    run(connection, STATEMENTS[connection.vendor][1](table))


def run(connection: Any, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
