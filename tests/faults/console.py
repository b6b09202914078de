"""A process that stands for the web process: reads one call per line as JSON on stdin, answers on stdout."""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any
from uuid import UUID


def submit(kind: str, folder: str, options: dict[str, Any]) -> str:
    from models.jobs.submit import submit

    job = submit(kind, organisation=organisation(), user=user(), params={"folder": folder}, **options)
    return str(job.pk)


def look(job_id: str) -> dict[str, Any]:
    from models.jobs.models import Job

    job = Job.unscoped.get(pk=UUID(job_id))
    names = ("state", "attempt", "returned", "error", "result", "log", "sentence", "progress", "suspicious", "worker")
    return {name: getattr(job, name) for name in names}


def cancel(job_id: str) -> None:
    from models.jobs.models import Job
    from models.jobs.submit import cancel

    cancel(Job.unscoped.get(pk=UUID(job_id)), user())


def ring(job_id: str) -> bool:
    from models.jobs.doorbell import ring
    from models.jobs.models import Job

    return ring(UUID(job_id), Job.unscoped.get(pk=UUID(job_id)).queue)


def reap() -> list[int]:
    from models.jobs.reaper import reap

    done = reap()
    return [done.put_back, done.failed, done.rung]


def verbs(job_id: str) -> list[str]:
    from models.trail.models import Entry

    rows = Entry.unscoped.filter(object_type="jobs.job", object_id=job_id).order_by("sequence")
    return list(rows.values_list("verb", flat=True))


def chain() -> str:
    """Empty if the trail is whole."""
    from models.trail.verify import verify_chain

    return verify_chain(organisation()).reason


def sql(statement: str) -> str:
    """What the database says to it: nothing, or its refusal."""
    from django.db import DatabaseError, connection, transaction

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return str(error)
    return ""


def block_database(seconds: float) -> None:
    """What may happen to a database in the middle of everything: all connections cut, or a long write lock."""
    import time

    from django.db import connection, transaction

    if connection.vendor == "postgresql":
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_organisation SET name = name")
            time.sleep(seconds)


def organisation() -> Any:
    from models.accounts.models import Organisation

    return Organisation.objects.get_or_create(name="Faults")[0]


def user() -> Any:
    from models.accounts.models import Membership, User

    known = User.objects.filter(email="faults@example.org").first()
    if known is not None:
        return known
    created = User.objects.create_user("faults@example.org", "a sentence nobody guesses")
    Membership.unscoped.create(organisation=organisation(), user=created, role="engineer")
    return created


def register(name: str, rows: int) -> str:
    """A dataset with a stored file; the SHA-256."""
    import io

    from models.registry.register import register_dataset

    content = "a,b\n" + "".join(f"{number},{name}\n" for number in range(rows))
    made = register_dataset(user(), organisation(), name=name, source=io.BytesIO(content.encode()), file_name="a.csv")
    return made.version.sha256


def upload(name: str) -> str:
    """An upload that is complete and waits to be registered."""
    import io

    from models.registry.uploading import take_whole

    file = io.BytesIO(b"a,b\n" + b"1,2\n" * 100)
    file.name, file.size = name, 404  # type: ignore[attr-defined]
    return str(take_whole(user(), organisation(), file).pk)


def submit_registration(name: str, rows: int) -> str:
    """The job that registers a table of so many rows."""
    import io

    from models.registry.submit import submit_dataset
    from models.registry.uploading import take_whole

    content = b"a,b,c\n" + b"".join(b"%d,%d,%d\n" % (n, n % 7, n % 3) for n in range(rows))
    file = io.BytesIO(content)
    file.name, file.size = f"{name}.csv", len(content)  # type: ignore[attr-defined]
    brought = take_whole(user(), organisation(), file)
    return str(submit_dataset(user(), organisation(), name=name, upload=brought).pk)


def token() -> str:
    from datetime import timedelta

    from django.utils import timezone

    from models.accounts.scopes import USUAL
    from models.accounts.tokens import issue

    organisation(), user()
    return issue(user(), organisation(), "faults", USUAL, timezone.now() + timedelta(days=1))[1]


def parts(pk: str) -> list[int]:
    """The numbers of those that are there."""
    from models.registry.models import UploadPart

    return list(UploadPart.objects.filter(upload=UUID(pk)).order_by("number").values_list("number", flat=True))


def upload_content(pk: str) -> str:
    from models.registry.models import Upload
    from models.registry.uploading import content

    return content(Upload.unscoped.get(pk=UUID(pk))).read().decode()


def write_until(file: str) -> int:
    """Submit one job after the other, each with its entry in the trail, until there is this file; how many."""
    from pathlib import Path

    from models.jobs.submit import submit

    count = 0
    while not Path(file).exists():
        submit("quick", organisation=organisation(), user=user(), params={"folder": ".", "n": count})
        count += 1
    return count


def content() -> dict[str, list[Any]]:
    """For each table the number of its rows and a hash of them; the order of JSON's keys is the database's affair."""
    import hashlib

    from governance.rows import kept_models, lines_of

    found = {}
    for model in kept_models():
        digest, count = hashlib.sha256(), 0
        for line in lines_of(model):
            digest.update(json.dumps(json.loads(line), sort_keys=True).encode())
            count += 1
        found[model._meta.label_lower] = [count, digest.hexdigest()]
    return found


def manage(*arguments: str) -> list[Any]:
    """What `manage.py` with these arguments does, without the seconds that its start takes: the exit code, and what it
    says on stderr."""
    import contextlib
    import io

    from django.core.management import call_command
    from django.core.management.base import CommandError

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            call_command(*arguments, stdout=io.StringIO(), stderr=said)
    except CommandError as error:
        return [error.returncode, f"{said.getvalue()}{error}"]
    return [0, said.getvalue()]


def migrate_to(targets: list[list[str]]) -> None:
    """To these migrations; without any, to the newest."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.migrate([(app, name) for app, name in targets] or executor.loader.graph.leaf_nodes())


def write_as_of(targets: list[list[str]]) -> dict[str, int]:
    """One row into each table, as the code of those migrations writes it; how many rows each has then."""
    from tests.governance.former import write_everywhere

    return write_everywhere([(app, name) for app, name in targets])


def periodic(name: str) -> dict[str, Any]:
    from models.jobs.models import Periodic

    row = Periodic.objects.get(name=f"tests.faults.kinds.periodic.{name}")
    return {"failures": row.failures, "error": row.error}


def blobs() -> list[str]:
    from models.registry.storage import store

    return list(store().names())


def hook(url: str) -> None:
    """A webhook to this address, and a message for it. The address is not looked at here, but when it is sent to."""
    from models.accounts.secrets import seal
    from models.webhooks.announce import announce
    from models.webhooks.endpoints import PURPOSE
    from models.webhooks.models import Endpoint
    from models.webhooks.signing import new_secret

    Endpoint.unscoped.create(
        organisation=organisation(), url=url, events=["audit.finished"], sealed_secret=seal(new_secret(), PURPOSE),
        created_by=user(),
    )  # fmt: skip
    announce(organisation(), "audit.finished", {"id": "x"})


def deliveries(url: str) -> list[list[Any]]:
    """State, tries, and whether somebody holds it, of every message to this address."""
    from models.webhooks.models import Delivery

    rows = Delivery.unscoped.filter(endpoint__url=url).order_by("created_at")
    return [[row.state, len(row.log), row.claim is not None] for row in rows]


CALLS = {
    f.__name__: f
    for f in (
        submit, look, cancel, ring, reap, verbs, chain, sql, block_database, register, write_until, content, periodic,
        blobs, migrate_to, write_as_of, upload, upload_content, submit_registration,
        hook, deliveries, manage, token, parts,
    )
}  # fmt: skip


def main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"answer": CALLS[name](*arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
