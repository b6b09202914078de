"""What the service needs around it, each looked at by one function. `manage.py doctor` prints what they find."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlparse

from django.conf import settings

from models.jobs.sandbox import jail, landlock, syscalls

Level = Literal["ok", "weak", "missing"]
DISK = 2 * 1024**3
PANGO = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0")
WAITED = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """weak: it runs, with less protection or room than it should; missing: something will not work."""

    level: Level
    name: str
    message: str


def examine() -> Iterator[Finding]:
    """Every finding in turn; an examination that fails is itself a finding."""
    for look in EXAMINATIONS:
        try:
            yield look()
        except Exception as error:
            yield Finding("missing", look.__name__.replace("_", " "), f"{type(error).__name__}: {error}")


def our_packages() -> Finding:
    import models

    found = Path(models.__file__ or "").resolve()
    if found.parent.parent != settings.BASE_DIR:
        return Finding("missing", "packages", f"another package named models comes first on the path: {found}")
    return Finding("ok", "packages", f"this checkout, {settings.BASE_DIR}, Python {platform.python_version()}")


def sandbox() -> Finding:
    if jail.isolation() == "bubblewrap":
        return Finding("ok", "sandbox", "bubblewrap: no network, a nearly empty file system, no other processes")
    why = "may not create namespaces here" if shutil.which("bwrap") else "is not installed (apt install bubblewrap)"
    libc = ctypes.CDLL(None)
    left = ["limits"]
    left += ["Landlock"] if libc.syscall(landlock.CREATE_RULESET, None, 0, landlock.VERSION_QUERY) > 0 else []
    left += ["a system-call filter"] if platform.machine() in syscalls.MACHINES else []
    return Finding("weak", "sandbox", f"bubblewrap {why}; uploaded files are read under {', '.join(left)} only")


def pango() -> Finding:
    for library in PANGO:
        try:
            ctypes.CDLL(library)
        except OSError:
            return Finding(
                "missing", "pango", f"{library} is not installed; no PDF (apt install libpango-1.0-0 libpangoft2-1.0-0)"
            )
    return Finding("ok", "pango", "there")


def fonts() -> Finding:
    found = list((settings.BASE_DIR / "static" / "fonts").glob("*.woff2"))
    if not found:
        return Finding("missing", "fonts", "static/fonts is empty; reports would use whatever the machine has")
    return Finding("ok", "fonts", f"{len(found)} files")


def database() -> Finding:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding("ok", "database", connection.vendor)


def migrations() -> Finding:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        return Finding("missing", "migrations", f"{len(pending)} to apply: manage.py migrate")
    return Finding("ok", "migrations", "all applied")


def broker() -> Finding:
    from governance.celery import app

    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)
        return Finding("ok", "broker", connection.transport.driver_type)


def queue() -> Finding:
    from django.utils import timezone

    from models.jobs.models import Job, State

    old = Job.unscoped.filter(state=State.QUEUED, created_at__lt=timezone.now() - WAITED).count()
    if old:
        return Finding(
            "weak", "queue", f"{old} jobs wait for over {WAITED.seconds // 60} minutes: is a worker running?"
        )
    return Finding("ok", "queue", "nobody waits for long")


def storage() -> Finding:
    place = urlparse(settings.STORAGE_URL)
    if place.scheme != "file":
        return Finding("ok", "storage", place.scheme)
    folder = Path(place.path)
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(there, os.W_OK):
        return Finding("missing", "storage", f"{folder} may not be written to")
    return Finding("ok", "storage", str(folder))


def disk() -> Finding:
    free = shutil.disk_usage(settings.VAR).free
    level: Level = "weak" if free < DISK else "ok"
    return Finding(level, "disk", f"{free / 1024**3:.1f} GiB free under {settings.VAR}")


def secret_key() -> Finding:
    file = settings.VAR / "secret_key"
    if os.environ.get("SECRET_KEY"):
        return Finding("ok", "secret key", "from the environment")
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        return Finding("weak", "secret key", f"others may read {file}: chmod 600 {file}")
    return Finding("ok", "secret key", f"in {file}")


def exposure() -> Finding:
    local = {"localhost", "127.0.0.1", "[::1]"}
    if settings.DEBUG:
        return Finding("weak", "exposure", "DEBUG is on: error pages show code and settings")
    if not settings.HTTPS and not set(settings.ALLOWED_HOSTS) <= local:
        return Finding(
            "weak", "exposure", "it is served beyond this machine without HTTPS=yes: cookies go in the clear"
        )
    return Finding("ok", "exposure", "this machine only" if not settings.HTTPS else "by HTTPS")


def root() -> Finding:
    if os.geteuid() == 0:
        return Finding("weak", "user", f"{sys.argv[0]} runs as root; a user of its own is safer")
    return Finding("ok", "user", f"uid {os.geteuid()}")


EXAMINATIONS: tuple[Callable[[], Finding], ...] = (
    our_packages, sandbox, pango, fonts, database, migrations, broker, queue, storage, disk, secret_key, exposure, root,
)  # fmt: skip
