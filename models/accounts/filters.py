"""What narrows a list down: fields above it, bound to the address, so that a narrowed list can be sent to someone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest


class Filters(forms.Form):
    """`searched` are the fields that `q` looks into. Below it come fields that each narrow by a lookup of their own.

    What will not do (an unknown choice, a letter that no database takes) is said at its field, and nothing is listed.
    """

    searched: tuple[str, ...] = ()
    lookups: dict[str, str] = {}
    orders: dict[str, tuple[str, ...]] = {}

    q = forms.CharField(max_length=200, required=False, label="Search")

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.GET, use_required_attribute=False)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order was asked for."""
        return any(self[name].value() for name in self.fields if name != "sort")

    def narrowed(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """What fits, in the order asked for; nothing where the question makes no sense."""
        if not self.is_valid():
            return found.none()
        said = self.cleaned_data
        if said["q"]:
            found = found.filter(reduce(or_, (Q(**{f"{name}__icontains": said["q"]}) for name in self.searched)))
        for name, lookup in self.lookups.items():
            if said.get(name):
                found = found.filter(**{lookup: said[name]})
        order = self.orders.get(said.get("sort") or "") or next(iter(self.orders.values()), None)
        return found.order_by(*order) if order else found

    def page(self, found: QuerySet[Any], size: int) -> Page[Any]:
        """The page of what fits that the address asks for."""
        return Paginator(self.narrowed(found), size).get_page(self.data.get("page"))


def choice(label: str, everything: str, choices: Iterable[tuple[str, str]]) -> forms.ChoiceField:
    """One of these, or all."""
    return forms.ChoiceField(label=label, required=False, choices=[("", everything), *choices])
