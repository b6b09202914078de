"""What this room shows on a system's page: what is open, and what was last."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from governance.incidents.lists import incidents_of
from governance.systems.models import System
from governance.systems.sections import Section
from models.accounts.permission import may

SHOWN = 5


def incidents(system: System, request: HttpRequest) -> dict[str, Any]:
    found = incidents_of(system.organisation).filter(system=system)
    rows = list(found.order_by("closed_at", "-aware_at")[: SHOWN + 1])
    return {"rows": rows[:SHOWN], "more": len(rows) > SHOWN, "may_govern": may(request.user, "govern", system)}


SECTIONS = (Section("incidents", "Incidents", "incidents/section.html", incidents, 60, "system-incidents"),)
