"""Every test of faults runs on the embedded default, and on PostgreSQL with Redis and with RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults import service as services
from tests.faults.service import Service


@pytest.fixture(scope="session", params=["embedded", "redis", "rabbitmq"])
def whole_service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp(f"faults-{request.param}")
    if request.param == "embedded":
        with services.embedded(folder) as service:
            yield service
        return
    postgres = services.postgres_url()
    broker = services.redis_url() if request.param == "redis" else services.rabbitmq_url()
    if postgres is None or broker is None:
        pytest.skip(f"PLUMBLINE_TEST_POSTGRES and PLUMBLINE_TEST_{request.param.upper()} name no services")
    with services.servers(folder, postgres, broker) as service:
        yield service


@pytest.fixture
def service(whole_service: Service) -> Iterator[Service]:
    """The session's service with no worker running before and after."""
    whole_service.kill_workers()
    yield whole_service
    whole_service.kill_workers()


@pytest.fixture
def at_work(whole_service: Service) -> Service:
    """The session's service with a worker that may be kept for the next test."""
    if not whole_service.workers:
        whole_service.worker()
    return whole_service
