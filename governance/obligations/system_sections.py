"""What this room shows on a system's page: how far its obligations are, what is late and what is stale."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest

from governance.obligations.models import Duty, Evidence, State
from governance.obligations.rows import OPEN, PROVEN, today
from governance.obligations.staleness import now, outdated, stale
from governance.systems.models import System
from governance.systems.sections import Section


def obligations(system: System, request: HttpRequest) -> dict[str, Any]:
    """Counted by the database; only evidence and what was accepted is looked at one by one. Six queries."""
    day = today()
    asked = Duty.objects.of(system.organisation).filter(system=system, is_asked=True)
    dated = Q(binds_from__isnull=False, where="")
    return asked.aggregate(
        asked=Count("pk"),
        now=Count("pk", filter=dated & Q(binds_from__lte=day)),
        coming=Count("pk", filter=dated & Q(binds_from__gt=day)),
        proven=Count("pk", filter=Q(state__in=PROVEN)),
        overdue=Count("pk", filter=Q(state__in=OPEN, due_on__lt=day)),
    ) | {"stale": stale_among(system, asked.exclude(state=State.NOT_APPLICABLE))}


def stale_among(system: System, duties: Any) -> int:
    held = now(system, today())
    supporting = Evidence.objects.of(system.organisation).filter(system=system, supports__isnull=False).distinct()
    read = supporting.select_related("audit__dataset").only("expires_on", "audit__model", "audit__dataset__dataset",
                                                            "audit__dataset__number")  # fmt: skip
    worn = [each.pk for each in read if stale(each, held)]
    of_worn = duties.filter(supports__evidence__in=worn).values_list("pk", flat=True)
    of_law = [each.pk for each in duties.filter(state=State.ACCEPTED) if outdated(each)]
    return len({*of_worn, *of_law})


SECTIONS = (Section("obligations", "Obligations", "obligations/section.html", obligations, 40, "system-obligations"),)
