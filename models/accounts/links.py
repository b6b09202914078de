"""One-time links: made by an administrator, handed over in person or by whatever they trust, used once.

Only the hash of a link is kept. Unknown, expired, used and withdrawn look the same from outside.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from models.accounts.models import Membership, OneTimeLink, Organisation, User
from models.accounts.permission import NotFound
from models.accounts.signals import tell, tell_everywhere
from models.accounts.tokens import hash_of
from models.errors import InputError

START = "pll_"
Kind = OneTimeLink.Kind
LIFE = {Kind.INVITATION: timedelta(days=7), Kind.PASSWORD: timedelta(days=1)}


class LinkSpent(NotFound):
    """The link opens nothing (any more)."""


def make(
    organisation: Organisation, kind: OneTimeLink.Kind, email: str, actor: User | None, **more: Any
) -> tuple[OneTimeLink, str]:
    """A new link in the place of the open ones of its kind for this person; the second is its secret."""
    withdraw_all(organisation, kind=kind, email=email)
    secret = START + secrets.token_urlsafe(32)
    link = OneTimeLink.unscoped.create(
        organisation=organisation,
        kind=kind,
        email=email,
        hash=hash_of(secret),
        made_by=actor,
        expires_at=timezone.now() + LIFE[kind],
        **more,
    )
    return link, secret


def address(secret: str) -> str:
    """Where the link leads, without the host."""
    return reverse("open-link", kwargs={"secret": secret})


def open_links(organisation: Organisation) -> Any:
    """Those that could still be used."""
    unused = OneTimeLink.objects.of(organisation).filter(used_at=None, withdrawn_at=None)
    return unused.filter(expires_at__gt=timezone.now())


def withdraw_all(organisation: Organisation, **which: Any) -> int:
    return open_links(organisation).filter(**which).update(withdrawn_at=timezone.now())


def found(hashed: str) -> OneTimeLink:
    """The link of this hash; raises LinkSpent."""
    link = OneTimeLink.unscoped.filter(hash=hashed).select_related("organisation").first()
    if link is None or not open_links(link.organisation).filter(pk=link.pk).exists():
        raise LinkSpent("This link opens nothing.")
    return link


def join(link: OneTimeLink, user: User) -> Membership:
    """The person becomes a member, by an invitation made out to them.

    Raises LinkSpent, and InputError for an invitation to somebody else or who is a member already.
    """
    if link.email != user.email:
        raise InputError(f"The invitation is for {link.email}.")
    with transaction.atomic():
        use(link)
        return become_member(link, user)


def join_as_new(link: OneTimeLink, name: str, password: str) -> User:
    """The person gets an account with this name and password, and becomes a member. Raises LinkSpent."""
    with transaction.atomic():
        use(link)
        user = User.objects.create_user(link.email, password, name)
        become_member(link, user)
    return user


def become_member(link: OneTimeLink, user: User) -> Membership:
    membership, new = Membership.unscoped.get_or_create(
        organisation=link.organisation, user=user, defaults={"role": link.role}
    )
    if not new:
        raise InputError(f"You belong to {link.organisation} already.")
    tell(link.organisation, user, "joined", user, {"role": link.role})
    return membership


def set_password(link: OneTimeLink, password: str) -> User:
    """The new password ends every session of the person. Raises LinkSpent."""
    with transaction.atomic():
        use(link)
        user = User.objects.select_for_update(no_key=True).get(email=link.email)
        user.set_password(password)
        user.save(update_fields=["password"])
        tell_everywhere(user, user, "set a new password by a link")
    return user


def use(link: OneTimeLink) -> None:
    """Of two who use it at once, one wins."""
    if not open_links(link.organisation).filter(pk=link.pk).update(used_at=timezone.now()):
        raise LinkSpent("This link opens nothing.")
