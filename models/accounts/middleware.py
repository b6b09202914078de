"""Which organisation a request is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from models.accounts.models import Membership, Token
from models.accounts.permission import membership_of, memberships_of, owes_second_factor, remember_memberships

CHOSEN = "organisation"
SAFE = {"GET", "HEAD"}
# where one may go without the second factor that one's organisation requires
WITHOUT_SECOND_FACTOR = {"second-factor", "recovery-codes", "sign-out", "choose-organisation"}


class SignInMiddleware(LoginRequiredMiddleware):
    """Leads who is not signed in to where they sign in, and then back.

    A form that is sent after the session has ended is not saved: that is said, and the way back leads to the page with
    the form, where the tab puts back what was typed (assets/js/drafts.js).
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        if request.method in SAFE:
            return super().handle_no_permission(request, view_func)
        messages.warning(
            request, "You were signed out before this was sent, so it was not saved. Sign in, and send it again."
        )
        where = self.get_login_url(view_func)
        return redirect_to_login(page_sent_from(request), where, self.get_redirect_field_name(view_func))


def page_sent_from(request: HttpRequest) -> str:
    """The path of the page of ours whose form this is; the form's own where the browser does not say."""
    told = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(told, {request.get_host()}, require_https=request.is_secure()):
        return request.get_full_path()
    parts = urlsplit(told)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


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
