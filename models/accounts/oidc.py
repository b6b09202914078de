"""Signing in by the organisation's identity provider (OpenID Connect), where OIDC_ISSUER and its like are set.

allauth speaks the protocol (state, PKCE, tokens); who may come in is decided here, before it would make or join any
account: a person who has one under the address that the provider says is verified, and nobody else. New people are
invited, as ever. None of allauth's own pages is reached.
"""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from models.accounts import half_signed, second_factor
from models.accounts.models import User
from models.accounts.permission import BY_PROVIDER

PROVIDER = "oidc"
FAILED = "The identity provider did not sign you in. Try again, or sign in with your password."
NO_ACCOUNT = "Nobody here has the verified address that the identity provider gave. Ask an administrator to invite you."


class Adapter(DefaultSocialAccountAdapter):
    """What allauth asks before it would go on by itself; each answer ends its part."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        raise ImmediateHttpResponse(answer(request, sociallogin.account.extra_data, sociallogin.state.get("next")))

    def on_authentication_error(self, request: HttpRequest, provider: Any, *args: Any, **kwargs: Any) -> None:
        raise ImmediateHttpResponse(refused(request, FAILED))


def answer(request: HttpRequest, said: dict[str, Any], then: str | None) -> HttpResponse:
    """Sign in whom the provider vouches for; who has a second factor here gives its code too, unless settings trust the
    provider's own."""
    user = person(said)
    if user is None:
        return refused(request, NO_ACCOUNT)
    here = url_has_allowed_host_and_scheme(then, {request.get_host()}, request.is_secure())
    address = then if then and here else settings.LOGIN_REDIRECT_URL
    if second_factor.has_second_factor(user) and not settings.OIDC_SECOND_FACTOR:
        half_signed.begin(request, user, address)
        return redirect("sign-in-code")
    request.identity_provider = settings.OIDC_ISSUER  # type: ignore[attr-defined]
    login(request, user, half_signed.BACKEND)
    request.session[BY_PROVIDER] = True
    return redirect(address)


def person(said: dict[str, Any]) -> User | None:
    """The one with the verified address; both halves of what the provider said have to be of the same subject."""
    token, info = said.get("id_token"), said.get("userinfo")
    if not isinstance(token, dict) or not isinstance(info, dict) or token.get("sub") != info.get("sub"):
        return None
    if info.get("email_verified") is not True or not isinstance(info.get("email"), str):
        return None
    return User.objects.filter(email=info["email"].strip().lower(), is_active=True).first()


def refused(request: HttpRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("sign-in")
