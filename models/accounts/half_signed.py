"""Between password and code: a session that knows who is about to sign in, and opens nothing."""

from __future__ import annotations

import time

from django.contrib.auth import load_backend
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from models.accounts.models import User

KEY = "half_signed_in"
SECONDS = 5 * 60
BACKEND = "django.contrib.auth.backends.ModelBackend"


def begin(request: HttpRequest, user: User, then: str) -> None:
    """Remember that the password was right, and where to go once the code is; in a session with a new key."""
    request.session.cycle_key()
    request.session[KEY] = {"user": user.pk, "at": time.time(), "hash": user.get_session_auth_hash(), "then": then}


def person(request: HttpRequest) -> User | None:
    """Who is about to sign in; None after five minutes, or once the password has changed."""
    half = request.session.get(KEY)
    if half is None or not 0 <= time.time() - half["at"] < SECONDS:
        return None
    user = load_backend(BACKEND).get_user(half["user"])
    if user is None or not constant_time_compare(half["hash"], user.get_session_auth_hash()):
        return None
    return user


def end(request: HttpRequest) -> str:
    """Forget it; returns where to go."""
    return str(request.session.pop(KEY)["then"])
