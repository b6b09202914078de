"""What this room shows on a system's page: how far its obligations are, what is late and what is stale."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest

from governance.obligations.models import Duty
from governance.obligations.rows import APPLIES, OPEN, today
from governance.obligations.staleness import PROVEN, worn
from governance.systems.models import System
from governance.systems.sections import Section


def obligations(system: System, request: HttpRequest) -> dict[str, Any]:
    """Counted by the database, in two queries."""
    day = today()
    asked = Duty.objects.of(system.organisation).filter(system=system, is_asked=True)
    dated = APPLIES & Q(binds_from__isnull=False)
    counts = asked.aggregate(
        asked=Count("pk"),
        now=Count("pk", filter=dated & Q(binds_from__lte=day)),
        coming=Count("pk", filter=dated & Q(binds_from__gt=day)),
        only_if=Count("pk", filter=~APPLIES),
        proven=Count("pk", filter=Q(state__in=PROVEN)),
        overdue=Count("pk", filter=Q(state__in=OPEN, due_on__lt=day)),
    )
    return {**counts, "stale": worn(asked, day).count()}


SECTIONS = (Section("obligations", "Obligations", "obligations/section.html", obligations, 40, "system-obligations"),)
