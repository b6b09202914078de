"""How a view begins: whose pages these are, and whether this person may do this there."""

from __future__ import annotations

from django.http import HttpRequest

from models.accounts.models import Membership, Organisation
from models.accounts.permission import Forbidden, authorize_request


def organisation_for(request: HttpRequest, action: str = "read") -> Organisation:
    """The organisation that the request is about, once its user may do `action` there.

    Raises Forbidden for a role that may not, and for who belongs to no organisation; ScopeMissing for a token.
    """
    membership: Membership | None = getattr(request, "membership", None)
    if not membership:
        raise Forbidden("You belong to no organisation yet. An administrator of yours can add you.")
    return authorize_request(request, action, membership.organisation).organisation
