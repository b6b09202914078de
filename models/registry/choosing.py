"""Choosing a version in a form: from a list where there are few, by its name where there are many."""

from __future__ import annotations

import re
from functools import reduce
from operator import and_
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet
from django.forms.boundfield import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from models.accounts.permission import NotFound

MOST_LISTED = 50
NAMED = re.compile(r"(?P<name>.*?),? version (?P<number>[0-9]{1,9})", re.DOTALL)


class Suggested(forms.TextInput):
    """A line to write in, with names to take from; a browser without scripts offers them too."""

    suggestions: list[str]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"{(attrs or {}).get('id') or name}_suggestions"
        line = super().render(name, value, {**(attrs or {}), "list": listed, "autocomplete": "off"}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((each,) for each in self.suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', line, listed, options)


class AsItIsNow(BoundField):
    """A field whose help is what its control needs, which is known only when the form was read."""

    @property
    def help_text(self) -> str:
        return str(self.field.help_text)

    @help_text.setter
    def help_text(self, _: str) -> None:
        """Django sets it before the form is read."""


class VersionField(forms.Field):
    """A version of one of the organisation's models or datasets.

    Up to MOST_LISTED versions are a list to choose from. More are searched: what is written is a version's name, as the
    pages write it, or a part of one. A part that fits several makes the field a list of those. Its id does as well, for
    addresses; another organisation's does not exist, here as in an address.
    """

    versions: QuerySet[Any]

    def __init__(self, *, none: str, **options: Any) -> None:
        self.none = none
        super().__init__(widget=forms.Select(), **options)

    def offer(self, versions: QuerySet[Any], owned: str) -> None:
        """What can be chosen is known only once there is an organisation; `owned` is what they are versions of."""
        self.versions, self.owned = versions, owned
        newest = list(versions.order_by("-created_at")[: MOST_LISTED + 1])
        if len(newest) <= MOST_LISTED:
            self._list(versions)
            return
        self.widget = Suggested()
        self.widget.is_required = self.required
        self.widget.suggestions = [str(version) for version in newest[:MOST_LISTED]]
        self.widget.attrs = self.widget_attrs(self.widget)
        way = "Write a part of its name, or take one of the newest that are offered."
        empty = "" if self.required else f"Empty means: {self.none[:1].lower()}{self.none[1:]}."
        self.help_text = f"{way} {empty}".strip()

    def _list(self, versions: Any, none: str = "") -> None:
        choices = [("", none or self.none), *((str(each.pk), str(each)) for each in versions)]
        self.widget = forms.Select(choices=choices)
        self.widget.is_required = self.required

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        return AsItIsNow(form, self, field_name)

    def prepare_value(self, value: Any) -> Any:
        """As the control has it: an id in a list, a name in a line."""
        if value in (None, "") or isinstance(self.widget, forms.Select):
            return getattr(value, "pk", value)
        found = value if hasattr(value, "pk") else self._by_id(str(value))
        return str(found) if found else value

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        if is_id(text):
            if (found := self._by_id(text)) is None:
                raise NotFound("There is nothing here.")
            return found
        if isinstance(self.widget, forms.Select):
            raise NotFound("There is nothing here.")
        return self._by_words(text)

    def _by_id(self, text: str) -> Any:
        return self.versions.filter(pk=UUID(text)).first() if is_id(text) else None

    def _by_words(self, text: str) -> Any:
        """The one that is called so, or else the only one with all these words in its name.

        Raises ValidationError where none fits, and where several do, which then are listed.
        """
        if "\x00" in text:
            raise forms.ValidationError("A name has no such letters.")
        if (named := NAMED.fullmatch(text)) and (exact := self._called(named["name"], int(named["number"]))):
            return exact
        words = [Q(**{f"{self.owned}__name__icontains": word}) for word in text.split()[:20]]
        found = list(self.versions.filter(reduce(and_, words))[: MOST_LISTED + 1])
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError(f"Nothing is called “{text[:60]}”. Write a part of the name as it is listed.")
        if len(found) > MOST_LISTED:
            raise forms.ValidationError(f"More than {MOST_LISTED} versions fit “{text[:60]}”. Write more of the name.")
        self.help_text = ""
        self._list(found, "None of these: search again" if self.required else "")
        raise forms.ValidationError(f"{len(found)} versions fit “{text[:60]}”. Choose one of them.")

    def _called(self, name: str, number: int) -> Any:
        return self.versions.filter(**{f"{self.owned}__name": name, "number": number}).first()


def is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
