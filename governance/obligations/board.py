"""The board of a system's obligations: filled by each classification, moved by people, each act in the trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.frameworks.requirements import framework, requirements
from governance.law.applies import applying
from governance.law.classify import classify
from governance.law.facts import facts_from
from governance.obligations.gone import text_held
from governance.obligations.models import Duty, Evidence, Followed, State, Support
from governance.obligations.staleness import outdated
from governance.systems.models import Standing, System
from governance.systems.register import known_owner
from governance.systems.stale import refuse_stale
from models.accounts.delegation import acts_for
from models.accounts.permission import Forbidden, authorize
from models.errors import InputError
from models.registry.register import words
from models.trail.record import record

ACT = "eu-ai-act"
LONGEST_REASON = 10_000
FIELDS = ("state", "reason", "owner", "due_on", "holds")
OWN_WORK = (
    "You, or somebody you stand in for, owns this obligation or had a hand in its evidence. Somebody else accepts it."
)


def follow_classification(sender: Any, standing: Standing, **kwargs: Any) -> None:
    """What the class brings stands on the board, what it no longer brings is no longer asked; in its transaction."""
    put(standing.system, ACT, asked_by(standing))


def asked_by(standing: Standing) -> dict[str, tuple[date | None, str]]:
    """The Act's duties by id, each with the day from which it counts and the condition under which it is asked."""
    facts = facts_from(standing.result["facts"])
    # before the first day everything is still coming, and what is coming has its day
    found = applying(classify(facts, standing.as_of), facts.roles, date.min)
    asked: dict[str, tuple[date | None, str]] = {each.id: (day, "") for each, day in found.coming}
    return asked | {each.requirement.id: (each.date, each.where) for each in found.conditional}


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
        alone(system)
        said = {"organisation_id": system.organisation_id, "by": user}
        _, is_new = Followed.unscoped.get_or_create(system=system, framework=name, defaults=said)
        if is_new:
            put(system, name, {each.id: (None, "") for each in requirements(name) if each.is_duty})
            record(system.organisation, user, "framework followed", system, {"framework": name})


def unfollow(user: Any, system: System, name: str) -> None:
    """Hold the system to it no longer; what was done for it stays. Raises Forbidden, NotFound."""
    authorize(user, "govern", system)
    with transaction.atomic():
        alone(system)
        if Followed.unscoped.filter(system=system, framework=name).delete()[0]:
            put(system, name, {})
            record(system.organisation, user, "framework left", system, {"framework": name})


def alone(system: System) -> None:
    """Nobody else fills the system's board until the transaction ends."""
    System.unscoped.select_for_update(of=("self",)).get(pk=system.pk)


def move(user: Any, duty: Duty, said: Mapping[str, Any], edition: int | None = None) -> Duty:
    """Change state, reason, owner, due day, or whether its condition holds. Accepting is `accept`'s.

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
            current.due_on = known_day(said["due_on"])
        if "reason" in said:
            current.reason = words("reason", said["reason"], LONGEST_REASON)
        if "holds" in said:
            current.holds = known_condition(current, said["holds"])
        if "state" in said:
            to(current, said["state"])
        if current.state == State.NOT_APPLICABLE and not current.reason:
            raise InputError("Say why it is not applicable.")
        kept(user, current, "changed", before)
    return current


def known_condition(duty: Duty, holds: Any) -> bool:
    if not isinstance(holds, bool):
        raise InputError("Whether its condition holds is true or false.")
    if holds and not duty.where:
        raise InputError("This obligation is asked without a condition.")
    return holds


def known_day(day: Any) -> date | None:
    if day is not None and not isinstance(day, date):
        raise InputError("The day on which it is due is a date.")
    return day


def to(duty: Duty, state: str) -> None:
    """Raises InputError for a state that is not for `move`, or that nothing supports."""
    if state not in State.values:
        raise InputError(f"The state is one of {', '.join(State.values)}, not {state[:40]!r}.")
    if state == State.ACCEPTED and duty.state != State.ACCEPTED:
        raise InputError("An approver accepts it, on its own page.")
    if state == State.EVIDENCED and not Support.unscoped.filter(duty=duty).exists():
        raise InputError("Attach evidence first: nothing supports this obligation yet.")
    if state != State.ACCEPTED:
        duty.accepted_by = duty.accepted_at = None
        duty.law_version = text_held(duty.framework) if state == State.EVIDENCED else ""
    duty.state = state


def accept(user: Any, duty: Duty, edition: int | None = None) -> Duty:
    """Say that the evidence suffices, under the text that is held now; what was accepted under an older one, again.

    Four eyes: not by whose obligation it is, nor by who brought, owns or attached any of the evidence. Raises
    Forbidden, NotFound, InputError, Stale.
    """
    authorize(user, "approve", duty)
    with transaction.atomic():
        current = locked(duty, edition)
        if current.state != State.EVIDENCED and not outdated(current):
            raise InputError("Only what is evidenced can be accepted.")
        if not Support.unscoped.filter(duty=current).exists():
            raise InputError("Nothing supports this obligation any more.")
        if is_own(user, current):
            raise Forbidden(OWN_WORK)
        before = plain(current)
        current.state, current.accepted_by, current.accepted_at = State.ACCEPTED, user, timezone.now()
        current.law_version = framework(current.framework).version
        kept(user, current, "accepted", before)
    return current


def is_own(user: Any, duty: Duty) -> bool:
    """Whether the user, or somebody they stand in for, owns the obligation or had a hand in its evidence."""
    pieces = Support.unscoped.filter(duty=duty).values_list("by", "evidence__author", "evidence__owner")
    hands = {duty.owner_id, *(person for each in pieces for person in each)}
    return bool(hands & acts_for(user, duty.organisation))


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
    """Take it away again; the piece itself stays. Raises Forbidden, NotFound."""
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
        to(duty, State.IN_PROGRESS)
    duty.edition += 1
    duty.save()
    facts = {"evidence": str(evidence.pk), "title": evidence.title, "sha256": evidence.sha256, "state": duty.state}
    record(duty.organisation, user, what, duty, facts)


def locked(duty: Duty, edition: int | None) -> Duty:
    """The obligation as it is now, whom nobody changes until the transaction ends."""
    found = Duty.unscoped.select_for_update(of=("self",)).select_related("organisation", "system", "owner")
    current = found.get(pk=duty.pk)
    refuse_stale("obligation", current, edition)
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
        "holds": duty.holds,
        "law_version": duty.law_version,
    }
