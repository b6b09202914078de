"""Which organisation a request is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect

from models.accounts.models import Membership, Token
from models.accounts.permission import membership_of, memberships_of, owes_second_factor, remember_memberships

CHOSEN = "organisation"
SAFE = {"GET", "HEAD"}
# where one may go without the second factor that one's organisation requires
WITHOUT_SECOND_FACTOR = {"second-factor", "recovery-codes", "sign-out", "choose-organisation"}


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

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Who must set up a second factor is led there first, from whatever page needs a session."""
        if not getattr(view, "login_required", True):
            return None
        if request.method in SAFE and request.user.is_authenticated:
            remember_memberships(request.user)
        here = request.resolver_match.view_name if request.resolver_match else ""
        if here in WITHOUT_SECOND_FACTOR or not owes_second_factor(request):
            return None
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(reverse("second-factor"))
        return redirect("second-factor")


def current_membership(request: HttpRequest) -> Membership | None:
    """A request by token (`request.token`) is about the token's organisation and no other."""
    token: Token | None = getattr(request, "token", None)
    if token is not None:
        return membership_of(token.user, token.organisation_id)
    if not request.user.is_authenticated:
        return None
    memberships = memberships_of(request.user)
    chosen = request.session.get(CHOSEN)
    return next((m for m in memberships if m.organisation_id == chosen), memberships[0] if memberships else None)
