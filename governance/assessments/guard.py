"""The database's own refusal to change or delete what was signed, for SQLite and PostgreSQL.

A row goes draft, in review, approved, superseded, and back only from review. What is in review keeps its content; of
what was approved nothing changes but that it is superseded, which job made its PDF, and which key signed that. Accounts
that are deleted may be taken out of it: who they were stands in the snapshot and in the trail.
"""

from __future__ import annotations

from typing import Any

TABLE = "assessments_assessment"
MESSAGE = "what was signed never changes"
IDENTITY = ("id", "organisation_id", "system_id", "number", "created_at")
CONTENT = ("as_of", "summary", "not_assessed", "authors", "snapshot", "sha256", "submitted_at")
SIGNATURE = ("approved_at", "approved_for", "decision", "trail_sequence", "trail_head", "edition")
PEOPLE = ("submitted_by_id", "approved_by_id", "created_by_id")
SIGNED = "OLD.state IN ('approved', 'superseded')"
STEPS = (("draft", "in review"), ("in review", "draft"), ("in review", "approved"), ("approved", "superseded"))
TRIGGERS = ("update", "delete", "replace", "truncate")

REFUSE = f"""
CREATE OR REPLACE FUNCTION assessments_signed_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def install(connection: Any) -> None:
    """Make the triggers; KeyError on a database that has none of ours."""
    make = {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor]
    run(connection, make())


def remove(connection: Any) -> None:
    on = {"sqlite": "", "postgresql": f" ON {TABLE}"}[connection.vendor]
    run(connection, [f"DROP TRIGGER IF EXISTS {TABLE}_signed_no_{act}{on}" for act in TRIGGERS])


def refused(differs: str) -> str:
    """When an update is refused, as SQL; `differs` is the database's word for unequal where NULL equals NULL."""

    def changed(*columns: str) -> str:
        return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)

    steps = " OR ".join(f"(OLD.state = '{one}' AND NEW.state = '{other}')" for one, other in STEPS)
    replaced = " OR ".join(f"(NEW.{name} IS NOT NULL AND NEW.{name} {differs} OLD.{name})" for name in PEOPLE)
    return f"""(
        {changed(*IDENTITY)}
        OR (NEW.state <> OLD.state AND NOT ({steps}))
        OR (OLD.state <> 'draft' AND NEW.state <> 'draft' AND ({changed(*CONTENT)}))
        OR ({SIGNED} AND ({changed(*SIGNATURE)} OR {replaced}))
    )"""


def sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    # INSERT OR REPLACE takes the old row away without asking the delete trigger
    same = f"SELECT 1 FROM {TABLE} WHERE id = NEW.id OR (system_id = NEW.system_id AND number = NEW.number)"
    return [
        f"CREATE TRIGGER {TABLE}_signed_no_update BEFORE UPDATE ON {TABLE} WHEN {refused('IS NOT')} {refuse}",
        f"CREATE TRIGGER {TABLE}_signed_no_delete BEFORE DELETE ON {TABLE} WHEN {SIGNED} {refuse}",
        f"CREATE TRIGGER {TABLE}_signed_no_replace BEFORE INSERT ON {TABLE} WHEN EXISTS ({same}) {refuse}",
    ]


def postgresql() -> list[str]:
    trigger = "CREATE TRIGGER {table}_signed_no_{act} BEFORE {act} ON {table} FOR EACH ROW WHEN ({when})"
    call = "EXECUTE FUNCTION assessments_signed_refuse()"
    conditions = {"update": refused("IS DISTINCT FROM"), "delete": SIGNED}
    made = [f"{trigger.format(table=TABLE, act=act, when=when)} {call}" for act, when in conditions.items()]
    truncate = f"CREATE TRIGGER {TABLE}_signed_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT {call}"
    return [REFUSE, *made, truncate]


def run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
