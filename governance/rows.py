"""Rows of the database as lines of JSON, the same from SQLite and PostgreSQL, and back."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import JSONField, Value

# made anew by migrate, or worth nothing after a restart
LEFT_OUT = {
    "contenttypes.contenttype",
    "auth.permission",
    "auth.group",
    "auth.group_permissions",
    "sessions.session",
    "jobs.worker",
    "jobs.beat",
    "jobs.periodic",
    "rest.spent",
}
# allauth's, there only where an identity provider is set; nothing is ever written into them
EMPTY_APPS = {"account", "socialaccount"}
HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
AT_ONCE = 500


def kept_models(registry: Any = apps) -> list[type[models.Model]]:
    """Every table of ours, those of many-to-many fields included; `registry` may be a migration's."""
    found = registry.get_models(include_auto_created=True)
    ours = [model for model in found if model._meta.managed and model._meta.app_label not in EMPTY_APPS]
    return [model for model in ours if model._meta.label_lower not in LEFT_OUT]


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read within is from one moment, while others go on writing; nobody waits for us."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with transaction.atomic():
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield
            return
        # a transaction that begins by reading; Django's own would begin by locking out whoever writes
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def lines_of(model: type[models.Model]) -> Iterator[str]:
    """One line for each row, in the order of the primary key: the values of the table's columns."""
    names = [field.attname for field in model._meta.concrete_fields]
    rows = model._base_manager.order_by("pk").values_list(*names)
    for row in rows.iterator(chunk_size=2000):
        yield json.dumps([plain(value) for value in row], ensure_ascii=False, separators=(",", ":"))


def plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    return value


def hashes_in(line: str) -> set[str]:
    """What a row may call a stored file: every SHA-256 in it, in whatever column or JSON."""
    return set(HASH.findall(line))


def insert(model: type[models.Model], names: list[str], lines: Iterator[str]) -> int:
    """Write rows as they were, past save() and its defaults; how many."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    batch: list[models.Model] = []
    count = 0
    for line in lines:
        batch.append(model(**{f.attname: value_of(f, v) for f, v in zip(fields, json.loads(line), strict=True)}))
        count += 1
        if len(batch) == AT_ONCE:
            write(model, fields, batch)
            batch = []
    write(model, fields, batch)
    return count


def write(model: type[models.Model], fields: list[Any], batch: list[models.Model]) -> None:
    if not batch:
        return
    most = connection.ops.bulk_batch_size(fields, batch) or len(batch)
    for start in range(0, len(batch), most):
        rows: Any = model._base_manager.all()
        rows._insert(batch[start : start + most], fields=fields, using="default", raw=True)


def value_of(field: Any, value: Any) -> Any:
    """As the field has it in Python. A JSON null in a column that takes no NULL has to stay a JSON null."""
    if value is None:
        return Value(None, JSONField()) if isinstance(field, JSONField) and not field.null else None
    return field.to_python(value) if not isinstance(field, JSONField) else value
