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

    return ring(UUID(job_id))


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


CALLS = {f.__name__: f for f in (submit, look, cancel, ring, reap, verbs, chain, sql, block_database)}


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
