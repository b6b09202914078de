"""Rows as an older version of the code writes them, made from its models as the migrations remember them."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from governance.rows import LEFT_OUT

_numbers = itertools.count(1_000_000)
OF_OURS = {"rest", "accounts", "trail", "jobs", "webhooks", "registry", "audits", "privacy", "synthetic", "governance"}


def write_everywhere(targets: list[tuple[str, str]]) -> dict[str, int]:
    """Insert one row into each table that there was then; tables that others refer to come first."""
    registry = MigrationExecutor(connection).loader.project_state(targets).apps
    waiting = [model for model in registry.get_models(include_auto_created=True) if is_ours(model)]
    made: dict[str, models.Model] = {}
    with transaction.atomic():
        while waiting:
            model = next(each for each in waiting if parents_of(each) <= made.keys())
            waiting.remove(model)
            made[model._meta.label_lower] = write(model, made)
    return {label: type(row)._base_manager.count() for label, row in made.items()}


def is_ours(model: type[models.Model]) -> bool:
    return model._meta.app_label in OF_OURS and model._meta.label_lower not in LEFT_OUT


def parents_of(model: type[models.Model]) -> set[str]:
    """Tables that a row has to refer to."""
    found = set()
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and not field.null:
            found.add(field.related_model._meta.label_lower)
    return found


def write(model: type[models.Model], made: dict[str, models.Model]) -> models.Model:
    """INSERT with the columns of then and no other."""
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
    row = model(**{field.attname: value_for(field, made) for field in fields})
    returned = model._base_manager.all()._insert(
        [row], fields=fields, using="default", raw=True, returning_fields=[model._meta.pk]
    )
    row.pk = returned[0][0]
    return row


def value_for(field: Any, made: dict[str, models.Model]) -> Any:
    """Something that the column takes and no other row has."""
    if isinstance(field, models.ForeignKey):
        return None if field.null else made[field.related_model._meta.label_lower].pk
    if field.null:
        return None
    if field.has_default() and field.default is not uuid.uuid4:
        return field.get_default()
    if field.choices:
        return field.choices[0][0]
    return next(make(field) for kind, make in MAKERS.items() if isinstance(field, kind))


MAKERS: dict[type[models.Field], Callable[[Any], Any]] = {
    models.UUIDField: lambda field: uuid.uuid4(),
    models.DateTimeField: lambda field: timezone.now(),
    models.DateField: lambda field: timezone.now().date(),
    models.BooleanField: lambda field: False,
    models.JSONField: lambda field: {},
    models.BinaryField: lambda field: b"x",
    models.IntegerField: lambda field: next(_numbers),
    models.FloatField: lambda field: float(next(_numbers)),
    models.EmailField: lambda field: f"{next(_numbers)}@example.org",
    models.CharField: lambda field: str(next(_numbers))[: field.max_length],
    models.TextField: lambda field: str(next(_numbers)),
}
