"""Setting up the second factor, its recovery codes, and turning it off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from models.accounts import second_factor, shown_once
from models.accounts.forms import EnrolForm, SureForm
from models.accounts.models import Membership, SecondFactor, User
from models.accounts.secrets import Unsealable, seal, unseal
from models.accounts.throttle import is_locked, key_of_codes, note_failure
from models.accounts.views.forms import page
from models.accounts.views.profile import own_key, signed_in_user
from models.accounts.views.sign_in import locked
from models.errors import InputError

PENDING = "second_factor_pending"
CODES = "recovery codes"


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def setting_up(request: HttpRequest) -> HttpResponse:
    """The key as a picture and as text, until a code shows that the app has it; then what can be done with it."""
    user = signed_in_user(request)
    if second_factor.has_second_factor(user):
        return redirect("second-factor") if request.method == "POST" else in_use(request, user)
    secret = pending_secret(request)
    form = EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.turn_on(user, secret, form.cleaned_data["code"])
        except InputError as error:
            form.add_error("code", str(error))
        else:
            request.session.pop(PENDING, None)
            return with_codes(request, user, codes, "The second factor is on.")
    return page(
        request,
        "accounts/enrol.html",
        form,
        drawing=mark_safe(second_factor.drawing(user, secret)),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        required=required_by(user),
    )


def pending_secret(request: HttpRequest) -> str:
    """One key for as long as it is not confirmed, so that the page may be loaded again. It waits sealed."""
    try:
        return unseal(request.session[PENDING], second_factor.PURPOSE)
    except (KeyError, Unsealable):
        secret = second_factor.fresh_secret()
        request.session[PENDING] = seal(secret, second_factor.PURPOSE)
        return secret


def in_use(request: HttpRequest, user: User, form: SureForm | None = None) -> HttpResponse:
    said: dict[str, Any] = {
        "factor": SecondFactor.objects.get(user=user),
        "codes_left": second_factor.recovery_codes_left(user),
        "required": required_by(user),
    }
    return page(request, "accounts/second_factor.html", form or SureForm(user=user), **said)


def required_by(user: User) -> list[str]:
    asking = Membership.unscoped.filter(user=user, organisation__requires_second_factor=True)
    return list(asking.values_list("organisation__name", flat=True))


@sensitive_post_parameters()
@require_POST
def turn_off(request: HttpRequest) -> HttpResponse:
    """Needs the password and a code: a session left open is not enough."""
    user = signed_in_user(request)
    refusal = sure(request, user)
    if refusal is not None:
        return refusal
    second_factor.turn_off(user, user)
    update_session_auth_hash(request, user)
    messages.success(request, "The second factor is off. Only your password protects your account now.")
    return redirect("profile")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Shows them once; a POST makes new ones."""
    user = signed_in_user(request)
    if request.method == "POST":
        refusal = sure(request, user)
        if refusal is not None:
            return refusal
        return with_codes(request, user, second_factor.new_recovery_codes(user), "You have new recovery codes.")
    return render(request, "accounts/recovery_codes.html", {"codes": shown_once.take(request, CODES)})


def sure(request: HttpRequest, user: User) -> HttpResponse | None:
    """None for who gave the password and a code; else the page that says what is wrong."""
    if not second_factor.has_second_factor(user):
        return redirect("second-factor")
    keys = [own_key(request), key_of_codes(user)]
    if any(is_locked(key) for key in keys):
        return locked(request)
    form = SureForm(request.POST, user=user)
    if form.is_valid():
        if second_factor.accepts(user, form.cleaned_data["code"]):
            return None
        form.add_error("code", str(second_factor.WrongCode()))
        for key in keys:
            note_failure(key)
    elif form.has_error("password", "wrong"):
        note_failure(keys[0])
    return in_use(request, user, form)


def with_codes(request: HttpRequest, user: User, codes: list[str], message: str) -> HttpResponse:
    update_session_auth_hash(request, user)
    shown_once.keep(request, CODES, codes)
    messages.success(request, message)
    return redirect("recovery-codes")
