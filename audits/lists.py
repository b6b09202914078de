"""The list of audits: what narrows it, and what stands in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet

from audits.models import Audit
from models.accounts.filters import Filters, choice
from models.accounts.models import Organisation
from models.jobs.models import State

RELATED = ("model__model", "dataset__dataset", "job", "created_by")
# what no list and no heading shows, and what may be large
HEAVY = ("model__stored_signature", "dataset__stored_profile", "job__log", "job__params", "job__result")
SHOWN = (
    "organisation", "created_at", "evidence", "outcomes", "job__state", "created_by__name", "created_by__email",
    "model__number", "model__model__name", "dataset__number", "dataset__dataset__name",
)  # fmt: skip
STATES = {State.QUEUED: "Waiting", State.RUNNING: "Running", State.SUCCEEDED: "Done"}


class AuditFilters(Filters):
    """`model` and `dataset` take a part of a name, or the id that a link brings."""

    searched = ("model__model__name", "dataset__dataset__name", "created_by__name", "created_by__email", "job__title")
    lookups = {"verdict": "verdict", "state": "job__state"}
    orders = {"": ("-created_at", "pk"), "oldest": ("created_at", "pk")}

    verdict = choice("Outcome", "Any", Audit.Verdict.choices)
    state = choice("State", "Any", [(state.value, STATES.get(state, state.label)) for state in State])
    model = forms.CharField(max_length=200, required=False, label="Model")
    dataset = forms.CharField(max_length=200, required=False, label="Data")
    sort = forms.ChoiceField(label="Order", required=False, choices=[("", "Newest first"), ("oldest", "Oldest first")])

    def narrowed(self, found: QuerySet[Any]) -> QuerySet[Any]:
        found = super().narrowed(found)
        if not self.is_valid():
            return found
        for name in ("model", "dataset"):
            if asked := self.cleaned_data[name].strip():
                found = found.filter(named(name, asked))
        return found


def named(name: str, asked: str) -> Q:
    try:
        number = UUID(asked)
    except ValueError:
        return Q(**{f"{name}__{name}__name__icontains": asked})
    return Q(**{f"{name}_id": number}) | Q(**{f"{name}__{name}_id": number})


def rows_of(organisation: Organisation) -> QuerySet[Any]:
    """With what the list shows, and no more: a page of it is hundreds of objects."""
    return Audit.objects.of(organisation).select_related(*RELATED).only(*SHOWN)


def audits_of(organisation: Organisation) -> QuerySet[Any]:
    found: QuerySet[Any] = Audit.objects.of(organisation)
    return found.select_related(*RELATED).defer(*HEAVY)
