"""The demo's AI systems: read from a file, and made by the ways that the pages take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audits.models import Audit
from governance.assessments import signing
from governance.incidents import keeping as incidents
from governance.obligations import board
from governance.obligations.evidence import About, bring_document, bring_statement
from governance.obligations.models import Duty, Evidence, State
from governance.obligations.proposals import attach_result
from governance.reviews import keeping as reviews
from governance.risks import keeping as risks
from governance.risks import statements
from governance.systems.answering import answer
from governance.systems.classifying import record_standing, today
from governance.systems.models import System
from governance.systems.register import add_part, begin
from models.accounts.models import Organisation, User
from models.registry.models import ModelVersion


@dataclass(frozen=True, slots=True)
class Filling:
    """Whose systems they are, by whom each step is done (role -> user), and what was made of the demo's model."""

    organisation: Organisation
    people: Mapping[str, User]
    model: ModelVersion
    audit: Audit

    @property
    def officer(self) -> User:
        """Who keeps systems. What an engineer writes is brought by an officer too, in the engineer's name."""
        return self.people["officer"]


def fill(filling: Filling, file: Path) -> list[str]:
    """Makes the systems of the file that are not there yet, each wholly or not at all; gives their names.

    One that is there is left as it is, whatever somebody made of it. Raises InputError for what the pages would refuse.
    """
    made = []
    for said in yaml.safe_load(file.read_text("utf-8"))["systems"]:
        if not System.objects.of(filling.organisation).filter(name=said["name"]).exists():
            with transaction.atomic():
                make(filling, said)
            made.append(said["name"])
    return made


def make(filling: Filling, said: Mapping[str, Any]) -> None:
    """One system with all that the file says of it."""
    fields = {name: said[name] for name in ("name", "purpose", "stage", "placed_on", "roles") if name in said}
    officer = filling.officer
    system = begin(officer, filling.organisation, {**fields, "owner": filling.people[said["owner"]]})
    if said.get("model"):
        add_part(officer, system, filling.model)
    answer(officer, system, {id: with_reason(given) for id, given in said["answers"].items()})
    if said.get("record"):
        record_standing(officer, system, today())
    if said.get("audit"):
        attach_result(officer, system, filling.audit)
    for section, kept in SECTIONS.items():
        for part in said.get(section, ()):
            kept(filling, system, part)
    if "assessment" in said:
        signing.write(officer, signing.begin(officer, system), said["assessment"])


def with_reason(given: Any) -> tuple[Any, str]:
    return (given["value"], given["why"]) if isinstance(given, dict) else (given, "")


def duty_of(system: System, requirement: str) -> Duty:
    return Duty.unscoped.get(system=system, requirement=requirement)


def support(filling: Filling, system: System, piece: Mapping[str, Any]) -> Evidence:
    """A document of this checkout, or a statement, attached to what it is evidence for."""
    expires = in_days(piece["expires"]) if "expires" in piece else None
    about = About(piece["title"], piece["type"], owner=filling.people[piece["by"]], expires_on=expires)
    if "file" in piece:
        file = settings.BASE_DIR / piece["file"]
        content = file.read_bytes()
        made = bring_document(filling.officer, system, BytesIO(content), len(content), file.name, about)
    else:
        made = bring_statement(filling.officer, system, piece["statement"], about)
    for requirement in piece["for"]:
        board.attach(filling.officer, duty_of(system, requirement), made)
    return made


def move(filling: Filling, system: System, wanted: Mapping[str, Any]) -> None:
    """An obligation to its state; what is accepted is evidenced first, and accepted by the approver."""
    accepted = wanted["state"] == State.ACCEPTED
    said = {"state": State.EVIDENCED.value if accepted else wanted["state"], "reason": wanted.get("reason", "")}
    if "owner" in wanted:
        said["owner"] = filling.people[wanted["owner"]]
    if "due" in wanted:
        said["due_on"] = in_days(wanted["due"])
    moved = board.move(filling.officer, duty_of(system, wanted["duty"]), said)
    if accepted:
        board.accept(filling.people["approver"], moved)


def tell(filling: Filling, system: System, said: Mapping[str, Any]) -> None:
    """An incident; `happened` and `aware` are days ago."""
    moments = {f"{name}_at": timezone.now() - timedelta(days=said[name]) for name in ("happened", "aware")}
    words = {name: said[name] for name in ("title", "place", "link", "known", "corrective")}
    made = incidents.begin(filling.officer, system, {**words, **moments})
    if "closed" in said:
        incidents.close(filling.officer, made, said["closed"])


def take(filling: Filling, system: System, said: Mapping[str, Any]) -> None:
    """A risk with its measures; what remains of it is accepted by the approver."""
    fields = {name: said[name] for name in ("hazard", "cause", "affected", "rights")}
    for name, suffix in (("before", ""), ("after", "_after")):
        if name in said:
            fields |= dict(zip((f"likelihood{suffix}", f"severity{suffix}"), said[name], strict=True))
    risk = risks.begin(filling.officer, system, {**fields, "owner": filling.people[said["owner"]]})
    for measure in said.get("measures", ()):
        days = {f"{name}_on": in_days(measure[name]) for name in ("due", "done") if name in measure}
        wanted = {"text": measure["text"], "owner": filling.people[measure["owner"]], **days}
        risks.add_measure(filling.officer, risk, wanted)
    if "accepted" in said:
        risks.accept(filling.people["approver"], risk, said["accepted"])


def state(filling: Filling, system: System, said: Mapping[str, Any]) -> None:
    """What a form of the law asks, given as evidence of what it answers to."""
    written = statements.write(filling.officer, system, said["kind"], said["points"], seen=0)
    statements.give(filling.officer, written)


def plan(filling: Filling, system: System, said: Mapping[str, Any]) -> None:
    days = {"due_on": in_days(said["due"]), "every_months": said["every"]}
    reviews.plan(filling.officer, system, {"what": said["what"], "owner": filling.people[said["owner"]], **days})


def in_days(days: int) -> date:
    return today() + timedelta(days=days)


# in this order: an obligation is moved once its evidence is there
SECTIONS: dict[str, Callable[[Filling, System, Mapping[str, Any]], object]] = {
    "evidence": support,
    "obligations": move,
    "incidents": tell,
    "risks": take,
    "statements": state,
    "reviews": plan,
}
