"""Classes and roles of the law on pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template

from governance.systems import words
from governance.systems.models import Stage

register = template.Library()


@register.inclusion_tag("systems/class.html")
def legal_class(outcome: str | None) -> dict[str, Any]:
    """A class as a word in a box; what is prohibited stands out."""
    return {"name": words.class_name(outcome) if outcome else "", "is_bad": outcome in words.STOPPED}


@register.filter
def class_name(outcome: str) -> str:
    return words.class_name(outcome)


@register.filter
def role_name(role: str) -> str:
    return words.role_name(role)


@register.filter
def stage_name(stage: str) -> str:
    return Stage(stage).label


@register.filter
def moment(said: str) -> datetime | None:
    """A time that JSON holds."""
    return datetime.fromisoformat(said) if said else None
