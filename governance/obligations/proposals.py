"""Results that could be attached: audits of a system's models that ended, each with the obligations it answers to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from audits.measure.check import Check, discover
from audits.models import Audit
from governance.obligations.board import LONGEST_REASON, alone, attach
from governance.obligations.evidence import About, bring_audit, supported_by_check
from governance.obligations.models import Dismissal, Duty, Evidence
from governance.obligations.rows import asked_of
from governance.systems.models import System, SystemPart
from models.accounts.models import Organisation
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.blobs.store import StorageError
from models.registry.register import words
from models.registry.storage import store
from models.trail.record import record

MOST = 5
# what a check's result is called among the kinds of evidence, the one that says most first
TYPES = {"fairness": "fairness-audit", "explanation": "explainability-report", "performance": "accuracy-metrics"}
OTHERWISE = "test-report"


@dataclass(frozen=True, slots=True)
class Proposal:
    audit: Audit
    duties: tuple[Duty, ...]


def proposed(system: System, asked: dict[str, Duty]) -> list[Proposal]:
    """The newest results of the versions in the system, one for each version and its data, of which nobody decided yet.
    `asked` by requirement. One query, and a file for each result that was not read before."""
    decided = Evidence.unscoped.filter(system=system, audit=OuterRef("pk"))
    dismissed = Dismissal.unscoped.filter(system=system, audit=OuterRef("pk"))
    found = results_of(system).annotate(is_decided=Exists(decided) | Exists(dismissed))
    newest: dict[Any, Audit] = {}
    for audit in found.order_by("-created_at", "pk")[: 10 * MOST]:
        newest.setdefault((audit.model_id, audit.dataset_id), audit)
    undecided = [audit for audit in newest.values() if not audit.is_decided]  # type: ignore[attr-defined]
    return [Proposal(audit, answered(audit, asked)) for audit in undecided[:MOST]]


def results_of(system: System) -> QuerySet[Audit]:
    """Those of the versions that work in the system."""
    return results(system.organisation).filter(model__in=SystemPart.unscoped.filter(system=system).values("version"))


def results(organisation: Organisation) -> QuerySet[Audit]:
    """Audits that ended with one, without what may be large."""
    found: QuerySet[Audit] = Audit.objects.of(organisation).exclude(evidence="")
    return found.select_related("organisation", "model__model", "dataset__dataset").defer(
        "parameters", "policy", "model__stored_signature", "dataset__stored_profile"
    )


def dismiss(user: Any, system: System, audit: Audit, reason: str) -> Dismissal:
    """Say why the result is not to be evidence: it is not proposed again. Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", system)
    authorize(user, "read", audit)
    why = words("reason", reason, LONGEST_REASON)
    if not why:
        raise InputError("Say why it is no evidence.")
    with transaction.atomic():
        alone(system)
        if Evidence.unscoped.filter(system=system, audit=audit).exists():
            raise InputError("This result is evidence already.")
        if Dismissal.unscoped.filter(system=system, audit=audit).exists():
            raise InputError("Somebody else dismissed it just now.")
        made = Dismissal.unscoped.create(
            organisation_id=system.organisation_id, system=system, audit=audit, reason=why, by=user
        )
        record(system.organisation, user, "result dismissed", system, {"audit": str(audit.pk), "reason": why})
    return made


def answered(audit: Audit, asked: dict[str, Duty]) -> tuple[Duty, ...]:
    """What is asked that the audit's checks answer to."""
    ids = dict.fromkeys(id for check in checks_of(audit.evidence) for id in supported_by_check(check))
    return tuple(asked[id] for id in ids if id in asked)


def checks_of(evidence: str) -> tuple[str, ...]:
    """Ids of the checks that gave a result; none where the file cannot be read now."""
    try:
        return read_checks(evidence)
    except StorageError:
        return ()


@lru_cache(maxsize=512)
def read_checks(evidence: str) -> tuple[str, ...]:
    read = json.loads(store().path(evidence).read_bytes())
    return tuple(check["id"] for check in read.get("checks") or [])


def type_of(audit: Audit) -> str:
    """The kind of evidence that an audit is."""
    checks = checks_of(audit.evidence)
    return next((kind for check, kind in TYPES.items() if check in checks), OTHERWISE)


def attach_result(user: Any, system: System, audit: Audit) -> tuple[Evidence, list[Duty]]:
    """The audit as evidence of every obligation that it answers to; it takes the place of an older one that it makes
    stale, and supports what that supported too. Raises Forbidden, NotFound, InputError."""
    with transaction.atomic():
        alone(system)
        asked = asked_of(system)
        duties = {duty.pk: duty for duty in answered(audit, asked)}
        if not duties:
            raise InputError("This audit answers to nothing that is asked of the system.")
        kind = type_of(audit)
        older = replaced_by(system, audit, kind)
        if older is not None:
            supported = set(older.supports.values_list("duty", flat=True))
            duties |= {duty.pk: duty for duty in asked.values() if duty.pk in supported}
        made = bring_audit(user, system, audit, About(title=f"{audit}"[:200], type=kind, replaces=older))
        for duty in duties.values():
            attach(user, duty, made)
    return made, list(duties.values())


def replaced_by(system: System, audit: Audit, kind: str) -> Evidence | None:
    """The newest evidence of the same kind from the same model and the same data whose version this audit was made of
    too, or works in the system no longer."""
    if audit.model is None:
        return None
    found = Evidence.unscoped.filter(system=system, type=kind, replaced_by=None, audit__created_at__lt=audit.created_at)
    found = found.filter(audit__model__model=audit.model.model_id, audit__dataset__dataset=audit.dataset.dataset_id)
    others = SystemPart.unscoped.filter(system=system).exclude(version=audit.model_id).values("version")
    return found.exclude(audit__model__in=others).order_by("-audit__created_at", "-number").first()


def producers(requirement: str) -> list[Check]:
    """The checks whose result is evidence for a requirement."""
    return [check for check in discover() if requirement in supported_by_check(check.id)]
