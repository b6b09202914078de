"""A broker that is killed and comes back with nothing, under a worker that stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.service import embedded, own_redis

pytestmark = pytest.mark.timeout(180)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
def test_kill_9_of_the_broker_in_mid_job_loses_nothing_and_the_worker_finds_it_again(tmp_path: Path) -> None:
    with own_redis(tmp_path) as broker, embedded(tmp_path, CELERY_BROKER_URL=broker.url) as service:
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
