"""A version and the one before it run on the same database side by side (docs/upgrading.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from tests.faults.service import Service, environment, postgres_url, servers
from tests.governance.former import OF_OURS

pytestmark = pytest.mark.timeout(240)

# The last migrations of the version before this one; a release moves them on.
PREVIOUS = [
    ["accounts", "0002_sign_in_failures"],
    ["trail", "0002_append_only"],
    ["jobs", "0001_initial"],
    ["registry", "0002_versions_never_change"],
    ["audits", "0001_initial"],
]
HARMLESS = (
    operations.CreateModel,
    operations.AddIndex,
    operations.RemoveIndex,
    operations.RenameIndex,
    operations.RunPython,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
)


def later() -> Iterator[tuple[str, Any, ProjectState]]:
    """Every operation of a migration after the previous version, with the state before it."""
    loader = MigrationExecutor(connection).loader
    old = {key for target in PREVIOUS for key in loader.graph.forwards_plan((target[0], target[1]))}
    plan: list[tuple[str, str]] = []
    for leaf in loader.graph.leaf_nodes():
        plan += [key for key in loader.graph.forwards_plan(leaf) if key not in plan]
    for key in plan:
        migration = loader.graph.nodes[key]
        state = loader.project_state(key, at_end=False)
        for operation in migration.operations:
            if key not in old and key[0] in OF_OURS:
                yield f"{key[0]}.{key[1]}", operation, state
            operation.state_forwards(key[0], state)


def is_new(app: str, name: str) -> bool:
    """Whether the previous version knows nothing of that table."""
    if not name:
        return False
    before = MigrationExecutor(connection).loader.project_state([(a, n) for a, n in PREVIOUS])
    return (app, name.lower()) not in before.models


def complaint(name: str, operation: Any, state: ProjectState) -> str:
    """Why code of the version before could not go on after it, or nothing."""
    app = name.partition(".")[0]
    if isinstance(operation, operations.SeparateDatabaseAndState):
        inner = [complaint(name, each, state) for each in operation.database_operations]
        return next((each for each in inner if each), "")
    if isinstance(operation, HARMLESS) or is_new(app, getattr(operation, "model_name", "")):
        return ""
    if isinstance(operation, operations.AddField):
        return "" if is_optional(operation.field) else "a new column that the code before does not fill"
    if isinstance(operation, operations.AlterField):
        was = state.models[app, operation.model_name_lower].fields[operation.name]
        return "" if is_wider(was, operation.field) else "a column takes less than before"
    return f"{type(operation).__name__} takes away or forbids what the code before uses"


def is_optional(field: Any) -> bool:
    return field.null or field.has_db_default() or field.many_to_many


def is_wider(was: Any, now: Any) -> bool:
    same_kind = type(was) is type(now) and (now.null or not was.null) and (was.unique or not now.unique)
    return same_kind and (now.max_length is None or (was.max_length or 0) <= now.max_length)


@pytest.mark.django_db
def test_no_migration_takes_away_what_the_version_before_uses() -> None:
    found = list(later())
    assert found, "PREVIOUS is this version"
    assert [
        (name, str(operation), why) for name, operation, state in found if (why := complaint(name, operation, state))
    ] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("operation", "why"), [
    (operations.AddField("Job", "must", models.IntegerField()), "does not fill"),
    (operations.AddField("Job", "may", models.IntegerField(null=True)), ""),
    (operations.AddField("Job", "has", models.IntegerField(db_default=0)), ""),
    (operations.AddField("Job", "has", models.IntegerField(default=0)), "does not fill"),
    (operations.RemoveField("Job", "log"), "RemoveField"),
    (operations.RenameField("Job", "log", "lines"), "RenameField"),
    (operations.DeleteModel("Job"), "DeleteModel"),
    (operations.RenameModel("Job", "Work"), "RenameModel"),
    (operations.AlterField("Job", "title", models.CharField(max_length=100)), "takes less"),
    (operations.AlterField("Job", "title", models.CharField(max_length=300)), ""),
    (operations.AlterField("Job", "started_at", models.DateTimeField()), "takes less"),
    (operations.AddConstraint("Job", models.UniqueConstraint(fields=["kind"], name="x")), "AddConstraint"),
])  # fmt: skip
def test_the_rule_sees_what_it_should(operation: Any, why: str) -> None:
    state = MigrationExecutor(connection).loader.project_state()
    found = complaint("jobs.9999_x", operation, state)
    assert (why in found) if why else found == ""


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A database as the previous version left it."""
    if request.param == "sqlite":
        service = Service(tmp_path, environment(tmp_path))
        service.call("migrate_to", PREVIOUS)
        yield service
        service.close()
        return
    postgres = postgres_url()
    if postgres is None:
        pytest.skip("PLUMBLINE_TEST_POSTGRES names no service")
    with servers(tmp_path, postgres, "filesystem://", migrate=False) as service:
        service.call("migrate_to", PREVIOUS)
        yield service


def test_the_code_before_still_writes_its_rows_after_the_upgrade(before: Service) -> None:
    first = before.call("write_as_of", PREVIOUS)
    assert first["jobs.job"] == first["registry.modelversion"] == first["audits.audit"] == 1
    before.call("migrate_to", [])
    then = before.call("write_as_of", PREVIOUS)
    assert then == {label: count + 1 for label, count in first.items()}
