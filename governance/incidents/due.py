"""The clocks of serious incidents that nobody was told of."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse

from governance.incidents.keeping import outcomes_of
from governance.incidents.models import Incident, Notification
from governance.law.incidents import Running, running
from governance.systems.days import Due, Span
from governance.systems.models import Standing
from models.accounts.models import Organisation


def due(organisation: Organisation, span: Span) -> Iterator[Due]:
    """The first clock of each that binds by then, or may, as long as its system has no class. Two queries.

    What is due at once has no day; the incident's page says so.
    """
    newest = Standing.unscoped.filter(system=OuterRef("system")).order_by("-number").values("pk")[:1]
    told = Notification.unscoped.filter(incident=OuterRef("pk"))
    found = Incident.objects.of(organisation).filter(~Exists(told), closed_at=None).exclude(kinds=[])
    found = found.select_related("system").defer("known", "corrective").annotate(classified=Subquery(newest))
    rows = list(found.order_by("aware_at")[: span.most])
    standings = Standing.unscoped.only("outcome", "result").in_bulk({each.classified for each in rows})
    for incident in rows:
        standing = standings.get(incident.classified)
        clocks = running(incident.kinds, incident.aware_at, incident.system.roles, outcomes_of(standing))
        first = next((each for each in clocks if counts(each, standing)), None)
        if first and first.due and span.has(first.due.date()):
            yield Due(
                first.due.date(),
                "Incident report",
                f"{first.clock.ref}: {incident.title}",
                incident.system.name,
                reverse("incident", args=[incident.pk]),
                f"incident:{incident.pk}",
                incident.system.owner_id,
                at=first.due,
            )


def counts(clock: Running, standing: Standing | None) -> bool:
    return clock.due is not None and (standing is None or clock.is_binding(clock.due.date()))
