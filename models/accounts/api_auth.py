"""Who asks the API: a token's owner, or the person who is signed in to the pages."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.utils import check_csrf

from models.accounts.tokens import authenticate
from models.rest.problems import Problem

SAFE = ("GET", "HEAD", "OPTIONS")


def by_token(request: HttpRequest) -> str | None:
    """The principal of a request with an Authorization header; its user and organisation are the token's.

    Raises Problem for a header that opens nothing: it never falls back on the session.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    token = authenticate(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Problem("unauthenticated", "The token is unknown, revoked or expired.")
    request.token, request.user = token, token.user  # type: ignore[attr-defined]
    return f"token:{token.pk}"


def by_session(request: HttpRequest) -> str | None:
    """The principal of who is signed in; what changes anything needs the form's secret too (X-CSRFToken)."""
    request.token = None  # type: ignore[attr-defined]
    if not request.user.is_authenticated:
        return None
    if request.method not in SAFE and check_csrf(request) is not None:
        raise Problem("forbidden", "The header X-CSRFToken is missing or wrong.")
    return f"user:{request.user.pk}"
