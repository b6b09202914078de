"""What every room's pages are written with: form fields, the summary of errors, numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.forms import BaseForm
from django.forms.boundfield import BoundField

register = template.Library()
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
THIN = "\u202f"


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """A field with its label, its help and what is wrong with it."""
    return {"field": bound}


@register.inclusion_tag("components/errors.html")
def errors(form: BaseForm) -> dict[str, Any]:
    """What is wrong with a form, at the top of the page, each point a link to its field, where the
    rest of a long one stands."""
    points = [(place(form, name), str(text)) for name, texts in form.errors.items() for text in texts]
    return {"errors": [(id, text.splitlines()[0] if text else "") for id, text in points]}


def place(form: BaseForm, name: str) -> str:
    """The id of the element to jump to: the field's control, or the first of its choices; for the whole form the first
    field that can be seen."""
    if name not in form.fields:
        return next((bound.id_for_label or bound.auto_id for bound in form.visible_fields()), "main")
    bound = form[name]
    return f"{bound.auto_id}_0" if bound.use_fieldset else bound.id_for_label or bound.auto_id


@register.filter
def count(number: int | None) -> str:
    """A whole number with its thousands apart."""
    return "" if number is None else f"{number:,}".replace(",", THIN)


@register.filter
def after(end: datetime, start: datetime) -> str:
    """The time between two moments, as one would say it."""
    seconds = (end - start).total_seconds()
    if seconds < 60:
        return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


@register.filter
def words(number: int) -> str:
    """A small number as a sentence would have it."""
    return WORDS[number] if 0 <= number < len(WORDS) else count(number)


@register.filter
def plain(value: float | str | None) -> str:
    """A value of a column as it is read: whole numbers and large ones whole, others to four figures."""
    if not isinstance(value, int | float):
        return "" if value is None else str(value)
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-3:
        return f"{value:.4g}"
    if float(value).is_integer() or abs(value) >= 1000:
        return count(round(value))
    return f"{value:.4g}"
