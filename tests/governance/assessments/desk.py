"""A process that takes an assessment to its signature on the database of its environment, and tries what the database
has to refuse on the way; prints what happened as JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import django

TABLE = "assessments_assessment"
IN_REVIEW = (
    "UPDATE {t} SET snapshot = '{{}}'",
    "UPDATE {t} SET sha256 = 'x'",
    "UPDATE {t} SET authors = '[]'",
    "UPDATE {t} SET summary = 'x'",
    "UPDATE {t} SET state = 'superseded'",
    "UPDATE {t} SET number = 7",
)
SIGNED = (
    *IN_REVIEW[:-2],
    "UPDATE {t} SET state = 'draft', snapshot = ''",
    "UPDATE {t} SET state = 'in review'",
    "UPDATE {t} SET approved_by_id = created_by_id",
    "UPDATE {t} SET approved_at = created_at",
    "UPDATE {t} SET decision = 'x'",
    "UPDATE {t} SET approved_for = 'x'",
    "UPDATE {t} SET trail_head = 'x'",
    "UPDATE {t} SET trail_sequence = 1",
    "UPDATE {t} SET as_of = '2027-01-01'",
    "DELETE FROM {t}",
)
OF_SQLITE = (
    "INSERT OR REPLACE INTO {t} SELECT * FROM {t}",
    "UPDATE OR REPLACE {t} SET number = number + 1",
)
OF_POSTGRESQL = ("TRUNCATE {t} CASCADE",)
ALLOWED = ("UPDATE {t} SET report = 'x', job_id = NULL", "UPDATE {t} SET approved_by_id = NULL, submitted_by_id = NULL")


def main() -> dict[str, Any]:
    from django.db import connection

    from governance.assessments import signing
    from governance.assessments.models import Assessment
    from governance.systems.answering import answer
    from governance.systems.classifying import record_standing, today
    from governance.systems.register import begin
    from tests.governance.systems.answered import answered
    from tests.models.people import organisation, person

    acme = organisation()
    officer = person("officer", acme)
    approvers = [person("approver", acme, email=f"{name}@example.org") for name in ("ada", "ben")]
    system = begin(officer, acme, {"name": "Scores"})
    answer(officer, system, {id: (value, "") for id, value in answered("MINIMAL").items()})
    record_standing(officer, system, today())
    sent = signing.submit(officer, signing.begin(officer, system))
    found: dict[str, Any] = {"in review": refused(IN_REVIEW)}
    found["at once"] = at_once([lambda who=who: signing.approve(who, sent, sent.sha256, "Yes.") for who in approvers])
    more = OF_SQLITE if connection.vendor == "sqlite" else OF_POSTGRESQL
    found["signed"] = refused([*SIGNED, *more])
    found["allowed"] = refused(ALLOWED)
    first = Assessment.unscoped.get(pk=sent.pk)
    found["intact"] = signing.intact(first)
    by = json.loads(first.snapshot)["sent"]["id"]
    again = signing.submit(officer, signing.begin(officer, system))
    signing.approve(approvers[0], again, again.sha256)
    found["states"] = list(Assessment.unscoped.order_by("number").values_list("number", "state"))
    found["superseded"] = refused(["UPDATE {t} SET state = 'approved'", "UPDATE {t} SET decision = 'x'"])
    return found | {"sent by the officer": by == officer.pk}


def refused(statements: Iterable[str]) -> dict[str, str]:
    """What the database says to each: its refusal, or nothing. None of them stays."""
    from django.db import DatabaseError, connection, transaction

    said = {}
    for statement in statements:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement.format(t=TABLE))
                transaction.set_rollback(True)
                said[statement] = ""
        except DatabaseError as error:
            said[statement] = str(error).splitlines()[0]
    return said


def at_once(acts: list[Callable[[], Any]]) -> list[str]:
    """How each ended, all begun together: its state, or what was said."""
    from django.db import connection

    ready, said = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        ready.wait()
        try:
            said.append(act().state)
        except Exception as error:
            said.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main()))
