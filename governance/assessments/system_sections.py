"""What this room shows on a system's page: the assessment under way, and the one in force."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from governance.assessments.lists import assessments_of
from governance.assessments.models import State
from governance.systems.models import System
from governance.systems.sections import Section
from models.accounts.permission import may


def sign_off(system: System, request: HttpRequest) -> dict[str, Any]:
    found = assessments_of(system.organisation).filter(system=system).exclude(state=State.SUPERSEDED)
    return {"rows": list(found.order_by("-number")), "may_govern": may(request.user, "govern", system)}


SECTIONS = (Section("sign-off", "Risk assessment", "assessments/section.html", sign_off, 70, "system-assessments"),)
