from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest

from governance.frameworks.load import as_of
from governance.frameworks.requirements import Framework
from governance.lawbook.words import level, role
from governance.systems.days import today
from models.accounts.filters import choice
from models.errors import InputError


class AsOf(forms.Form):
    """The day that a page of the law is for; today where none is named."""

    as_of = forms.DateField(
        label="As of",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the day as 2026-11-21."},
    )

    def __init__(self, request: HttpRequest) -> None:
        asked = request.GET.copy()
        asked.setdefault("as_of", today().isoformat())
        super().__init__(asked, use_required_attribute=False)
        self.is_narrowed = bool(request.GET)

    def clean_as_of(self) -> date:
        try:
            return as_of(self.cleaned_data["as_of"] or today())
        except InputError as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def day(self) -> date | None:
        """None where the day will not do; the form says why."""
        return self.cleaned_data["as_of"] if self.is_valid() else None


class Narrowed(AsOf):
    """What a framework asks of a role, on a route."""

    role = choice("Asked of", "Everybody", ())
    level = choice("Route", "All", ())

    def __init__(self, request: HttpRequest, framework: Framework) -> None:
        super().__init__(request)
        self.offer("role", ((each, role(each)) for each in framework.roles))
        self.offer("level", ((each, level(each)) for each in framework.levels))

    def offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        """Take the field away where there is nothing to choose."""
        field: Any = self.fields[name]
        if offered := list(choices):
            field.choices = [*field.choices, *offered]
        else:
            del self.fields[name]

    def chosen(self, name: str) -> list[str]:
        return [said] if (said := self.cleaned_data.get(name)) else []
