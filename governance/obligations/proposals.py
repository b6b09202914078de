"""Results that could be attached: audits of a system's models that ended, each with the obligations it answers to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import transaction

from audits.measure.check import Check, discover
from audits.models import Audit
from governance.obligations.board import attach
from governance.obligations.evidence import About, bring_audit, supported_by_check
from governance.obligations.models import Duty, Evidence
from governance.obligations.rows import asked_of
from governance.systems.models import System, SystemPart
from models.errors import InputError
from models.registry.blobs.store import StorageError
from models.registry.storage import store

MOST = 5
# what a check's result is called among the kinds of evidence, the one that says most first
TYPES = {"fairness": "fairness-audit", "explanation": "explainability-report", "performance": "accuracy-metrics"}
OTHERWISE = "test-report"


@dataclass(frozen=True, slots=True)
class Proposal:
    audit: Audit
    duties: tuple[Duty, ...]


def proposed(system: System, asked: dict[str, Duty]) -> list[Proposal]:
    """The newest results of the versions in the system that are no evidence of it yet, one for each version and its
    data. `asked` by requirement. One query, and a file for each result that was not read before."""
    parts = SystemPart.unscoped.filter(system=system).values("version")
    known = Evidence.unscoped.filter(system=system, audit__isnull=False).values("audit")
    found = Audit.objects.of(system.organisation).filter(model__in=parts).exclude(evidence="").exclude(pk__in=known)
    found = found.select_related("model__model", "dataset__dataset").defer(
        "parameters", "policy", "model__stored_signature", "dataset__stored_profile"
    )
    newest: dict[Any, Audit] = {}
    for audit in found.order_by("-created_at", "pk")[: 10 * MOST]:
        newest.setdefault((audit.model_id, audit.dataset_id), audit)
    return [Proposal(audit, answered(audit, asked)) for audit in list(newest.values())[:MOST]]


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
    """The audit as evidence of every obligation that it answers to. Raises Forbidden, NotFound, InputError."""
    with transaction.atomic():
        duties = list(answered(audit, asked_of(system)))
        if not duties:
            raise InputError("This audit answers to nothing that is asked of the system.")
        title = f"{audit}"[:200]
        made = bring_audit(user, system, audit, About(title=title, type=type_of(audit)))
        for duty in duties:
            attach(user, duty, made)
    return made, duties


def producers(requirement: str) -> list[Check]:
    """The checks whose result is evidence for a requirement."""
    return [check for check in discover() if requirement in supported_by_check(check.id)]
