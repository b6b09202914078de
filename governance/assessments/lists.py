"""The list of assessments: what narrows it, and what waits for its reader."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from governance.assessments.models import Assessment, State
from governance.assessments.signing import UNDER_WAY, barred
from models.accounts.filters import Filters
from models.accounts.models import Organisation
from models.accounts.permission import may

MOST_WAITING = 20


class AssessmentFilters(Filters):
    searched = ("system__name", "summary")
    orders = {"": ("-created_at", "pk")}

    state = forms.ChoiceField(label="Show", required=False, choices=[("", "All"), *State.choices])

    def narrowed(self, found: QuerySet[Assessment]) -> QuerySet[Assessment]:
        found = super().narrowed(found)
        state = getattr(self, "cleaned_data", {}).get("state")
        return found.filter(state=state) if state else found


def assessments_of(organisation: Organisation) -> QuerySet[Assessment]:
    return Assessment.objects.of(organisation).select_related("system").defer("snapshot")


def waiting_for(user: Any, organisation: Organisation) -> list[Assessment]:
    """What the person can move on: for an approver what others wrote, for who governs the drafts they wrote in."""
    approves, governs = (may(user, action, organisation) for action in ("approve", "govern"))
    found = assessments_of(organisation).select_related("organisation").filter(state__in=UNDER_WAY)
    mine = [
        each
        for each in found.order_by("created_at")
        if (approves and each.state == State.IN_REVIEW and not barred(user, each))
        or (governs and each.state == State.DRAFT and user.pk in each.authors)
    ]
    return mine[:MOST_WAITING]
