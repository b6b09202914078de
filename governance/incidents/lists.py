"""The list of incidents: what narrows it."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet

from governance.incidents.models import Incident
from models.accounts.filters import Filters
from models.accounts.models import Organisation

OPEN, CLOSED = "open", "closed"


class IncidentFilters(Filters):
    searched = ("title", "system__name", "known")
    orders = {"": ("-aware_at", "pk")}

    state = forms.ChoiceField(label="Show", required=False, choices=[("", "All"), (OPEN, "Open"), (CLOSED, "Closed")])

    def narrowed(self, found: QuerySet[Incident]) -> QuerySet[Incident]:
        found = super().narrowed(found)
        state = getattr(self, "cleaned_data", {}).get("state")
        return found.filter(closed_at__isnull=state == OPEN) if state else found


def incidents_of(organisation: Organisation) -> QuerySet[Incident]:
    return Incident.objects.of(organisation).select_related("system")
