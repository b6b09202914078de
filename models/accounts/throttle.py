"""Guessing is slow: ten wrong passwords or codes for an address from one place, and that pair has to wait.

Codes are short, and who gives them had the right password: they are counted for the person from all places too.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

from django.utils import timezone

from models.accounts.models import SignInFailure, User

logger = logging.getLogger("django.security.sign_in")
FAILURES = 10
WINDOW = timedelta(minutes=15)


def key_of(email: str, place: str) -> str:
    """A hash, since what strangers type at a sign-in page is nothing to keep."""
    return hashlib.sha256(f"{email.strip().lower()}\n{place}".encode()).hexdigest()


def key_of_codes(user: User) -> str:
    return hashlib.sha256(f"codes of {user.pk}".encode()).hexdigest()


def is_locked(key: str) -> bool:
    return SignInFailure.objects.filter(key=key, at__gt=timezone.now() - WINDOW).count() >= FAILURES


def note_failure(key: str) -> None:
    """Count one more, and forget those that no longer count."""
    SignInFailure.objects.filter(at__lte=timezone.now() - WINDOW).delete()
    SignInFailure.objects.create(key=key)
    if is_locked(key):
        logger.warning("sign-in locked for %s after %s failures (key %s)", WINDOW, FAILURES, key[:12])


def forget(key: str) -> None:
    SignInFailure.objects.filter(key=key).delete()
