"""What has gone stale: evidence of another version, expired or replaced, and what was accepted under another text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max

from governance.frameworks.requirements import framework
from governance.obligations.models import Duty, Evidence, State
from governance.systems.models import System, SystemPart
from models.registry.models import DatasetVersion


@dataclass(frozen=True, slots=True)
class Now:
    """What evidence of a system is held against: the day, the versions that work in it, the newest of each dataset."""

    day: date
    parts: frozenset[object]
    datasets: dict[object, int]


def now(system: System, day: date) -> Now:
    """Two queries."""
    parts = SystemPart.unscoped.filter(system=system).values_list("version_id", flat=True)
    audited = Evidence.unscoped.filter(system=system, audit__isnull=False).values("audit__dataset__dataset")
    newest = (
        DatasetVersion.unscoped.filter(dataset__in=audited).order_by().values_list("dataset").annotate(Max("number"))
    )
    return Now(day, frozenset(parts), dict(newest))


def stale(evidence: Evidence, now: Now, replaced: bool) -> list[str]:
    """Why the piece does not count as it did; empty for one that does. `evidence.audit.dataset` is at hand."""
    found = []
    if evidence.expires_on is not None and evidence.expires_on < now.day:
        found.append(f"it expired on {evidence.expires_on:%-d %B %Y}")
    if replaced:
        found.append("there is a newer version of it")
    if evidence.audit is not None:
        found.extend(stale_audit(evidence, now))
    return found


def stale_audit(evidence: Evidence, now: Now) -> Iterable[str]:
    audit = evidence.audit
    assert audit is not None
    if audit.model_id is not None and audit.model_id not in now.parts:
        yield "the model version that it audited is no part of the system"
    newest = now.datasets.get(audit.dataset.dataset_id, 0)
    if newest > audit.dataset.number:
        yield f"version {newest} of the data is newer than what it was audited on"


def outdated(duty: Duty) -> str:
    """Why the acceptance of a duty does not count as it did."""
    held = framework(duty.framework).version
    if duty.state == State.ACCEPTED and duty.law_version != held:
        return f"it was accepted under {duty.law_version}; the text held now is {held}"
    return ""
