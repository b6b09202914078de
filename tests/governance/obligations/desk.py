"""A process in which two people change the board at once, on the database of its environment; prints how each ended as
JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import django

REFUSED = (
    "UPDATE obligations_evidence SET text = 'x'",
    "UPDATE obligations_evidence SET sha256 = 'x'",
    "UPDATE obligations_evidence SET expires_on = NULL",
    "DELETE FROM obligations_evidence",
)


def main() -> dict[str, Any]:
    from governance.obligations.board import attach, move
    from governance.obligations.evidence import About, bring_statement
    from governance.obligations.models import Duty, Evidence, Support
    from governance.obligations.rows import rows_of
    from governance.obligations.staleness import worn
    from governance.systems.answering import answer
    from governance.systems.classifying import record_standing, today
    from governance.systems.register import begin
    from models.trail.models import Entry
    from models.trail.verify import verify_chain
    from tests.governance.systems.answered import answered
    from tests.models.people import organisation, person

    acme = organisation()
    two = [person("officer", acme, email=f"{name}@example.org") for name in ("ada", "ben")]
    system = begin(two[0], acme, {"name": "Scores", "roles": ["provider"]})
    answer(two[0], system, {id: (value, "") for id, value in answered("HIGH_RISK_ANNEX_III").items()})
    record_standing(two[0], system, today())

    def duty(requirement: str) -> Duty:
        return Duty.unscoped.select_related("organisation").get(system=system, requirement=requirement)

    def state(about: About, who: Any) -> Evidence:
        return bring_statement(who, system, "It holds.", about)

    seen = duty("art-9-1")
    found: dict[str, Any] = {
        "saved": at_once([lambda who=who: move(who, seen, {"reason": who.email}, seen.edition) for who in two])
    }
    first = state(About("We looked", "policy"), two[0])
    found["attached"] = at_once([lambda who=who: attach(who, seen, first) for who in two])
    found["supports"] = Support.unscoped.filter(duty=seen).count()
    attach(two[0], duty("art-9-2-a"), first)
    newer = About("We looked again", "policy", replaces=first)
    found["replaced"] = at_once([lambda who=who: state(newer, who) for who in two])
    found["versions"] = sorted(Evidence.unscoped.filter(system=system).values_list("number", flat=True))
    found["acted"] = at_once(
        [lambda: attach(two[0], seen, Evidence.unscoped.get(number=2)), lambda: move(two[1], seen, {"due_on": today()})]
    )
    found["stale"] = [
        sorted(each.duty.requirement for each in rows_of(system) if each.stale),
        sorted(each.requirement for each in worn(Duty.unscoped.filter(system=system), today())),
    ]
    found["refused"] = {statement: bool(said(statement)) for statement in REFUSED}
    changed = Entry.unscoped.filter(object_id=str(seen.pk)).order_by("sequence").values_list("verb", flat=True)
    return found | {"trail": list(changed), "broken": verify_chain(acme).reason}


def said(statement: str) -> str:
    """The database's refusal; nothing where it lets it happen, which is taken back."""
    from django.db import DatabaseError, connection, transaction

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return str(error)
    return ""


def at_once(acts: list[Callable[[], Any]]) -> list[str]:
    """How each ended, all begun together: nothing, or what was said."""
    from django.db import connection

    ready, ended = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        ready.wait()
        try:
            act()
            ended.append("")
        except Exception as error:
            ended.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ended)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main()))
