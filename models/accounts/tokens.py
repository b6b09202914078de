"""Tokens: issued once, known afterwards only by their hash, and asked for with every request of a program."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from models.accounts.models import Organisation, Token, User
from models.accounts.permission import NotFound, ScopeMissing, authorize, membership_of
from models.accounts.roles import ACTIONS
from models.accounts.scopes import SCOPES
from models.accounts.signals import tell
from models.errors import InputError

START = "plb_"
LONGEST = timedelta(days=366)
USUAL_LIFE = timedelta(days=90)
USED_AGAIN = timedelta(minutes=1)


def issue(
    user: User,
    organisation: Organisation,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    by: Token | None = None,
    number: uuid.UUID | None = None,
) -> tuple[Token, str]:
    """Make a token of the user's own; the second of what is returned is its secret, which is never to be had again.

    `by` is the token that asks for another: what it may not do itself, and beyond its own end, it cannot hand on.
    `number` is the id it is to have. Raises InputError for a name, scopes or an end that cannot be; ScopeMissing for
    what `by` lacks; IntegrityError for a number that was taken.
    """
    authorize(user, "manage tokens", organisation)
    now = timezone.now()
    expires_at = expires_at or now + USUAL_LIFE
    asked = [scope for scope in SCOPES if scope in set(scopes)]
    check(name, set(scopes), expires_at, now)
    if by is not None:
        within(by, asked, expires_at)
    secret = START + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = Token.unscoped.create(
            id=number or uuid.uuid4(),
            organisation=organisation,
            user=user,
            name=name.strip(),
            prefix=secret[:8],
            hash=hash_of(secret),
            scopes=asked,
            expires_at=expires_at,
        )
        tell(organisation, user, "issued token", token, {"scopes": asked, "expires_at": expires_at.isoformat()})
    return token, secret


def check(name: str, scopes: set[str], expires_at: datetime, now: datetime) -> None:
    if not 0 < len(name.strip()) <= 100 or not name.isprintable():
        raise InputError("A token's name has 1 to 100 characters, such as what it is used for.")
    if not scopes or scopes - SCOPES.keys():
        raise InputError(f"A token has one or more of the scopes {', '.join(SCOPES)}.")
    if not now < expires_at <= now + LONGEST:
        raise InputError(f"A token ends within {LONGEST.days} days, and not in the past.")


def within(by: Token, scopes: Iterable[str], expires_at: datetime) -> None:
    for scope in scopes:
        if scope not in by.scopes:
            raise ScopeMissing("hand on what it may not do itself", scope)
    if expires_at > by.expires_at:
        raise InputError(f"A token that was asked for by a token ends with it, on {by.expires_at:%Y-%m-%d}.")


def revoke(token: Token, actor: User) -> None:
    """End a token; a second time changes nothing. One's own, or with "manage members" anybody's in the organisation.

    Raises NotFound for another person's token.
    """
    membership = authorize(actor, "manage tokens", token)
    if token.user_id != actor.pk and membership.role not in ACTIONS["manage members"]:
        raise NotFound("There is nothing here.")
    with transaction.atomic():
        if Token.unscoped.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            tell(token.organisation, actor, "revoked token", token)
    token.refresh_from_db(fields=["revoked_at"])


def authenticate(secret: str) -> Token | None:
    """The token of this secret, with its user and organisation, if it opens anything now; its use is noted."""
    if not secret.startswith(START) or not secret.isascii() or len(secret) > 100:
        return None
    now = timezone.now()
    found = Token.unscoped.filter(hash=hash_of(secret), revoked_at=None, expires_at__gt=now)
    token = found.select_related("user", "organisation").first()
    if token is None or membership_of(token.user, token.organisation_id) is None:
        return None
    note_use(token, now)
    token.user.stands_in = False  # a stand-in is a person who is there
    return token


def note_use(token: Token, now: datetime) -> None:
    """At most once a minute: a program that asks often shall not write often."""
    if token.last_used_at is None or token.last_used_at < now - USED_AGAIN:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_AGAIN)
        Token.unscoped.filter(stale, pk=token.pk).update(last_used_at=now)
        token.last_used_at = now


def hash_of(secret: str) -> str:
    """A plain hash will do: the secret has 256 bits of chance, nobody guesses it from this."""
    return hashlib.sha256(secret.encode()).hexdigest()
