"""The board of a system's obligations: filled by each classification, moved by people, each act in the trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.frameworks.requirements import Requirement, framework, requirement, requirements
from governance.obligations.models import Duty, Evidence, Followed, State, Support
from governance.systems.models import Standing, System
from governance.systems.register import known_owner
from models.accounts.delegation import acts_for
from models.accounts.permission import Forbidden, authorize
from models.errors import InputError
from models.registry.register import words
from models.trail.record import record

ACT = "eu-ai-act"
LONGEST_REASON = 10_000
FIELDS = ("state", "reason", "owner", "due_on")


class Stale(InputError):
    """The page was older than what it would have saved over; `current` is the obligation as it is now."""

    def __init__(self, current: Duty) -> None:
        super().__init__("Somebody changed this obligation meanwhile. Nothing of yours was saved.")
        self.current = current


def follow_classification(sender: Any, standing: Standing, **kwargs: Any) -> None:
    """What the class brings stands on the board, what it no longer brings is no longer asked; in its transaction."""
    result = standing.result
    asked = {id: (began(requirement(id), standing.as_of), "") for id in result["obligations"]}
    asked |= {each["id"]: (date.fromisoformat(each["date"]), "") for each in result["obligations_coming"]}
    asked |= {each["id"]: (date.fromisoformat(each["date"]), each["where"]) for each in conditional(result)}
    put(standing.system, ACT, asked)


def conditional(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(result.get("obligations_conditional", []))


def began(asks: Requirement, day: date) -> date | None:
    """The day from which a duty that is in force on `day` counts."""
    return max((each for each in asks.dates.values() if each <= day), default=None)


def put(system: System, name: str, asked: Mapping[str, tuple[date | None, str]]) -> None:
    """The framework's rows on the system's board are these from now on; the others stay, as no longer asked."""
    there = {duty.requirement: duty for duty in Duty.unscoped.filter(system=system, framework=name)}
    new = [
        Duty(organisation_id=system.organisation_id, system=system, framework=name, requirement=id,
             binds_from=day, where=where)
        for id, (day, where) in asked.items() if id not in there
    ]  # fmt: skip
    Duty.unscoped.bulk_create(new)
    changed = []
    for id, duty in there.items():
        day, where = asked.get(id, (duty.binds_from, duty.where))
        if (duty.is_asked, duty.binds_from, duty.where) != (id in asked, day, where):
            duty.is_asked, duty.binds_from, duty.where, duty.edition = id in asked, day, where, duty.edition + 1
            changed.append(duty)
    Duty.unscoped.bulk_update(changed, ["is_asked", "binds_from", "where", "edition"])


def follow(user: Any, system: System, name: str) -> None:
    """Hold the system to a framework that no class brings. Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", system)
    if framework(name).id == ACT:
        raise InputError("What the AI Act asks follows from the classification.")
    with transaction.atomic():
        said = {"organisation_id": system.organisation_id, "by": user}
        _, is_new = Followed.unscoped.get_or_create(system=system, framework=name, defaults=said)
        if is_new:
            put(system, name, {each.id: (None, "") for each in requirements(name) if each.is_duty})
            record(system.organisation, user, "framework followed", system, {"framework": name})


def unfollow(user: Any, system: System, name: str) -> None:
    authorize(user, "govern", system)
    with transaction.atomic():
        if Followed.unscoped.filter(system=system, framework=name).delete()[0]:
            put(system, name, {})
            record(system.organisation, user, "framework left", system, {"framework": name})


def move(user: Any, duty: Duty, said: Mapping[str, Any], edition: int | None = None) -> Duty:
    """Change state, reason, owner or due day. Accepting is `accept`'s.

    Raises Forbidden, NotFound, InputError, and Stale where `edition` is no longer the present one.
    """
    authorize(user, "govern", duty)
    if unknown := set(said) - set(FIELDS):
        raise InputError(f"An obligation has no {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        current = locked(duty, edition)
        before = plain(current)
        if "owner" in said:
            current.owner = known_owner(current.organisation, said["owner"])
        if "due_on" in said:
            current.due_on = said["due_on"]
        if "reason" in said:
            current.reason = words("reason", said["reason"], LONGEST_REASON)
        if "state" in said:
            to(current, said["state"])
        if current.state == State.NOT_APPLICABLE and not current.reason:
            raise InputError("Say why it is not applicable.")
        kept(user, current, "changed", before)
    return current


def to(duty: Duty, state: str) -> None:
    if state not in State.values:
        raise InputError(f"The state is one of {', '.join(State.values)}, not {state[:40]!r}.")
    if state == State.ACCEPTED and duty.state != State.ACCEPTED:
        raise InputError("An approver accepts it, on its own page.")
    if state == State.EVIDENCED and not Support.unscoped.filter(duty=duty).exists():
        raise InputError("Attach evidence first: nothing supports this obligation yet.")
    if state != State.ACCEPTED:
        duty.accepted_by = duty.accepted_at = None
        duty.law_version = ""
    duty.state = state


def accept(user: Any, duty: Duty, law_version: str, edition: int | None = None) -> Duty:
    """Say that the evidence suffices. Four eyes: not by who brought any of it.

    Raises Forbidden, NotFound, InputError, Stale.
    """
    authorize(user, "approve", duty)
    with transaction.atomic():
        current = locked(duty, edition)
        if current.state != State.EVIDENCED:
            raise InputError("Only what is evidenced can be accepted.")
        pieces = Evidence.unscoped.filter(supports__duty=current)
        brought = {person for pair in pieces.values_list("author", "owner") for person in pair}
        if brought & acts_for(user, current.organisation):
            raise Forbidden("You, or somebody you stand in for, brought evidence for this. Somebody else accepts it.")
        before = plain(current)
        current.state, current.accepted_by, current.accepted_at = State.ACCEPTED, user, timezone.now()
        current.law_version = law_version
        kept(user, current, "accepted", before)
    return current


def attach(user: Any, duty: Duty, evidence: Evidence) -> Support:
    """Say that the piece supports the obligation. Raises Forbidden, NotFound, InputError for another system's piece."""
    authorize(user, "govern", duty)
    authorize(user, "read", evidence)
    if evidence.system_id != duty.system_id:
        raise InputError("The evidence is of another system.")
    with transaction.atomic():
        current = locked(duty, None)
        said = {"organisation_id": current.organisation_id, "by": user}
        made, is_new = Support.unscoped.get_or_create(duty=current, evidence=evidence, defaults=said)
        if is_new:
            reopened(user, current, "evidence attached", evidence)
    return made


def detach(user: Any, duty: Duty, evidence: Evidence) -> None:
    authorize(user, "govern", duty)
    with transaction.atomic():
        current = locked(duty, None)
        if Support.unscoped.filter(duty=current, evidence=evidence).delete()[0]:
            reopened(user, current, "evidence detached", evidence)


def reopened(user: Any, duty: Duty, what: str, evidence: Evidence) -> None:
    """Whose evidence changed is no longer accepted: who accepted it had other evidence before them."""
    if duty.state == State.ACCEPTED:
        to(duty, State.IN_PROGRESS)
    elif duty.state == State.NOT_STARTED:
        duty.state = State.IN_PROGRESS
    if duty.state == State.EVIDENCED and not Support.unscoped.filter(duty=duty).exists():
        duty.state = State.IN_PROGRESS
    duty.edition += 1
    duty.save()
    facts = {"evidence": str(evidence.pk), "title": evidence.title, "sha256": evidence.sha256, "state": duty.state}
    record(duty.organisation, user, what, duty, facts)


def locked(duty: Duty, edition: int | None) -> Duty:
    """The obligation as it is now, whom nobody changes until the transaction ends."""
    found = Duty.unscoped.select_for_update(of=("self",)).select_related("organisation", "system", "owner")
    current = found.get(pk=duty.pk)
    if edition is not None and edition != current.edition:
        raise Stale(current)
    return current


def kept(user: Any, duty: Duty, what: str, before: Mapping[str, Any]) -> None:
    """Save it with its entry, if anything changed."""
    after = plain(duty)
    if changed := [name for name in after if before[name] != after[name]]:
        duty.edition += 1
        duty.save()
        facts = {which: {name: said[name] for name in changed} for which, said in (("from", before), ("to", after))}
        record(duty.organisation, user, what, duty, facts)


def plain(duty: Duty) -> dict[str, Any]:
    """As the trail keeps it."""
    return {
        "state": duty.state,
        "reason": duty.reason,
        "owner": {"id": duty.owner.pk, "name": str(duty.owner)} if duty.owner else None,
        "due_on": duty.due_on.isoformat() if duty.due_on else None,
    }
