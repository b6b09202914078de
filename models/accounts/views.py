"""Signing in and out, and the organisation that the pages are about."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from models.accounts.forms import SignInForm
from models.accounts.middleware import CHOSEN
from models.accounts.permission import NotFound, membership_of
from models.accounts.throttle import FAILURES, WINDOW, forget, is_locked, key_of, note_failure


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A part of a page whose session has ended does not get this page into its place."""
        if request.headers.get("HX-Request"):
            return HttpResponseClientRefresh()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A locked pair is not even asked for the right password."""
        return locked(request) if is_locked(self.key) else super().post(request, *args, **kwargs)

    @property
    def key(self) -> str:
        return key_of(self.request.POST.get("username", ""), self.request.META.get("REMOTE_ADDR", ""))

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        forget(self.key)
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        if form.non_field_errors():
            note_failure(self.key)
            if is_locked(self.key):
                return locked(self.request)
        return super().form_invalid(form)


def locked(request: HttpRequest) -> HttpResponse:
    minutes = int(WINDOW.total_seconds() // 60)
    page = render(request, "accounts/locked.html", {"failures": FAILURES, "minutes": minutes}, status=429)
    page["Retry-After"] = str(minutes * 60)
    return page


class SignOut(LogoutView):
    next_page = "sign-in"


@require_POST
def choose_organisation(request: HttpRequest) -> HttpResponse:
    """Who belongs to several sees one at a time."""
    number = request.POST.get("organisation", "")
    membership = membership_of(request.user, int(number)) if number.isdecimal() and len(number) < 19 else None
    if membership is None:
        raise NotFound("There is nothing here.")
    request.session[CHOSEN] = membership.organisation_id
    return redirect("home")
