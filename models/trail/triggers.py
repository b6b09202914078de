"""The database's own refusal to change the trail, for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

TABLE = "trail_entry"
MESSAGE = "the trail is append-only"

SAME = f"SELECT 1 FROM {TABLE} WHERE id = NEW.id OR (organisation_id = NEW.organisation_id AND sequence = NEW.sequence)"
ABORT = f"SELECT RAISE(ABORT, '{MESSAGE}')"
SQLITE = (
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} BEGIN {ABORT}; END",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} BEGIN {ABORT}; END",
    # INSERT OR REPLACE takes the old row away without asking the delete trigger
    f"CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE} WHEN EXISTS ({SAME}) BEGIN {ABORT}; END",
)
SQLITE_DROP = tuple(f"DROP TRIGGER IF EXISTS {TABLE}_no_{act}" for act in ("update", "delete", "replace"))

REFUSE = f"""
CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
ROWS = f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW"
WHOLE = f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT"
POSTGRESQL = (REFUSE, *(f"{trigger} EXECUTE FUNCTION {TABLE}_refuse()" for trigger in (ROWS, WHOLE)))
POSTGRESQL_DROP = (
    f"DROP TRIGGER IF EXISTS {TABLE}_no_change ON {TABLE}",
    f"DROP TRIGGER IF EXISTS {TABLE}_no_truncate ON {TABLE}",
    f"DROP FUNCTION IF EXISTS {TABLE}_refuse()",
)
STATEMENTS = {"sqlite": (SQLITE, SQLITE_DROP), "postgresql": (POSTGRESQL, POSTGRESQL_DROP)}


def install(connection: Any) -> None:
    """Make the triggers; KeyError on a database that has none of ours, rather than a trail without its guard."""
    run(connection, STATEMENTS[connection.vendor][0])


def remove(connection: Any) -> None:
    run(connection, STATEMENTS[connection.vendor][1])


def run(connection: Any, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
