"""The trail's guard is in the database itself, on both."""

from __future__ import annotations

import pytest

from tests.faults.service import EACH_DATABASE, Service

pytestmark = pytest.mark.parametrize("whole_service", EACH_DATABASE, indirect=True, scope="session")


def test_the_database_refuses_every_change_of_the_trail(service: Service) -> None:
    service.job("quick")
    statements = ["UPDATE trail_entry SET verb = 'x'", "DELETE FROM trail_entry"]
    if "DATABASE_URL" in service.environment:
        statements.append("TRUNCATE trail_entry")
    for statement in statements:
        assert "append-only" in service.call("sql", statement)
    assert service.call("chain") == ""


@pytest.mark.parametrize("statement", ["UPDATE jobs_job SET state = 'running'"])
def test_a_running_job_without_a_lease_cannot_be_written(service: Service, statement: str) -> None:
    service.job("quick")
    assert "a_lease_while_running" in service.call("sql", statement)
