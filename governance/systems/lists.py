"""The list of systems: what narrows it, and what each row shows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from governance.systems.models import Stage, Standing, System
from governance.systems.words import CLASSES
from models.accounts.filters import Filters, choice
from models.accounts.models import Membership, Organisation, User

UNCLASSIFIED, NOBODY = "unclassified", "nobody"
MOST_OWNERS = 200


class SystemFilters(Filters):
    searched = ("name", "purpose", "owner__name", "owner__email")
    lookups = {"stage": "stage"}
    orders = {"": ("name", "pk"), "new": ("-created_at", "pk")}

    outcome = choice("Class", "Any", [(UNCLASSIFIED, "Not classified yet"), *CLASSES.items()])
    stage = choice("Stage", "Any", Stage.choices)
    owner = choice("Owner", "Anyone", ())
    archived = forms.ChoiceField(label="List", required=False, choices=[("", "In use"), ("yes", "Archived")])
    sort = forms.ChoiceField(label="Order", required=False, choices=[("", "Name"), ("new", "Newest first")])

    def __init__(self, request: HttpRequest, organisation: Organisation) -> None:
        super().__init__(request)
        here = Membership.objects.of(organisation).filter(user__is_active=True)
        self.members = here.values("user")
        owners = User.objects.filter(pk__in=System.objects.of(organisation).values("owner"))[:MOST_OWNERS]
        field = self.fields["owner"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", "Anyone"),
            (NOBODY, "Nobody who is here"),
            *((str(owner.pk), str(owner)) for owner in owners),
        ]

    def narrowed(self, found: QuerySet[Any]) -> QuerySet[Any]:
        found = super().narrowed(found)
        said = getattr(self, "cleaned_data", {})
        if owner := said.get("owner"):
            found = found.exclude(owner__in=self.members) if owner == NOBODY else found.filter(owner=owner)
        if outcome := said.get("outcome"):
            found = found.filter(outcome=None if outcome == UNCLASSIFIED else outcome)
        return found.filter(is_archived=said.get("archived") == "yes")


def systems_of(organisation: Organisation) -> QuerySet[Any]:
    """With the class that each was last found to be (None: not classified), and as of which day."""
    newest = Standing.unscoped.filter(system=OuterRef("pk")).order_by("-number")
    last = {name: Subquery(newest.values(name)[:1]) for name in ("outcome", "as_of")}
    return System.objects.of(organisation).select_related("owner").annotate(**last)
