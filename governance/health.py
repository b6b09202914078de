"""What the service needs around it, each looked at by one function. `manage.py doctor` prints what they find."""

from __future__ import annotations

import ctypes
import io
import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from django.conf import settings

from governance import environment
from governance.logs import without_secrets
from models.jobs.sandbox import jail, landlock, syscalls

Level = Literal["ok", "weak", "missing"]
DISK = 2 * 1024**3
PANGO = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0")
# what the rest goes on without, and how
HELPERS = {
    "libgomp.so.1": "LightGBM models cannot be read (apt install libgomp1)",
    "libharfbuzz-subset.so.0": "a slower library cuts the fonts of a report (apt install libharfbuzz-subset0)",
}
WAITED = timedelta(minutes=2)
APART = timedelta(seconds=5)
JULIAN_1970 = 2440587.5
SECRET = ("SECRET", "TOKEN", "PASSWORD")


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
        if not loads(library):
            return Finding(
                "missing", "pango", f"{library} is not installed; no PDF (apt install libpango-1.0-0 libpangoft2-1.0-0)"
            )
    return Finding("ok", "pango", "there")


def libraries() -> Finding:
    """Those of the system that pip cannot bring; Pango is looked at by itself, and bubblewrap is the sandbox."""
    without = [f"{library} is not installed; {what}" for library, what in HELPERS.items() if not loads(library)]
    return Finding("weak" if without else "ok", "libraries", "; ".join(without) or ", ".join(HELPERS))


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


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


def clock() -> Finding:
    """Leases go by the database's clock, the trail and people's eyes by this machine's: the two should agree.

    A clock that was set back is betrayed by entries of the trail that lie in the future.
    """
    from django.db import connection
    from django.utils import timezone

    from models.trail.models import Entry

    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()" if connection.vendor == "postgresql" else "SELECT julianday('now')")
        told = cursor.fetchone()[0]
    if connection.vendor != "postgresql":
        told = datetime.fromtimestamp((told - JULIAN_1970) * 86400, UTC)
    apart = abs((told - before).total_seconds())
    last = Entry.unscoped.order_by("-at").values_list("at", flat=True).first()
    if last is not None and last > before + APART:
        ahead = (last - before).total_seconds()
        return Finding(
            "weak", "clock", f"the trail's last entry is {ahead:.0f} s in the future: the clock was set back"
        )
    if apart > APART.total_seconds():
        return Finding("weak", "clock", f"{apart:.0f} s apart from the database's: set both by NTP")
    return Finding("ok", "clock", f"{before:%Y-%m-%d %H:%M:%S} UTC, {apart:.1f} s apart from the database's")


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


def workers() -> Finding:
    from models.jobs.alive import workers as alive
    from models.jobs.models import Job, Queue, State

    heard = list(alive())
    if not heard:
        return Finding("weak", "workers", "none was heard of lately: manage.py worker (serve starts one)")
    taken = {queue for worker in heard for queue in worker.queues}
    waiting = set(Job.unscoped.filter(state=State.QUEUED).values_list("queue", flat=True).distinct())
    if nobody := sorted(waiting - taken):
        return Finding("weak", "workers", f"jobs wait that no worker takes: --queues {','.join(nobody)}")
    queues = ", ".join(queue for queue in Queue.values if queue in taken)
    return Finding("ok", "workers", f"{len(heard)} alive, for {queues}")


def beat() -> Finding:
    from django.db.models.functions import Now

    from models.jobs.models import Beat, Periodic

    held = Beat.objects.filter(until__gt=Now()).first()
    if held is None:
        return Finding("weak", "beat", "none is alive: no webhook is delivered, nothing is pruned (manage.py beat)")
    failing = list(Periodic.objects.exclude(error="").values_list("name", "error"))
    if failing:
        return Finding("weak", "beat", f"{held.holder}; {failing[0][0]} failed: {failing[0][1]}")
    return Finding("ok", "beat", held.holder)


def reachable_storage() -> Finding:
    """Asked often (/readyz), so nothing is written."""
    from models.registry.storage import store

    store().check()
    return Finding("ok", "storage", without_secrets(settings.STORAGE_URL))


def storage() -> Finding:
    """Write, read and delete a file, as the service does."""
    from models.registry.storage import store

    content = os.urandom(64)
    sha256 = store().put(io.BytesIO(content), len(content))
    try:
        same = store().path(sha256).read_bytes() == content
    finally:
        store().remove(sha256)
    shown = without_secrets(settings.STORAGE_URL)
    if not same:
        return Finding("missing", "storage", f"{shown} gives back other bytes than were stored")
    return Finding("ok", "storage", f"{shown}: written, read and deleted")


def room() -> Finding:
    """How much is taken by what."""
    from governance.usage import on_this_machine, readable, registered

    uses = (*registered(), *on_this_machine())
    return Finding("ok", "room", ", ".join(f"{use.what} {readable(use.bytes)}" for use in uses))


def disk() -> Finding:
    """Where the service writes: its own folder, with what people just sent, and the stored files."""
    from governance.usage import folder_of_files, readable

    places = {place.stat().st_dev: place for place in (folder_of_files(), settings.VAR) if place}
    free = {place: shutil.disk_usage(place).free for place in places.values()}
    least, told = min(free.values()), ", ".join(f"{readable(size)} free under {place}" for place, size in free.items())
    if least < settings.DISK_RESERVE_BYTES:
        reserve = readable(settings.DISK_RESERVE_BYTES)
        return Finding("missing", "disk", f"{told}: files are refused where less than {reserve} would be left")
    return Finding("weak" if least < DISK else "ok", "disk", told)


def rates() -> Finding:
    from models.rest.rates import rate_of

    rate_of(settings.API_RATE)
    return Finding("ok", "rates", f"the API may be asked {settings.API_RATE}")


def sources() -> Finding:
    """Only the operator's list is read; whether a place answers shows when it is read from."""
    from models.registry.sources import declared

    return Finding("ok", "sources", ", ".join(declared()) or "none declared")


def secret_key() -> Finding:
    told = environment.SOURCES["SECRET_KEY"]
    file = Path(told.file)
    if told.kind == "environment":
        return Finding("ok", "secret key", "from the environment")
    if stat.S_IMODE(file.stat().st_mode) & 0o077 and file.parent == settings.VAR:
        return Finding("weak", "secret key", f"others may read {file}: chmod 600 {file}")
    return Finding("ok", "secret key", f"in {file}")


def trail_key() -> Finding:
    """The beat signs the heads of the trails with it; only the machine of the beat needs it."""
    from models.trail import keys
    from models.trail.models import Checkpoint

    if not keys.file().exists():
        return Finding("weak", "trail key", "none here: nothing signs the heads of the trails (manage.py trail_key)")
    key = keys.id_of(keys.encoded(keys.present().public_key()))
    if stat.S_IMODE(keys.file().stat().st_mode) & 0o077:
        return Finding("weak", "trail key", f"others may read {keys.file()}: chmod 600 {keys.file()}")
    if key not in keys.known():
        return Finding("missing", "trail key", f"{keys.public_file()} does not have {key}: its signatures are refused")
    last = Checkpoint.unscoped.order_by("-at").values_list("at", flat=True).first()
    signed = f"signed last on {last:%Y-%m-%d %H:%M} UTC" if last else "nothing signed yet"
    return Finding("ok", "trail key", f"{key} in {keys.file()}, {signed}")


def exposure() -> Finding:
    local = {"localhost", "127.0.0.1", "[::1]"}
    if settings.DEBUG:
        return Finding("weak", "exposure", "DEBUG is on: error pages show code and settings")
    if settings.DEMO:
        return Finding("weak", "exposure", "DEMO is on: who can use this machine is signed in without a password")
    if not settings.HTTPS and not set(settings.ALLOWED_HOSTS) <= local:
        return Finding(
            "weak", "exposure", "it is served beyond this machine without HTTPS=yes: cookies go in the clear"
        )
    return Finding("ok", "exposure", "this machine only" if not settings.HTTPS else "by HTTPS")


def root() -> Finding:
    if os.geteuid() == 0:
        return Finding("weak", "user", f"{sys.argv[0]} runs as root; a user of its own is safer")
    return Finding("ok", "user", f"uid {os.geteuid()}")


def told_settings() -> Iterator[tuple[str, str, str]]:
    """Name, value and where it came from, for every setting; what is secret is not shown."""
    for name, source in environment.SOURCES.items():
        hidden = any(word in name for word in SECRET) and (source.value or source.file)
        value = "(not shown)" if hidden else source.value
        where = {"file": f"file {source.file}"}.get(source.kind, source.kind)
        yield name, without_secrets(value), where


EXAMINATIONS: tuple[Callable[[], Finding], ...] = (
    our_packages, sandbox, pango, libraries, fonts, database, migrations, clock, broker, queue, workers, beat, storage,
    disk, room, rates, sources, secret_key, trail_key, exposure, root,
)  # fmt: skip
