"""What this room tells the rooms above it: the trail hears it and writes it down, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from models.accounts.models import Membership, Organisation, User

# sent with organisation, actor (a user, or None for the service itself), verb, thing, facts
acted = Signal()


def tell(organisation: Organisation, actor: Any, verb: str, thing: Any, facts: dict[str, Any] | None = None) -> None:
    """Say what was done; call it last in the transaction, since the trail locks its head until the end."""
    acted.send(type(thing), organisation=organisation, actor=actor, verb=verb, thing=thing, facts=facts or {})


def tell_everywhere(user: User, actor: User | None, verb: str, facts: dict[str, Any] | None = None) -> None:
    """What is about the person and not one organisation stands in the trail of each, in one order for all."""
    for membership in Membership.unscoped.filter(user=user).select_related("organisation").order_by("organisation_id"):
        tell(membership.organisation, actor, verb, user, facts)
