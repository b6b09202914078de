"""How sure a requirement is, and what sort it is, in words."""

from __future__ import annotations

from typing import Any

from django import template

from governance.frameworks.lists import certainty
from governance.frameworks.requirements import Requirement
from governance.lawbook import words

register = template.Library()


@register.filter
def sure(asks: Requirement) -> str:
    return words.sure(asks)


@register.filter
def level(statement: Any) -> str:
    """How sure any statement is: `draft guidance`; of what is in force its text is meant, whose day may be coming."""
    found = certainty(statement)
    return "text in force" if found.id == "in-force" else str(found.title.lower())


@register.filter
def modality(asks: Requirement) -> str:
    return words.MODALITIES[asks.modality]
