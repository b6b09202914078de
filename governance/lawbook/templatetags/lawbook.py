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
    """How sure any statement is: `draft guidance`."""
    return str(certainty(statement).title.lower())


@register.filter
def modality(asks: Requirement) -> str:
    return words.MODALITIES[asks.modality]
