"""What is one's own: the name, the password, the sessions."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from models.accounts import second_factor
from models.accounts.access import organisation_for
from models.accounts.forms import ChangePasswordForm, NameForm
from models.accounts.models import Membership, SecondFactor, Token, User
from models.accounts.permission import authorize, delegations_to, may
from models.accounts.sessions import end_other_sessions
from models.accounts.signals import tell_everywhere
from models.accounts.throttle import is_locked, key_of, note_failure
from models.accounts.views.forms import page
from models.accounts.views.sign_in import locked


def signed_in_user(request: HttpRequest) -> User:
    """Whoever reaches a view that needs a session is one of ours."""
    assert isinstance(request.user, User)
    return request.user


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    organisation, user = organisation_for(request), signed_in_user(request)
    form = NameForm(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        rename(user, form.cleaned_data["name"])
        messages.success(request, "Your name is saved.")
        return redirect("profile")
    memberships = Membership.unscoped.filter(user=user).select_related("organisation")
    tokens = Token.objects.of(organisation).filter(user=user, revoked_at=None, expires_at__gt=timezone.now())
    return page(
        request,
        "accounts/profile.html",
        form,
        memberships=memberships,
        here=organisation,
        factor=SecondFactor.objects.filter(user=user).first(),
        codes_left=second_factor.recovery_codes_left(user),
        tokens=tokens.count(),
        standing_in=delegations_to(user, authorize(user, "read", organisation)),
        may_read_trail=may(user, "read trail", organisation),
    )


def rename(user: User, name: str) -> None:
    """The trail keeps the name of each act's time; from here on it has this one."""
    name = name.strip()
    if name == user.name:
        return
    with transaction.atomic():
        was, user.name = user.name, name
        user.save(update_fields=["name"])
        tell_everywhere(user, user, "changed the name", {"from": was, "to": name})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """The new password ends every other session."""
    user, key = signed_in_user(request), own_key(request)
    form = ChangePasswordForm(request.POST or None, user=user)
    if request.method == "POST":
        if is_locked(key):
            return locked(request)
        if form.is_valid():
            with transaction.atomic():
                user.set_password(form.cleaned_data["password"])
                user.save(update_fields=["password"])
                tell_everywhere(user, user, "changed the password")
            update_session_auth_hash(request, user)
            messages.success(request, "Your password is changed, and every other session has ended.")
            return redirect("profile")
        if form.has_error("present", "wrong"):
            note_failure(key)
    return page(request, "accounts/change_password.html", form)


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    end_other_sessions(request, signed_in_user(request))
    messages.success(request, "You are signed out everywhere else.")
    return redirect("profile")


def own_key(request: HttpRequest) -> str:
    """Guesses at one's own password count with those at the sign-in page."""
    return key_of(signed_in_user(request).email, request.META.get("REMOTE_ADDR", ""))
