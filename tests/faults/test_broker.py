"""A broker that is killed and comes back with nothing, under a worker that stays."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from tests.faults.service import embedded, own_redis, postgres_url, servers

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
def test_kill_9_of_the_broker_in_mid_job_loses_nothing_and_the_worker_finds_it_again(
    tmp_path: Path, database: str
) -> None:
    postgres = postgres_url()
    if database == "postgresql" and postgres is None:
        pytest.skip("PostgreSQL is not there")
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(own_redis(tmp_path))
        made = (
            servers(tmp_path, postgres, broker.url)
            if database == "postgresql" and postgres
            else embedded(tmp_path, CELERY_BROKER_URL=broker.url)
        )
        service = stack.enter_context(made)
        service.worker()
        running = service.job("wait_for_go")
        running.wait_for_run()
        broker.kill()
        meanwhile = service.job("quick")
        running.go()
        running.wait_for("succeeded")
        broker.start()
        meanwhile.wait_for("succeeded")
        assert [job.row()["attempt"] for job in (running, meanwhile)] == [1, 1]
