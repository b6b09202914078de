"""What the list of jobs can be asked for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest

from models.accounts.filters import Filters, choice
from models.accounts.models import Organisation
from models.jobs.kinds import kind_named
from models.jobs.models import FINISHED, Job, State

GOING = "going"
STATES = [(GOING, "On the way"), *((state.value, state.label) for state in State)]


class JobFilters(Filters):
    searched = ("title", "error", "created_by__name", "created_by__email")
    lookups = {"kind": "kind"}

    state = choice("State", "Any", STATES)
    kind = choice("Kind", "Any", ())
    by = choice("Asked for by", "Anyone", [("me", "Me")])

    def __init__(self, request: HttpRequest, organisation: Organisation) -> None:
        super().__init__(request)
        self.user = request.user
        kinds = Job.objects.of(organisation).order_by("kind").values_list("kind", flat=True).distinct()
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Any"), *((kind, title(kind)) for kind in kinds)]

    def narrowed(self, found: QuerySet[Any]) -> QuerySet[Any]:
        found = super().narrowed(found)
        said = self.cleaned_data if self.is_valid() else {}
        if said.get("state") == GOING:
            found = found.exclude(state__in=FINISHED)
        elif said.get("state"):
            found = found.filter(state=said["state"])
        return found.filter(created_by=self.user) if said.get("by") else found


def title(kind: str) -> str:
    try:
        return kind_named(kind).title or kind
    except KeyError:
        return kind
