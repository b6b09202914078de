"""A service of its own for the tests of faults: a database, a broker, real worker processes."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.jobs.sandbox import processes

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "plumbline.sqlite3"
SHORT = {"JOB_LEASE_SECONDS": "3", "JOB_REAP_SECONDS": "1", "JOB_RING_AGAIN_SECONDS": "2", "JOB_GRACE_SECONDS": "2"}
EACH_DATABASE = ["embedded", "redis"]  # of conftest.py's services, where the broker has no part in what is tested
SOON = 40.0  # seconds: far more than anything here takes on an idle machine


def postgres_url() -> str | None:
    """A database from which others may be created."""
    url = os.environ.get("PLUMBLINE_TEST_POSTGRES") or os.environ.get("DATABASE_URL", "")
    return url if url.startswith("postgres") else None


def redis_url() -> str | None:
    url = os.environ.get("PLUMBLINE_TEST_REDIS") or os.environ.get("CELERY_BROKER_URL", "")
    return url if url.startswith("redis") else None


def rabbitmq_url() -> str | None:
    url = os.environ.get("PLUMBLINE_TEST_RABBITMQ") or os.environ.get("CELERY_BROKER_URL", "")
    return url if url.startswith("amqp") else None


@dataclass
class Service:
    """Environment, a console that stands for the web process, and the workers started so far."""

    folder: Path
    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _console: subprocess.Popen[str] | None = None

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, check=True)

    def call(self, name: str, *arguments: Any) -> Any:
        console = self._console or self.open_console()
        assert console.stdin is not None
        assert console.stdout is not None
        console.stdin.write(json.dumps([name, arguments]) + "\n")
        console.stdin.flush()
        answer = json.loads(console.stdout.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["answer"]

    def open_console(self) -> subprocess.Popen[str]:
        self._console = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.console"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._console

    def close(self) -> None:
        self.kill_workers()
        if self._console is not None:
            self._console.communicate()

    def job(self, kind: str, **options: Any) -> RunningJob:
        folder = self.folder / f"{kind}-{uuid.uuid4().hex[:8]}"
        folder.mkdir()
        return RunningJob(self, self.call("submit", kind, str(folder), options), folder)

    def worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(process)
        return process

    def kill_workers(self) -> None:
        """kill -9 of every process of every worker, as a power cut would."""
        for worker in self.workers:
            for process in [*processes.members(worker.pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            worker.wait()
        self.workers.clear()

    def log(self) -> str:
        return (self.folder / "workers.log").read_text()


@dataclass
class RunningJob:
    service: Service
    id: str
    folder: Path

    def row(self) -> dict[str, Any]:
        return self.service.call("look", self.id)

    def runs(self) -> list[tuple[int, int]]:
        """(attempt, process) of every attempt that began."""
        runs = self.folder / "runs"
        lines = runs.read_text().splitlines() if runs.exists() else []
        return [(int(a), int(b)) for a, b in (line.split() for line in lines)]

    def go(self) -> None:
        (self.folder / "go").touch()

    def wait_for_run(self, number: int = 1) -> int:
        """The process of the attempt with this place in the list."""
        wait_until(lambda: len(self.runs()) >= number, f"run {number} of {self.row()}")
        return self.runs()[number - 1][1]

    def wait_for(self, state: str, seconds: float = SOON) -> dict[str, Any]:
        wait_until(lambda: self.row()["state"] == state, f"{state}: {self.row()}", seconds)
        return self.row()

    def verbs(self) -> list[str]:
        return self.service.call("verbs", self.id)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = SOON) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.05)


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PLUMBLINE_SANDBOX") if name in os.environ}
    return {
        **kept,
        **SHORT,
        **more,
        "PLUMBLINE_VAR": str(folder / "var"),
        "PLUMBLINE_EXTRA_APPS": "tests.faults.kinds",
        "DJANGO_SETTINGS_MODULE": "governance.settings",
        "PYTHONPATH": str(ROOT),
    }


@functools.cache
def migrated_file() -> Path:
    """SQLite's database as `migrate` leaves it, made once for each process of tests: every installation gets a copy."""
    folder = tempfile.TemporaryDirectory(prefix="plumbline-migrated-")
    atexit.register(folder.cleanup)
    made = Service(Path(folder.name), environment(Path(folder.name)))
    made.manage("migrate", "-v0")
    return made.folder / "var" / DATABASE


@functools.cache
def migrated_database(postgres: str) -> str:
    """The same on PostgreSQL: the name of a database that others are made after."""
    name = f"plumbline_migrated_{uuid.uuid4().hex[:10]}"
    on_server(postgres, f"CREATE DATABASE {name}")
    atexit.register(on_server, postgres, f"DROP DATABASE {name} WITH (FORCE)")
    with tempfile.TemporaryDirectory(prefix="plumbline-migrated-") as folder:
        place = environment(Path(folder), DATABASE_URL=beside(postgres, name))
        Service(Path(folder), place).manage("migrate", "-v0")
    return name


def on_server(postgres: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(statement)


def beside(postgres: str, name: str) -> str:
    """The address of another database on the same server."""
    return postgres.rpartition("/")[0] + "/" + name


@contextlib.contextmanager
def embedded(folder: Path, **more: str) -> Iterator[Service]:
    """SQLite and the filesystem broker, as by default."""
    service = Service(folder, environment(folder, **more))
    (folder / "var").mkdir()
    shutil.copyfile(migrated_file(), folder / "var" / DATABASE)
    try:
        yield service
    finally:
        service.close()


@contextlib.contextmanager
def servers(folder: Path, postgres: str, broker: str, *, migrate: bool = True) -> Iterator[Service]:
    """A throw-away database on PostgreSQL, and queues of its own on Redis or RabbitMQ."""
    name = f"plumbline_faults_{uuid.uuid4().hex[:10]}"
    like = f" TEMPLATE {migrated_database(postgres)}" if migrate else ""
    on_server(postgres, f"CREATE DATABASE {name}{like}")
    url = beside(postgres, name)
    service = Service(folder, environment(folder, DATABASE_URL=url, CELERY_BROKER_URL=broker, CELERY_QUEUE=name))
    try:
        yield service
    finally:
        service.close()
        empty_broker(service, for_good=True)
        on_server(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def waiting_messages(service: Service) -> int:
    """How many rings the broker holds that nobody took."""
    url = service.environment.get("CELERY_BROKER_URL", "")
    if url.startswith("redis"):
        return sum(redis_client(service).llen(queue) for queue in queues(service))
    if url.startswith("amqp"):
        return sum(asked(service, queue, "queue_declare", passive=True) for queue in queues(service))
    return len(list(message_folder(service).glob("*.msg")))


def empty_broker(service: Service, *, for_good: bool = False) -> None:
    """What a broker that restarts without its memory has lost: every message."""
    url = service.environment.get("CELERY_BROKER_URL", "")
    if url.startswith("redis"):
        redis_client(service).delete(*queues(service))
    elif url.startswith("amqp"):
        for queue in queues(service):
            asked(service, queue, "queue_delete" if for_good else "queue_purge")
    for message in message_folder(service).glob("*.msg"):
        message.unlink(missing_ok=True)


def queues(service: Service) -> list[str]:
    return [f"{service.environment['CELERY_QUEUE']}.{name}" for name in ("light", "heavy", "gpu")]


def asked(service: Service, queue: str, what: str, **more: Any) -> int:
    """One question to RabbitMQ about a queue; a queue that is not there holds nothing."""
    from amqp.exceptions import NotFound
    from kombu import Connection

    with Connection(service.environment["CELERY_BROKER_URL"]) as connection:
        try:
            answer = getattr(connection.default_channel, what)(queue, **more)
        except NotFound:
            return 0
        return answer.message_count if what == "queue_declare" else 0


def redis_client(service: Service) -> Any:
    import redis

    return redis.Redis.from_url(service.environment["CELERY_BROKER_URL"])


def message_folder(service: Service) -> Path:
    return service.folder / "var" / "broker" / "messages"


@contextlib.contextmanager
def broken_broker(service: Service) -> Iterator[Service]:
    """The same service as a web process sees it whose broker is down."""
    environment = dict(service.environment)
    if "CELERY_BROKER_URL" in environment:
        scheme = environment["CELERY_BROKER_URL"].partition(":")[0]
        environment["CELERY_BROKER_URL"] = f"{scheme}://127.0.0.1:1/0"
    else:
        environment["BROKER_FOLDER"] = str(service.folder / "no-broker")
    web = Service(service.folder, environment)
    try:
        web.call("chain")
        shutil.rmtree(service.folder / "no-broker", ignore_errors=True)
        yield web
    finally:
        web.close()


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    """A Redis that nobody else uses, so that it may be killed."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = OwnRedis(folder, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@dataclass
class OwnRedis:
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        wait_until(self.answers, "Redis to start")

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
