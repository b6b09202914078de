"""Which organisation a request is about."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from models.accounts.models import Membership

CHOSEN = "organisation"


class MembershipMiddleware:
    """Sets request.membership: the one chosen in the session, else the first, None for who is not signed in.

    What a page says to one person is kept by no cache, so that nothing can be read back after signing out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = SimpleLazyObject(lambda: current_membership(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.session.accessed:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def current_membership(request: HttpRequest) -> Membership | None:
    if not request.user.is_authenticated:
        return None
    memberships = list(Membership.unscoped.filter(user=request.user).select_related("organisation"))
    chosen = request.session.get(CHOSEN)
    return next((m for m in memberships if m.organisation_id == chosen), memberships[0] if memberships else None)
