"""A person leaves: the account says nothing of them any more; what the trail recorded of their acts stays."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from governance.reviews.models import Mail, Notice, WithoutMail
from models.accounts.members import keep_an_administrator
from models.accounts.models import (
    Delegation,
    Identity,
    Membership,
    OneTimeLink,
    Organisation,
    RecoveryCode,
    SecondFactor,
    Token,
    User,
)
from models.accounts.roles import Role
from models.accounts.signals import tell

NOBODY = "left.invalid"  # a domain that can never be anybody's


def forget(user: User, actor: User | None, reason: str) -> User:
    """Make the account nobody's: no name, no address, no way in; what it is called now.

    The account's row stays, since versions, audits and jobs name it as theirs. So do the names in the trail: they are
    in what was hashed, and who did what is what the trail is for (docs/retention.md).

    Raises:
        LastAdministrator: an organisation would be left without one; make another first.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        organisations = leave(user)
        Token.unscoped.filter(user=user).update(name="of a person who left")
        Token.unscoped.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
        given = Delegation.unscoped.filter(Q(giver=user) | Q(receiver=user), ended_at=None)
        given.update(ended_at=timezone.now())
        OneTimeLink.unscoped.filter(email__iexact=user.email).delete()
        Identity.objects.filter(user=user).delete()
        SecondFactor.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        Notice.unscoped.filter(user=user).delete()
        Mail.unscoped.filter(user=user).delete()
        WithoutMail.unscoped.filter(user=user).delete()
        anonymise(user)
        for organisation in organisations:
            tell(organisation, actor, "forgot", user, {"reason": reason[:1000]})
    return user


def leave(user: User) -> list[Organisation]:
    """Every organisation, in one order for all."""
    memberships = Membership.unscoped.filter(user=user).select_related("organisation").order_by("organisation_id")
    left = []
    for membership in memberships:
        left.append(membership.organisation)
        membership.delete()
        if membership.role == Role.ADMINISTRATOR:
            keep_an_administrator(membership.organisation)
    return left


def anonymise(user: User) -> None:
    """One more session round ends every session there is."""
    user.name, user.email, user.is_active = f"A person who left ({user.pk})", f"{user.pk}@{NOBODY}", False
    user.session_round += 1
    user.set_unusable_password()
    user.save()
