"""Following a one-time link: joining an organisation, or setting a new password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from models.accounts import links
from models.accounts.forms import JoinForm, NewPasswordForm
from models.accounts.half_signed import BACKEND
from models.accounts.middleware import CHOSEN
from models.accounts.models import OneTimeLink, User
from models.accounts.throttle import forget, key_of
from models.accounts.tokens import hash_of
from models.accounts.views.forms import page
from models.errors import InputError

FOLLOWED = "followed_link"


@login_not_required
@require_safe
@sensitive_variables("secret")
def open_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Takes the secret out of the address before a page is shown, so that no page tells another where it came from.

    Nothing is used up by this: what follows links by itself, such as a chat's preview, does no harm.
    """
    request.session[FOLLOWED] = hash_of(secret)
    return redirect("link")


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest) -> HttpResponse:
    try:
        followed = links.found(request.session.get(FOLLOWED, ""))
        return set_password(request, followed) if followed.kind == links.Kind.PASSWORD else join(request, followed)
    except links.LinkSpent:
        request.session.pop(FOLLOWED, None)
        return render(request, "accounts/link_spent.html", status=410)


def set_password(request: HttpRequest, followed: OneTimeLink) -> HttpResponse:
    form = NewPasswordForm(request.POST or None, user=User.objects.get(email=followed.email))
    if request.method == "POST" and form.is_valid():
        user = links.set_password(followed, form.cleaned_data["password"])
        forget(key_of(user.email, request.META.get("REMOTE_ADDR", "")))
        request.session.flush()
        messages.success(request, "Your new password is set. Sign in with it.")
        return redirect("sign-in")
    return page(request, "accounts/set_password.html", form, link=followed)


def join(request: HttpRequest, followed: OneTimeLink) -> HttpResponse:
    """Who has an account signs in and joins with it; somebody new chooses a name and a password."""
    if User.objects.filter(email=followed.email).exists():
        return join_with_account(request, followed)
    somebody = User(email=followed.email, name=followed.name)
    form = JoinForm(request.POST or None, user=somebody, initial={"name": followed.name})
    if request.method == "POST" and form.is_valid():
        user = links.join_as_new(followed, form.cleaned_data["name"].strip(), form.cleaned_data["password"])
        request.session.flush()
        login(request, user, BACKEND)
        messages.success(request, f"Welcome. You belong to {followed.organisation} now.")
        return redirect("home")
    return page(request, "accounts/join.html", form, link=followed)


def join_with_account(request: HttpRequest, followed: OneTimeLink) -> HttpResponse:
    user = request.user
    is_theirs = isinstance(user, User) and user.email == followed.email
    if request.method != "POST" or not is_theirs:
        said = {"link": followed, "is_theirs": is_theirs}
        return render(request, "accounts/join_with_account.html", said, status=200 if request.method != "POST" else 403)
    assert isinstance(user, User)
    try:
        links.join(followed, user)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("home")
    del request.session[FOLLOWED]
    request.session[CHOSEN] = followed.organisation_id
    messages.success(request, f"You belong to {followed.organisation} now.")
    return redirect("home")
