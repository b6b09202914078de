"""What this room shows on a system's page: how many risks stand where, and which statements are owed and missing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from governance.law.risks import levels
from governance.law.statements import forms
from governance.risks.keeping import initial, remaining
from governance.risks.lists import STANDS, risks_of
from governance.risks.statements import owed
from governance.systems.models import System
from governance.systems.sections import Next, Section
from models.accounts.permission import may


def risks(system: System, request: HttpRequest) -> dict[str, Any]:
    """Each risk by what it comes to after measures, where that was judged. One query, another where there is none."""
    found = list(risks_of(system.organisation).filter(system=system, state__in=STANDS))
    reached = Counter(known.id if (known := remaining(each) or initial(each)) else "" for each in found)
    may_govern = may(request.user, "govern", system)
    return {
        "next": to_judge(system, len(found), reached[""]) if may_govern else None,
        "total": len(found),
        "counts": [(each, reached[each.id]) for each in reversed(levels()) if reached[each.id]],
        "not_judged": reached[""],
        "accepted": sum(each.accepted_at is not None for each in found),
        "may_govern": may_govern,
    }


def to_judge(system: System, total: int, not_judged: int) -> Next | None:
    """Risks are looked for once it has a class; what stands there is judged in any case."""
    address = reverse("system-risks", args=[system.pk])
    if not total and system.standing:
        return Next("Say what could go wrong", "No risk is registered yet. Findings of audits propose some.", address)
    if not_judged:
        why = "Of some it is not said how likely and how severe they are."
        return Next("Judge the risks", why, f"{address}?state=not-judged")
    return None


def statements(system: System, request: HttpRequest) -> dict[str, Any]:
    """Two queries."""
    rows = owed(system)
    return {"owed": [each for each in rows if each.is_owed or each.newest], "kinds": len(forms())}


SECTIONS = (
    Section("risks", "Risks", "risks/section.html", risks, 50, "system-risks"),
    Section("statements", "Statements", "risks/statements_section.html", statements, 52, "system-statements"),
)
