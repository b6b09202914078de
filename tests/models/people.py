"""Organisations and their people, for tests."""

from __future__ import annotations

from models.accounts.models import Membership, Organisation, User
from models.accounts.roles import Role

PASSWORD = "a sentence nobody guesses"


def organisation(name: str = "Acme Bank") -> Organisation:
    return Organisation.objects.get_or_create(name=name)[0]


def person(role: Role | str = Role.ENGINEER, at: Organisation | None = None, email: str | None = None) -> User:
    """Someone with this role at this organisation, whose password is PASSWORD."""
    at = at or organisation()
    user = User.objects.create_user(email or f"{Role(role).value}.{at.pk}@example.org", PASSWORD)
    Membership.unscoped.create(organisation=at, user=user, role=role)
    return user
