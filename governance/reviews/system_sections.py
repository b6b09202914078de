"""What this room shows on a system's page: what is reviewed next."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, Subquery
from django.http import HttpRequest

from governance.reviews.lists import reviews_of
from governance.systems.models import System
from governance.systems.sections import Section
from models.accounts.permission import may

SHOWN = 3


def reviews(system: System, request: HttpRequest) -> dict[str, Any]:
    """One query: the last one that was done, then the next ones."""
    found = reviews_of(system.organisation).filter(system=system)
    last = found.exclude(done_at=None).order_by("-done_at", "pk").values("pk")[:1]
    shown = found.filter(Q(done_at=None) | Q(pk=Subquery(last)))
    rows = list(shown.order_by(F("done_at").desc(nulls_last=True), "due_on", "pk")[: SHOWN + 2])
    done = rows.pop(0) if rows and rows[0].done_at else None
    return {
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "last": done,
        "may_govern": may(request.user, "govern", system),
    }


SECTIONS = (Section("reviews", "Reviews", "reviews/section.html", reviews, 65, "system-reviews"),)
