"""Sign-in, sign-out and refused sign-ins go into the trail of each organisation of the person."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import signals
from django.db import transaction

from models.accounts.models import User
from models.trail.record import record


def listen() -> None:
    signals.user_logged_in.connect(signed_in, dispatch_uid="trail.signed_in")
    signals.user_logged_out.connect(signed_out, dispatch_uid="trail.signed_out")
    signals.user_login_failed.connect(sign_in_refused, dispatch_uid="trail.sign_in_refused")


def signed_in(sender: Any, user: User, **kwargs: Any) -> None:
    by = getattr(kwargs.get("request"), "identity_provider", "")
    tell(user, user, "signed in", {"by": by} if by else None)


def signed_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        tell(user, user, "signed out")


def sign_in_refused(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Only for an address that exists: the trail is not a place for what strangers type."""
    user = User.objects.filter(email__iexact=str(credentials.get("username", "")).strip()).first()
    if user is not None:
        tell(user, None, "was refused at sign-in")


def tell(user: User, actor: User | None, verb: str, facts: dict[str, Any] | None = None) -> None:
    with transaction.atomic():
        for membership in user.memberships.select_related("organisation").order_by("organisation_id"):
            record(membership.organisation, actor, verb, user, facts)
