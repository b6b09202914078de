"""The risks of an organisation: what narrows them, and the heat map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from governance.law.risks import Degree, Level, degrees, level
from governance.risks.models import Risk
from models.accounts.filters import Filters
from models.accounts.models import Membership, Organisation

STANDS = (Risk.State.OPEN, Risk.State.ACCEPTED)
NOT_JUDGED, NOBODYS, BEFORE, AFTER = "not-judged", "nobodys", "before", "after"


class RiskFilters(Filters):
    """`at` names a cell of the heat map, such as before-3-4 (likelihood, severity)."""

    searched = ("hazard", "cause", "affected")
    orders = {"": ("number", "pk")}

    state = forms.ChoiceField(
        label="Show",
        required=False,
        choices=[
            ("", "Open and accepted"),
            *Risk.State.choices,
            (NOT_JUDGED, "Not judged yet"),
            (NOBODYS, "Without an owner who is here"),
            ("all", "All"),
        ],
    )
    at = forms.RegexField(r"^(before|after)-[1-5]-[1-5]$", required=False, widget=forms.HiddenInput)

    def narrowed(self, found: QuerySet[Risk]) -> QuerySet[Risk]:
        found = super().narrowed(found)
        said = getattr(self, "cleaned_data", {})
        state, at = said.get("state"), said.get("at")
        if at:
            when, likelihood, severity = at.split("-")
            after = "_after" if when == AFTER else ""
            return found.filter(
                state__in=STANDS, **{f"likelihood{after}": int(likelihood), f"severity{after}": int(severity)}
            )
        if state == NOT_JUDGED:
            return found.filter(Q(likelihood=None) | Q(likelihood_after=None), state__in=STANDS)
        if state == NOBODYS:
            here = Membership.unscoped.filter(user__is_active=True, user=OuterRef("owner"))
            return found.filter(~Exists(here.filter(organisation=OuterRef("organisation"))), state__in=STANDS)
        if state in Risk.State.values:
            return found.filter(state=state)
        return found if state == "all" else found.filter(state__in=STANDS)


@dataclass(frozen=True, slots=True)
class Cell:
    """How many risks are that likely and that severe, and what this comes to; `at` is what the list is narrowed by."""

    at: str
    severity: Degree
    level: Level
    count: int


@dataclass(frozen=True, slots=True)
class Heat:
    """A heat map: rows from the most likely down, `unjudged` are the risks that stand in no cell."""

    title: str
    severities: tuple[Degree, ...]
    rows: tuple[tuple[Degree, tuple[Cell, ...]], ...]
    unjudged: int


def heat(risks: Iterable[Risk], when: str) -> Heat:
    """Of the risks that stand, `before` or `after` measures."""
    standing = [each for each in risks if each.state in STANDS]
    places = [
        (each.likelihood, each.severity) if when == BEFORE else (each.likelihood_after, each.severity_after)
        for each in standing
    ]
    severities = degrees("severity")
    rows = tuple(
        (likely, tuple(cell(when, likely, severe, places.count((likely.id, severe.id))) for severe in severities))
        for likely in reversed(degrees("likelihood"))
    )
    unjudged = sum(None in place for place in places)
    return Heat("Before measures" if when == BEFORE else "After measures", severities, rows, unjudged)


def cell(when: str, likely: Degree, severe: Degree, count: int) -> Cell:
    found = level(likely.id, severe.id)
    assert found is not None
    return Cell(f"{when}-{likely.id}-{severe.id}", severe, found, count)


def risks_of(organisation: Organisation) -> QuerySet[Risk]:
    return Risk.objects.of(organisation).select_related("system__organisation", "owner", "organisation")
