"""Rows that are written once: the model refuses to change or delete one, and so does the database itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from django.apps import apps
from django.db import models

from models.registry.models import Immutable

MESSAGE = "it never changes"
ACTS = ("update", "delete")
REFUSE = f"""
CREATE OR REPLACE FUNCTION governance_frozen_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


class Frozen(models.Model):
    """Base of what is kept as it was written. Its app's migration calls install() for its table."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable(f"a {self._meta.verbose_name} never changes; write another one")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Immutable(f"a {self._meta.verbose_name} is not deleted: what came of it refers to it")


def frozen_tables() -> list[str]:
    """The tables of every model that is Frozen, whichever app it is of."""
    return [model._meta.db_table for model in apps.get_models() if issubclass(model, Frozen)]


def install(connection: Any, tables: Iterable[str] | None = None) -> None:
    """Make the triggers, of all tables unless some are named; KeyError on a database that has none of ours."""
    make = {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor]
    run(connection, [statement for table in named(tables) for statement in make(table)])


def remove(connection: Any, tables: Iterable[str] | None = None) -> None:
    on = {"sqlite": "", "postgresql": " ON {table}"}[connection.vendor]
    acts = (*ACTS, "replace")
    run(
        connection,
        [f"DROP TRIGGER IF EXISTS {table}_no_{act}{on.format(table=table)}" for table in named(tables) for act in acts],
    )


def named(tables: Iterable[str] | None) -> list[str]:
    return frozen_tables() if tables is None else list(tables)


def sqlite(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    statements = [f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} {refuse}" for act in ACTS]
    # INSERT OR REPLACE takes the old row away without asking the delete trigger
    same = f"SELECT 1 FROM {table} WHERE id = NEW.id"
    return [*statements, f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({same}) {refuse}"]


def postgresql(table: str) -> list[str]:
    trigger = "CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} FOR EACH ROW"
    made = [f"{trigger.format(table=table, act=act)} EXECUTE FUNCTION governance_frozen_refuse()" for act in ACTS]
    return [REFUSE, *made]


def run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
