"""Signing in, in one step or two, signing out, and the organisation that the pages are about."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from models.accounts import half_signed, second_factor
from models.accounts.forms import CodeForm, SignInForm
from models.accounts.middleware import CHOSEN
from models.accounts.models import User
from models.accounts.permission import NotFound, membership_of
from models.accounts.throttle import FAILURES, WINDOW, forget, is_locked, key_of, key_of_codes, note_failure


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    extra_context = {"provider": settings.OIDC_NAME if settings.OIDC else ""}

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
        """Who has a second factor is not signed in yet, and wrong codes go on counting with wrong passwords."""
        user = form.get_user()
        if second_factor.has_second_factor(user):
            half_signed.begin(self.request, user, self.get_success_url())
            return redirect("sign-in-code")
        forget(self.key)
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        if form.non_field_errors():
            note_failure(self.key)
            if is_locked(self.key):
                return locked(self.request)
        return self.render_to_response(self.get_context_data(form=form), status=422)


@login_not_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step: nothing is open before the code is right."""
    user = half_signed.person(request)
    if user is None:
        if half_signed.KEY in request.session:
            half_signed.end(request)
            messages.warning(request, "That took too long. Sign in again.")
        return redirect("sign-in")
    keys = [key_of(user.email, request.META.get("REMOTE_ADDR", "")), key_of_codes(user)]
    if request.method != "POST":
        return render(request, "accounts/sign_in_code.html", {"form": CodeForm()})
    if any(is_locked(key) for key in keys):
        return locked(request)
    form = CodeForm(request.POST)
    if form.is_valid():
        if second_factor.accepts(user, form.cleaned_data["code"]):
            return signed_in(request, user, keys)
        form.add_error("code", str(second_factor.WrongCode()))
        if refused(request, user, keys):
            return locked(request)
    return render(request, "accounts/sign_in_code.html", {"form": form}, status=422)


def signed_in(request: HttpRequest, user: User, keys: list[str]) -> HttpResponse:
    for key in keys:
        forget(key)
    then = half_signed.end(request)
    login(request, user, half_signed.BACKEND)
    left = second_factor.recovery_codes_left(user)
    if left < second_factor.CODES // 3:
        codes = f"{left} recovery code{'' if left == 1 else 's'}"
        messages.warning(request, f"You have {codes} left. Make new ones on your profile.")
    return redirect(then)


def refused(request: HttpRequest, user: User, keys: list[str]) -> bool:
    """Note a wrong code; True if that was one too many."""
    user_login_failed.send(sender=__name__, credentials={"username": user.email}, request=request)
    for key in keys:
        note_failure(key)
    return any(is_locked(key) for key in keys)


def locked(request: HttpRequest) -> HttpResponse:
    minutes = int(WINDOW.total_seconds() // 60)
    page = render(request, "accounts/locked.html", {"failures": FAILURES, "minutes": minutes}, status=429)
    page["Retry-After"] = str(minutes * 60)
    return page


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """Open to who is signed out already, in another tab or by time: they are where they wanted to be."""

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
