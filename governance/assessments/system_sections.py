"""What this room shows on a system's page: the assessment under way, and the one in force."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from governance.assessments.lists import assessments_of
from governance.assessments.models import Assessment, State
from governance.assessments.signing import barred
from governance.systems.models import System
from governance.systems.sections import Next, Section
from models.accounts.permission import may


def sign_off(system: System, request: HttpRequest) -> dict[str, Any]:
    found = assessments_of(system.organisation).filter(system=system).exclude(state=State.SUPERSEDED)
    rows = list(found.order_by("-number"))
    may_govern = may(request.user, "govern", system)
    newest = rows[0] if rows else None
    return {"next": to_sign(request.user, system, newest, may_govern), "rows": rows, "may_govern": may_govern}


def to_sign(user: Any, system: System, newest: Assessment | None, may_govern: bool) -> Next | None:
    if newest is None:
        begin = reverse("begin-assessment", args=[system.pk])
        why = "It gathers all of this into one report, which a second person signs."
        return Next("Begin a risk assessment", why, begin, begins=True) if may_govern else None
    address = reverse("assessment", args=[newest.pk])
    if newest.state == State.DRAFT and may_govern:
        return Next("Read the draft", f"Once it is whole, send it into review: {newest} is a draft.", address)
    if newest.state == State.IN_REVIEW and may(user, "approve", system) and not barred(user, newest):
        return Next("Read and decide", f"{newest} waits for somebody who wrote nothing in it.", address)
    return None


SECTIONS = (Section("sign-off", "Risk assessment", "assessments/section.html", sign_off, 70, "system-assessments"),)
