"""Ending sessions: a person's others, or all of them."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from models.accounts.models import User
from models.accounts.signals import tell_everywhere


def end_sessions(user: User) -> None:
    """Every session of the person ends at its next request, in whichever browser."""
    User.objects.filter(pk=user.pk).update(session_round=F("session_round") + 1)
    user.refresh_from_db(fields=["session_round"])


def end_other_sessions(request: HttpRequest, user: User) -> None:
    """All but the one of this request, which gets a new key; it is told in every organisation of theirs."""
    with transaction.atomic():
        end_sessions(user)
        tell_everywhere(user, user, "signed out everywhere else")
    update_session_auth_hash(request, user)
