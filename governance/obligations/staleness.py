"""What has gone stale: evidence of another version, expired or replaced, and what was proven under another text.

Said twice, in the same order: of rows that are read (`stale`, `uncovered`, `outdated`), and by the database (`worn`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from governance.frameworks.requirements import framework, frameworks
from governance.obligations.gone import text_held
from governance.obligations.models import Duty, Evidence, State, Support
from governance.systems.models import System, SystemPart
from models.registry.models import DatasetVersion

PROVEN = (State.EVIDENCED, State.ACCEPTED)


class Works(NamedTuple):
    """A model version that works in a system: the key of its model, which it is, and how it is called."""

    model: object
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Now:
    """What evidence of a system is held against: the day, the model versions that work in it by key, the newest of each
    dataset, and the pieces that a newer version replaced."""

    day: date
    parts: dict[object, Works]
    datasets: dict[object, int]
    replaced: frozenset[object]


def now(system: System, day: date) -> Now:
    """Three queries."""
    parts = SystemPart.unscoped.filter(system=system).select_related("version__model")
    mine = Evidence.unscoped.filter(system=system)
    audited = mine.filter(audit__isnull=False).values("audit__dataset__dataset")
    newest = (
        DatasetVersion.unscoped.filter(dataset__in=audited).order_by().values_list("dataset").annotate(Max("number"))
    )
    replaced = mine.filter(replaces__isnull=False).values_list("replaces_id", flat=True)
    versions = [part.version for part in parts.defer("version__stored_signature")]
    works: dict[object, Works] = {each.pk: Works(each.model_id, each.number, str(each)) for each in versions}
    return Now(day, works, dict(newest), frozenset(replaced))


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


def uncovered(pieces: Iterable[Evidence], now: Now) -> tuple[str, ...]:
    """What newer versions of the audited models work in the system, where nothing attached is of one so new."""
    newest: dict[object, int] = {}
    for piece in pieces:
        if piece.audit is not None and piece.audit.model is not None:
            model, number = piece.audit.model.model_id, piece.audit.model.number
            newest[model] = max(number, newest.get(model, 0))
    return tuple(
        f"{part.name} works in the system, and nothing attached is of it"
        for part in sorted(now.parts.values(), key=lambda part: (part.name, part.number))
        if part.number > newest.get(part.model, part.number)
    )


def outdated(duty: Duty) -> tuple[str, ...]:
    """Why what was said of a duty does not count as it did: the law was changed."""
    held = text_held(duty.framework)
    if duty.state not in PROVEN or duty.law_version in ("", held):
        return ()
    said = f"it was {'accepted' if duty.state == State.ACCEPTED else 'said to be evidenced'} under {duty.law_version}"
    return (f"{said}; the text held now is {held}" if held else f"{said}, of which no text is held any more",)


def worn(duties: QuerySet[Duty], day: date) -> QuerySet[Duty]:
    """Those of the duties of which something is stale, found by the database."""
    audited = OuterRef("evidence__audit__model")
    in_system = SystemPart.unscoped.filter(system=OuterRef("evidence__system"), version=audited)
    newer = DatasetVersion.unscoped.filter(
        dataset=OuterRef("evidence__audit__dataset__dataset"), number__gt=OuterRef("evidence__audit__dataset__number")
    )
    gone = Q(evidence__audit__model__isnull=False) & ~Exists(in_system)
    over = Q(evidence__expires_on__lt=day) | Q(evidence__replaced_by__isnull=False) | gone | Exists(newer)
    followed = Support.unscoped.filter(duty=OuterRef("duty"), evidence__replaces=OuterRef("evidence"))
    mine = Support.unscoped.filter(duty=OuterRef("pk"))
    held = reduce(or_, (Q(framework=name, law_version=framework(name).version) for name in frameworks()))
    other_text = Q(state__in=PROVEN) & ~Q(law_version="") & ~held
    found = Exists(mine.filter(over, ~Exists(followed))) | Exists(mine.filter(Exists(newer_part()))) | other_text
    return duties.exclude(state=State.NOT_APPLICABLE).filter(found)


def newer_part() -> QuerySet[SystemPart]:
    """For a support: newer versions of the audited model in the system, where nothing attached is of one so new."""
    model, number = OuterRef("evidence__audit__model__model"), OuterRef("evidence__audit__model__number")
    attached = Support.unscoped.filter(
        duty=OuterRef(OuterRef("duty")),
        evidence__audit__model__model=OuterRef("version__model"),
        evidence__audit__model__number__gte=OuterRef("version__number"),
    )
    parts = SystemPart.unscoped.filter(
        system=OuterRef("evidence__system"), version__model=model, version__number__gt=number
    )
    return parts.filter(~Exists(attached))
