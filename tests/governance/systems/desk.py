"""A process in which several people answer and classify at once on the database of its environment, and which tries
what the database has to refuse; prints what happened as JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import django

HANDS = 4
DAY = date(2026, 11, 21)
TABLES = ("systems_answers", "systems_standing")
REFUSED = (
    *(f"UPDATE {table} SET number = 7" for table in TABLES),
    *(f"DELETE FROM {table}" for table in TABLES),
    *(f"INSERT INTO {table} SELECT * FROM {table}" for table in TABLES),
    "UPDATE systems_answers SET answers = '{}'",
    "UPDATE systems_standing SET outcome = 'MINIMAL'",
)


def main() -> dict[str, Any]:
    from governance.law import questionnaire
    from governance.systems.answering import answer, stamp, values
    from governance.systems.classifying import record_standing
    from governance.systems.register import begin
    from tests.governance.risks.desk import at_once, refusal
    from tests.governance.systems.answered import answered
    from tests.models.people import organisation, person

    acme = organisation()
    officers = [person("officer", acme, email=f"officer{i}@example.org") for i in range(HANDS)]
    system = begin(officers[0], acme, {"name": "Scores"})
    found: dict[str, Any] = {}
    unseen = stamp(None, "object")
    found["same question"] = at_once(
        [lambda who=who: answer(who, system, {"object": ("system", who.email)}, unseen).number for who in officers]
    )
    given = answered("HIGH_RISK_ANNEX_III")
    others = [(name, value) for name, value in given.items() if name != "object"]
    shares = zip(officers, (dict(others[i::HANDS]) for i in range(HANDS)), strict=True)
    found["other questions"] = at_once(
        [
            lambda who=who, share=share: answer(who, system, {name: (said, "") for name, said in share.items()}).number
            for who, share in shares
        ]
    )
    said = values(system.answered)
    found["kept"] = {"all": said == questionnaire.checked(given), "left": len(questionnaire.still_open(said, DAY))}
    number = system.answered.number
    found["classified"] = at_once(
        [lambda who=who: record_standing(who, system, DAY, number=number).number for who in officers]
    )
    # somebody changes an answer while the others record what they looked at
    change = {"evaluates": ("no", "it only sorts"), "decides": ("yes", "")}
    found["changed and classified"] = at_once(
        [
            lambda: answer(officers[0], system, change).number,
            *(lambda who=who: record_standing(who, system, DAY, number=number).answers.number for who in officers[1:]),
        ]
    )
    return found | {"refused": {statement: refusal(statement) for statement in REFUSED}}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main()))
