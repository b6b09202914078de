"""What has gone stale: evidence of another version, expired or replaced, and what was accepted under another text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from governance.frameworks.requirements import framework, frameworks
from governance.obligations.models import Duty, Evidence, State, Support
from governance.systems.models import System, SystemPart
from models.registry.models import DatasetVersion


@dataclass(frozen=True, slots=True)
class Now:
    """What evidence of a system is held against: the day, the versions that work in it, the newest of each dataset, and
    the pieces that a newer version replaced."""

    day: date
    parts: frozenset[object]
    datasets: dict[object, int]
    replaced: frozenset[object]


def now(system: System, day: date) -> Now:
    """Three queries."""
    parts = SystemPart.unscoped.filter(system=system).values_list("version_id", flat=True)
    mine = Evidence.unscoped.filter(system=system)
    audited = mine.filter(audit__isnull=False).values("audit__dataset__dataset")
    newest = (
        DatasetVersion.unscoped.filter(dataset__in=audited).order_by().values_list("dataset").annotate(Max("number"))
    )
    replaced = mine.filter(replaces__isnull=False).values_list("replaces_id", flat=True)
    return Now(day, frozenset(parts), dict(newest), frozenset(replaced))


def stale(evidence: Evidence, now: Now) -> tuple[str, ...]:
    """Why the piece does not count as it did; empty for one that does. `evidence.audit.dataset` is at hand."""
    return tuple(reasons(evidence, now))


def reasons(evidence: Evidence, now: Now) -> Iterable[str]:
    if evidence.expires_on is not None and evidence.expires_on < now.day:
        yield f"it expired on {evidence.expires_on:%-d %B %Y}"
    if evidence.pk in now.replaced:
        yield "there is a newer version of it"
    if evidence.audit is None:
        return
    if evidence.audit.model_id is not None and evidence.audit.model_id not in now.parts:
        yield "the model version that it audited is no part of the system"
    newest = now.datasets.get(evidence.audit.dataset.dataset_id, 0)
    if newest > evidence.audit.dataset.number:
        yield f"version {newest} of the data is newer than what it was audited on"


def worn(duties: QuerySet[Duty], day: date) -> QuerySet[Duty]:
    """Those of the duties of which something is stale, found by the database: what `reasons` and `outdated` say."""
    audited = OuterRef("evidence__audit__model")
    in_system = SystemPart.unscoped.filter(system=OuterRef("evidence__system"), version=audited)
    newer = DatasetVersion.unscoped.filter(
        dataset=OuterRef("evidence__audit__dataset__dataset"), number__gt=OuterRef("evidence__audit__dataset__number")
    )
    gone = Q(evidence__audit__model__isnull=False) & ~Exists(in_system)
    over = Q(evidence__expires_on__lt=day) | Q(evidence__replaced_by__isnull=False) | gone | Exists(newer)
    held = reduce(or_, (Q(framework=name, law_version=framework(name).version) for name in frameworks()))
    supports = Support.unscoped.filter(over, duty=OuterRef("pk"))
    return duties.exclude(state=State.NOT_APPLICABLE).filter(Exists(supports) | (Q(state=State.ACCEPTED) & ~held))


def outdated(duty: Duty) -> str:
    """Why the acceptance of a duty does not count as it did; empty where it does or there is none."""
    held = framework(duty.framework).version
    if duty.state == State.ACCEPTED and duty.law_version != held:
        return f"it was accepted under {duty.law_version or 'another text'}; the text held now is {held}"
    return ""
