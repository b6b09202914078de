"""Registering a risk, changing it, its measures, accepting what remains; each act in one transaction with its trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from governance.law.risks import Level, checked_degree, checked_rights, level
from governance.risks.models import Measure, Risk
from governance.systems.models import System
from governance.systems.register import known_owner
from governance.systems.stale import refuse_stale
from models.accounts.delegation import acts_for
from models.accounts.permission import Forbidden, authorize
from models.errors import InputError
from models.registry.register import words
from models.trail.record import record

FIELDS = (
    "hazard", "cause", "affected", "rights", "likelihood", "severity", "likelihood_after", "severity_after", "owner",
)  # fmt: skip
DEGREES = {"likelihood": "likelihood", "severity": "severity", "likelihood_after": "likelihood",
           "severity_after": "severity"}  # fmt: skip
MEASURE_FIELDS = ("text", "owner", "due_on", "done_on")
LONGEST = {"hazard": 300, "cause": 10_000, "affected": 10_000, "closing": 10_000, "acceptance": 10_000, "text": 10_000}
OWN_WORK = (
    "You, or somebody you stand in for, owns this risk or one of its measures, or wrote at it. Somebody else accepts "
    "what remains of it."
)
SHUT = (Risk.State.CLOSED, Risk.State.DISMISSED)


def begin(user: Any, system: System, said: Mapping[str, Any], **source: Any) -> Risk:
    """Register a risk; `source` is the finding that it comes from. Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", system)
    wanted = checked(system, {"hazard": "", **said})
    with transaction.atomic():
        System.unscoped.select_for_update(of=("self",)).get(pk=system.pk)
        last = Risk.unscoped.filter(system=system).aggregate(last=Max("number"))["last"] or 0
        made = Risk(organisation_id=system.organisation_id, system=system, number=last + 1, created_by=user,
                    writers=[user.pk], **wanted, **source)  # fmt: skip
        whole(made)
        made.save()
        facts = {"system": str(system.pk), "rule": made.rule, **plain(made)}
        record(
            system.organisation, user, "dismissed" if made.state == Risk.State.DISMISSED else "registered", made, facts
        )
    return made


def change(user: Any, risk: Risk, said: Mapping[str, Any], edition: int | None) -> Risk:
    """Change the fields that are given; an acceptance is withdrawn, since it was of something else.

    Raises Forbidden, NotFound, InputError, and Stale for an older edition.
    """
    authorize(user, "govern", risk)
    wanted = checked(risk.system, said)
    with transaction.atomic():
        current = standing(risk, edition)
        before = plain(current)
        for name, value in wanted.items():
            setattr(current, name, value)
        whole(current)
        after = plain(current)
        if changed := [name for name in wanted if before[name] != after[name]]:
            facts = {which: {name: kept[name] for name in changed} for which, kept in (("from", before), ("to", after))}
            written(user, current, "changed", facts)
    return current


def add_measure(user: Any, risk: Risk, said: Mapping[str, Any], edition: int | None = None) -> Measure:
    """Raises Forbidden, NotFound, InputError, Stale."""
    authorize(user, "govern", risk)
    wanted = checked_measure(risk, {"text": "", **said})
    with transaction.atomic():
        current = standing(risk, edition)
        made = Measure.unscoped.create(organisation_id=current.organisation_id, risk=current, **wanted)
        written(user, current, "measure added", {"measure": str(made.pk), **plain_measure(made)})
    return made


def change_measure(user: Any, measure: Measure, said: Mapping[str, Any], edition: int | None = None) -> Measure:
    """Change the fields that are given, of the risk's `edition`. Raises Forbidden, NotFound, InputError, Stale.

    That it was done alone leaves an acceptance as it is; it was of the risk as it is with its measures.
    """
    authorize(user, "govern", measure)
    wanted = checked_measure(measure.risk, said)
    with transaction.atomic():
        risk = standing(measure.risk, edition)
        current = Measure.unscoped.select_related("owner").get(pk=measure.pk)
        before = plain_measure(current)
        for name, value in wanted.items():
            setattr(current, name, value)
        after = plain_measure(current)
        if changed := [name for name in wanted if before[name] != after[name]]:
            current.save()
            facts: dict[str, Any] = {"measure": str(current.pk)}
            facts |= {
                which: {name: kept[name] for name in changed} for which, kept in (("from", before), ("to", after))
            }
            only_done = changed == ["done_on"] and current.done_on is not None
            written(user, risk, "measure done" if only_done else "measure changed", facts, withdraws=not only_done)
    return current


def accept(user: Any, risk: Risk, reason: str, edition: int | None = None) -> Risk:
    """Say that what remains can be borne, and why.

    Four eyes: not by whose risk it is, who carries out one of its measures, or who wrote at it. Raises Forbidden,
    NotFound, InputError, Stale.
    """
    authorize(user, "approve", risk)
    text = needed("acceptance", reason, "Say why what remains can be borne.")
    with transaction.atomic():
        current = standing(risk, edition)
        if remaining(current) is None:
            raise InputError("Say first how likely and how severe it is after the measures: that is what is accepted.")
        if is_own(user, current):
            raise Forbidden(OWN_WORK)
        if current.state == Risk.State.ACCEPTED:
            raise InputError("What remains of it is accepted already.")
        current.state, current.acceptance = Risk.State.ACCEPTED, text
        current.accepted_by, current.accepted_at = user, timezone.now()
        saved(user, current, "residual risk accepted", {"acceptance": text, **degrees_of(current)})
    return current


def is_own(user: Any, risk: Risk) -> bool:
    """Whether the user, or somebody they stand in for, owns the risk or one of its measures, or wrote at it."""
    carry_out = Measure.unscoped.filter(risk=risk).values_list("owner", flat=True)
    hands = {risk.owner_id, risk.created_by_id, *risk.writers, *carry_out}
    return bool(hands & acts_for(user, risk.organisation))


def close(user: Any, risk: Risk, closing: str) -> Risk:
    """It can do no harm any more, and why. Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", risk)
    text = needed("closing", closing, "Say why it is closed: what took it away.")
    with transaction.atomic():
        current = standing(risk, None)
        current.state, current.closing = Risk.State.CLOSED, text
        written(user, current, "closed", {"closing": text})
    return current


def reopen(user: Any, risk: Risk) -> Risk:
    """One that was closed or dismissed is open again. Raises Forbidden, NotFound."""
    authorize(user, "govern", risk)
    with transaction.atomic():
        current = locked(risk)
        if current.state in SHUT:
            current.state, current.closing = Risk.State.OPEN, ""
            written(user, current, "reopened", {})
    return current


def standing(risk: Risk, edition: int | None) -> Risk:
    """The risk as it is now, whom nobody changes until the transaction ends. InputError where it is shut, Stale."""
    current = locked(risk)
    refuse_stale("risk", current, edition)
    if current.state in SHUT:
        raise InputError(f"This risk is {current.state}. Open it again first.")
    return current


def locked(risk: Risk) -> Risk:
    found = Risk.unscoped.select_for_update(of=("self",)).select_related(
        "organisation", "system__organisation", "owner"
    )
    return found.get(pk=risk.pk)


def written(user: Any, risk: Risk, what: str, facts: Mapping[str, Any], withdraws: bool = True) -> None:
    """Save it as this person's writing: they accept nothing of it, and what was accepted was of something else."""
    if user.pk not in risk.writers:
        risk.writers = [*risk.writers, user.pk]
    if withdraws and risk.accepted_at is not None:
        facts = {**facts, "acceptance withdrawn": risk.acceptance}
        risk.acceptance, risk.accepted_by, risk.accepted_at = "", None, None
        if risk.state == Risk.State.ACCEPTED:
            risk.state = Risk.State.OPEN
    saved(user, risk, what, facts)


def saved(user: Any, risk: Risk, what: str, facts: Mapping[str, Any]) -> None:
    risk.edition += 1
    risk.save()
    record(risk.organisation, user, what, risk, dict(facts))


def initial(risk: Risk) -> Level | None:
    """What it comes to before measures."""
    return level(risk.likelihood, risk.severity)


def remaining(risk: Risk) -> Level | None:
    """What it comes to after measures; None as long as nobody judged that."""
    return level(risk.likelihood_after, risk.severity_after)


def is_lowered(risk: Risk) -> bool:
    """Whether it is judged less likely or less severe after measures than before them."""
    pairs = ((risk.likelihood, risk.likelihood_after), (risk.severity, risk.severity_after))
    return any(None not in pair and pair[1] < pair[0] for pair in pairs)  # type: ignore[operator]


def checked(system: System, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are kept. Raises InputError that names the field."""
    if unknown := set(said) - set(FIELDS):
        raise InputError(f"A risk has no {', '.join(sorted(unknown))}.")
    found = dict(said)
    if "hazard" in said:
        found["hazard"] = needed("hazard", " ".join(said["hazard"].split()), "Say in a few words what could go wrong.")
    for name in ("cause", "affected"):
        if name in said:
            found[name] = words(name, said[name], LONGEST[name])
    if "rights" in said:
        found["rights"] = checked_rights(said["rights"])
    for name, scale in DEGREES.items():
        if name in said:
            found[name] = checked_degree(scale, said[name])
    if "owner" in said:
        found["owner"] = known_owner(system.organisation, said["owner"])
    return found


def whole(risk: Risk) -> None:
    """A degree says something only together with the other one. Raises InputError."""
    for when, one, other in (
        ("before measures", risk.likelihood, risk.severity),
        ("after measures", risk.likelihood_after, risk.severity_after),
    ):
        if (one is None) != (other is None):
            raise InputError(f"Say both how likely and how severe it is {when}, or neither.")
    if risk.likelihood is None and risk.likelihood_after is not None:
        raise InputError("Say how likely and how severe it is before measures first.")


def checked_measure(risk: Risk, said: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(said) - set(MEASURE_FIELDS):
        raise InputError(f"A measure has no {', '.join(sorted(unknown))}.")
    found = dict(said)
    if "text" in said:
        found["text"] = needed("text", said["text"], "Say what is done about it.")
    if "owner" in said:
        found["owner"] = known_owner(risk.organisation, said["owner"])
    for name in ("due_on", "done_on"):
        if said.get(name) is not None and not isinstance(said[name], date):
            raise InputError("The day of a measure is a date.")
    if said.get("done_on") and said["done_on"] > timezone.now().date():
        raise InputError("It cannot have been done in the future.")
    return found


def needed(field: str, text: str, refusal: str) -> str:
    found = words(field, text, LONGEST[field])
    if not found:
        raise InputError(refusal)
    return found


def degrees_of(risk: Risk) -> dict[str, int | None]:
    return {name: getattr(risk, name) for name in DEGREES}


def plain(risk: Risk) -> dict[str, Any]:
    """As the trail keeps it."""
    return {name: getattr(risk, name) for name in FIELDS if name != "owner"} | {"owner": named(risk.owner)}


def plain_measure(measure: Measure) -> dict[str, Any]:
    days = {name: day.isoformat() if (day := getattr(measure, name)) else None for name in ("due_on", "done_on")}
    return {"text": measure.text, "owner": named(measure.owner), **days}


def named(user: Any) -> dict[str, Any] | None:
    return {"id": user.pk, "name": str(user)} if user else None
