"""What this room shows on a system's page: what is reviewed next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from governance.reviews.lists import reviews_of
from governance.systems.models import System
from governance.systems.sections import Section
from models.accounts.permission import may

SHOWN = 3


def reviews(system: System, request: HttpRequest) -> dict[str, Any]:
    """Two queries."""
    found = reviews_of(system.organisation).filter(system=system)
    rows = list(found.filter(done_at=None).order_by("due_on", "pk")[: SHOWN + 1])
    return {
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "last": found.exclude(done_at=None).order_by("-done_at").first(),
        "may_govern": may(request.user, "govern", system),
    }


SECTIONS = (Section("reviews", "Reviews", "reviews/section.html", reviews, 65, "system-reviews"),)
