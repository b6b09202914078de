"""How sure a requirement is, and what sort it is, in words."""

from __future__ import annotations

from django import template

from governance.frameworks.requirements import Requirement
from governance.lawbook import words

register = template.Library()


@register.filter
def sure(asks: Requirement) -> str:
    return words.sure(asks)


@register.filter
def modality(asks: Requirement) -> str:
    return words.MODALITIES[asks.modality]
