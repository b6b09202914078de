"""Signing in by the organisation's identity provider (OpenID Connect), where OIDC_ISSUER and its like are set.

allauth speaks the protocol (state, PKCE, tokens); we add a nonce and hold every ID token to the provider's keys. Who
may come in is decided here, before allauth would make or join any account: a person who has one under the address that
the provider says is verified, and from then on only by the same account of the provider (its `sub`), whatever address
that has. New people are invited, as ever. None of allauth's own pages is reached.
"""

from __future__ import annotations

from typing import Any

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme

from models.accounts import half_signed, second_factor
from models.accounts.models import Identity, User
from models.accounts.permission import BY_PROVIDER
from models.accounts.signals import tell_everywhere

PROVIDER = "oidc"
FAILED = "The identity provider did not sign you in. Try again, or sign in with your password."
NO_ACCOUNT = "Nobody here has the verified address that the identity provider gave. Ask an administrator to invite you."
OTHER = "Your account here is bound to another account of the identity provider. Ask your operator to let go of it."
NONCE = "oidc_nonce"
SIGNED_BY = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)] + ["EdDSA"]
NEEDED: Any = {"require": ["iss", "sub", "aud", "exp", "iat"]}
TABS = 5  # in which somebody may have begun, before coming back in one
VOUCHED = "oidc_vouched"  # in a session: for whom the provider vouched, until they are signed in


class Exchange(OpenIDConnectOAuth2Adapter):
    """allauth takes an ID token that it fetched itself as it is; ours is held to the provider's keys all the same."""

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """Raises OAuth2Error, which refuses."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        try:
            key = key_of(id_token, answer.json())
            issuer = self.openid_config["issuer"]
            said: dict[str, Any] = jwt.decode(id_token, key, SIGNED_BY, NEEDED, audience=app.client_id, issuer=issuer)
        except (jwt.PyJWTError, ValueError) as error:
            raise OAuth2Error("the ID token is not good") from error
        return said


def key_of(id_token: str, published: Any) -> jwt.PyJWK:
    """The one that the token names, or the only one. Raises PyJWTError, ValueError."""
    name = jwt.get_unverified_header(id_token).get("kid")
    fitting = [key for key in jwt.PyJWKSet.from_dict(published).keys if name is None or key.key_id in (None, name)]
    if len(fitting) != 1:
        raise ValueError("the provider publishes no such key")
    return fitting[0]


def asking(request: HttpRequest) -> None:
    """What allauth is to read of the address: where to go afterwards, and a nonce of this session. It would take scopes
    and parameters for the provider out of it too, which whoever made the link could choose."""
    nonce = get_random_string(32)
    request.session[NONCE] = [nonce, *request.session.get(NONCE, [])][:TABS]
    asked = QueryDict(mutable=True)
    asked["auth_params"] = f"nonce={nonce}"
    if then := request.GET.get("next"):
        asked["next"] = then
    request.GET = asked  # type: ignore[assignment]


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
    if not holds_together(said, request.session.pop(NONCE, [])):
        return refused(request, FAILED)
    user = person(said)
    if user is None:
        return refused(request, NO_ACCOUNT)
    subject = said["userinfo"]["sub"]
    if Identity.objects.filter(user=user).exclude(issuer=settings.OIDC_ISSUER, subject=subject).exists():
        return refused(request, OTHER)
    here = url_has_allowed_host_and_scheme(then, {request.get_host()}, request.is_secure())
    address = then if then and here else settings.LOGIN_REDIRECT_URL
    if second_factor.has_second_factor(user) and not settings.OIDC_SECOND_FACTOR:
        half_signed.begin(request, user, address)
        request.session[VOUCHED] = {"user": user.pk, "subject": subject}
        return redirect("sign-in-code")
    request.session[VOUCHED] = {"user": user.pk, "subject": subject}
    request.identity_provider = settings.OIDC_ISSUER  # type: ignore[attr-defined]
    login(request, user, half_signed.BACKEND)
    request.session[BY_PROVIDER] = True
    return redirect(address)


def holds_together(said: dict[str, Any], nonces: list[str]) -> bool:
    """Whether the ID token was asked for by this session, and both halves of the answer are of the same subject."""
    token, info = said.get("id_token"), said.get("userinfo")
    if not isinstance(token, dict) or not isinstance(info, dict) or not isinstance(token.get("sub"), str):
        return False
    return token.get("nonce") in nonces and bool(token["sub"]) and token["sub"] == info.get("sub")


def person(said: dict[str, Any]) -> User | None:
    """Who signed in by this account of the provider before, else who has the address that it verified."""
    info = said["userinfo"]
    known = Identity.objects.filter(issuer=settings.OIDC_ISSUER, subject=info["sub"]).select_related("user").first()
    if known:
        return known.user if known.user.is_active else None
    if info.get("email_verified") is not True or not isinstance(info.get("email"), str):
        return None
    return User.objects.filter(email=info["email"].strip().lower(), is_active=True).first()


def bind(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Once they are signed in, second factor and all: from then on only this account of the provider opens theirs."""
    vouched = request.session.pop(VOUCHED, None)
    if vouched is None or vouched["user"] != user.pk:
        return
    with transaction.atomic():
        said = {"issuer": settings.OIDC_ISSUER, "subject": vouched["subject"]}
        if Identity.objects.get_or_create(user=user, defaults=said)[1]:
            tell_everywhere(user, user, "bound to the identity provider", {"issuer": settings.OIDC_ISSUER})


def refused(request: HttpRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("sign-in")
