"""Which organisation a request is about."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from models.accounts.models import Membership

CHOSEN = "organisation"


class MembershipMiddleware:
    """Sets request.membership: the one chosen in the session, else the first, None for who is not signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = SimpleLazyObject(lambda: current_membership(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def current_membership(request: HttpRequest) -> Membership | None:
    if not request.user.is_authenticated:
        return None
    memberships = list(Membership.unscoped.filter(user=request.user).select_related("organisation"))
    chosen = request.session.get(CHOSEN)
    return next((m for m in memberships if m.organisation_id == chosen), memberships[0] if memberships else None)
