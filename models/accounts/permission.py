"""The one question about permission."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from models.accounts.models import Membership, Organisation
from models.accounts.roles import ACTIONS, Role


class NotFound(Http404):
    """It does not exist, or belongs to another organisation: the two must look the same from outside."""


class Forbidden(PermissionDenied):
    """The role is too weak; the message names those that would do."""


def authorize(user: Any, action: str, thing: Any) -> Membership:
    """Return the membership by which `user` may do `action` to `thing` (an organisation, or what belongs to one).

    Raises NotFound for another organisation's thing, Forbidden for a role that may not, KeyError for an action that is
    not in the table (a fault of ours, not of the user's).
    """
    roles = ACTIONS[action]
    organisation_id = thing.pk if isinstance(thing, Organisation) else thing.organisation_id
    membership = membership_of(user, organisation_id)
    if membership is None:
        raise NotFound("There is nothing here.")
    if Role(membership.role) not in roles:
        raise Forbidden(f"Your role, {membership.role}, may not {action} this. {needed(roles)}")
    return membership


def may(user: Any, action: str, thing: Any) -> bool:
    """For a page that leaves out what its reader may not do; the action itself still calls authorize."""
    try:
        authorize(user, action, thing)
    except (NotFound, Forbidden):
        return False
    return True


def membership_of(user: Any, organisation_id: Any) -> Membership | None:
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return None
    return Membership.unscoped.filter(user=user, organisation_id=organisation_id).select_related("organisation").first()


def needed(roles: frozenset[Role]) -> str:
    names = sorted(role.value for role in roles)
    return f"It needs the role {names[0]}." if len(names) == 1 else f"It needs one of: {', '.join(names)}."
