"""One temporary home for whatever the service under test stores, and a database file that threads can share."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Small tables: a second thread of a numeric library only waits for the first, on a core that another test could use.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
pytest_plugins = ["tests.s3", "tests.databases"]


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings
    from django.core.servers.basehttp import WSGIRequestHandler
    from django.db import connections

    # else each answer of a live server waits 40 ms for the other side to acknowledge its headers
    WSGIRequestHandler.disable_nagle_algorithm = True
    hear_signals_in_children()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # some two hundred processes would each compile all of the code

    home = tempfile.TemporaryDirectory(prefix="plumbline-tests-")
    config.add_cleanup(home.cleanup)
    folder = Path(home.name)
    settings.VAR = folder
    settings.STORAGE_URL = f"file://{folder / 'blobs'}"
    settings.TRAIL_KEY_FILE, settings.TRAIL_CHECKPOINTS_FILE = str(folder / "trail_key"), str(folder / "trail.jsonl")
    settings.JOB_WORK_FOLDER = folder / "work"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = broker_folders(folder / "broker")
    connections.databases["default"]["TEST"]["NAME"] = str(folder / "test.sqlite3")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.sharing import Sharing

    return Sharing(config, log)


def hear_signals_in_children() -> None:
    """What nohup or a shell's & made this process ignore, every process that it starts would ignore too; a handler that
    does nothing is not inherited."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def broker_folders(folder: Path) -> dict[str, Any]:
    for name in ("messages", "control"):
        (folder / name).mkdir(parents=True)
    messages = str(folder / "messages")
    return {"data_folder_in": messages, "data_folder_out": messages, "control_folder": str(folder / "control")}


@pytest.fixture(autouse=True, scope="session")
def emptying_the_database_lifts_the_trails_guard() -> Iterator[None]:
    """Django empties every table after a transactional test; the triggers of what never changes would refuse that."""
    from django.db import connection
    from django.test import TransactionTestCase

    from governance.assessments import guard as signed
    from governance.systems import frozen
    from models.registry import triggers as versions
    from models.trail import triggers as trail

    empty = TransactionTestCase._fixture_teardown

    def with_guard_lifted(self: Any) -> None:
        for guard in (trail, versions, frozen, signed):
            guard.remove(connection)
        trail.remove(connection, trail.CHECKPOINTS)
        try:
            empty(self)
        finally:
            for guard in (trail, versions, frozen, signed):
                guard.install(connection)
            trail.install(connection, trail.CHECKPOINTS)

    TransactionTestCase._fixture_teardown = with_guard_lifted
    yield
    TransactionTestCase._fixture_teardown = empty


@pytest.fixture
def at_once() -> Iterator[None]:
    """A worker that is always there: what is rung for is done, by the way a worker takes, before the ring returns. The
    test needs a database with real transactions."""
    from governance.celery import app

    before, app.conf.task_always_eager = app.conf.task_always_eager, True
    yield
    app.conf.task_always_eager = before
