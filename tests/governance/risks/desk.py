"""A process in which several people keep risks, incidents and statements at once on the database of its environment,
and which tries what the database has to refuse; prints what happened as JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

HANDS = 4
FROZEN = ("incidents_notification", "risks_statement")
REFUSED = (
    *(f"UPDATE {table} SET number = 7" for table in FROZEN),
    *(f"DELETE FROM {table}" for table in FROZEN),
    "UPDATE incidents_notification SET recipient = 'provider'",
    "UPDATE risks_statement SET content = '{}'",
    "INSERT INTO risks_risk SELECT * FROM risks_risk",
)


def main() -> dict[str, Any]:
    from django.utils import timezone

    from governance.incidents import keeping as incidents
    from governance.risks import keeping as risks
    from governance.risks import statements
    from governance.risks.models import Risk
    from governance.systems.register import begin
    from tests.models.people import organisation, person

    acme = organisation()
    officer, approvers = person("officer", acme), [
        person("approver", acme, email=f"{name}@example.org") for name in ("ada", "ben")
    ]  # fmt: skip
    system = begin(officer, acme, {"name": "Scores", "roles": ["provider"]})
    found: dict[str, Any] = {}
    hazards = [f"Hazard {i}" for i in range(HANDS)]
    found["risks begun"] = at_once([lambda hazard=hazard: risks.begin(officer, system, {"hazard": hazard}).number
                                    for hazard in hazards])  # fmt: skip
    risk = Risk.unscoped.get(number=1)
    found["risk changed"] = at_once(
        [lambda i=i: risks.change(officer, risk, {"cause": f"{i}"}, 1).edition for i in range(HANDS)]
    )
    degrees = {"likelihood": 3, "severity": 3, "likelihood_after": 1, "severity_after": 2}
    judged = risks.change(officer, risk, degrees, None)
    found["risk accepted"] = at_once(
        [lambda who=who: risks.accept(who, judged, "Borne.", judged.edition).state for who in approvers]
    )
    said = {"title": "It refused all", "kinds": ["death"], "aware_at": timezone.now() - timedelta(days=1)}
    found["incidents begun"] = at_once([lambda: incidents.begin(officer, system, said).number for _ in range(HANDS)])
    incident = system.incidents.get(number=1)
    found["incident changed"] = at_once(
        [lambda i=i: incidents.change(officer, incident, {"known": f"{i}"}, 1).edition for i in range(HANDS)]
    )
    found["told"] = at_once([lambda: incidents.tell(officer, incident, "initial", "authority", "CNPD", timezone.now())
                             .number for _ in range(HANDS)])  # fmt: skip
    found["closed"] = at_once([lambda: incidents.close(officer, incident, "Mended.").closing for _ in range(HANDS)])
    found["written"] = at_once(
        [lambda i=i: statements.write(officer, system, "quality", {"art-17-1-a": f"{i}"}, 0).number
         for i in range(HANDS)]
    )  # fmt: skip
    return found | {"refused": {statement: refusal(statement) for statement in REFUSED}}


def refusal(statement: str) -> str:
    """What the database says to it, or nothing. It does not stay."""
    from django.db import DatabaseError, connection, transaction

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            transaction.set_rollback(True)
            return ""
    except DatabaseError as error:
        return str(error).splitlines()[0]


def at_once(acts: list[Callable[[], Any]]) -> list[str]:
    """How each ended, all begun together: what came of it, or the name of what was raised."""
    from django.db import connection

    ready, said = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        ready.wait()
        try:
            said.append(str(act()))
        except Exception as error:
            said.append(type(error).__name__)
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
