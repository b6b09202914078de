"""The one question about permission."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, OuterRef
from django.http import Http404
from django.utils import timezone

from models.accounts.models import Delegation, Membership, Organisation, SecondFactor, Token
from models.accounts.roles import ACTIONS, EVERYONE, OWN_ROLE_ONLY, Role
from models.accounts.scopes import SCOPE_OF

BY_PROVIDER = "by_identity_provider"  # in a session: signed in by OpenID Connect, see oidc.py
KNOWN = "known_memberships"
KNOWN_DELEGATIONS = "known_delegations"
ACTS = "acts_by"  # on a user object: by which delegation the person does what is being done, by organisation


class NotFound(Http404):
    """It does not exist, or belongs to another organisation: the two must look the same from outside."""


class Forbidden(PermissionDenied):
    """The role is too weak; the message names those that would do."""


class ScopeMissing(Forbidden):
    """The token was not given the scope; `scope` names it (None: no token can do this, only a person)."""

    def __init__(self, action: str, scope: str | None) -> None:
        self.scope = scope
        needs = f"It needs a token with the scope {scope}." if scope else "No token can: sign in and do it yourself."
        super().__init__(f"This token may not {action}. {needs}")


def authorize(user: Any, action: str, thing: Any) -> Membership:
    """Return the membership by which `user` may do `action` to `thing` (an organisation, or what belongs to one).

    Where their own role may not, one that was handed to them for these days will do; the trail then names for whom.
    Raises NotFound for another organisation's thing, Forbidden for a role that may not, KeyError for an action that is
    not in the table (a fault of ours, not of the user's).
    """
    membership, delegation = permitted(user, action, thing)
    if ACTIONS[action] != EVERYONE:  # what everybody may, such as reading in between, does not change for whom one acts
        setattr(user, ACTS, {**getattr(user, ACTS, {}), membership.organisation_id: delegation})
    return membership


def permitted(user: Any, action: str, thing: Any) -> tuple[Membership, Delegation | None]:
    """The membership, and the delegation where it takes one. Raises what authorize() raises."""
    roles = ACTIONS[action]
    membership = membership_of(user, organisation_id_of(thing))
    if membership is None:
        raise NotFound("There is nothing here.")
    if Role(membership.role) in roles:
        return membership, None
    if action not in OWN_ROLE_ONLY:
        for delegation in delegations_to(user, membership):
            if Role(delegation.role) in roles:
                return membership, delegation
    what = action if " " in action else f"{action} this"
    raise Forbidden(f"Your role, {membership.role}, may not {what}. {needed(roles)}")


def delegations_to(user: Any, membership: Membership) -> list[Delegation]:
    """What others handed to them and is in force today: as long as the giver is a member and holds that role.

    None for a token, which stands in for nobody, and none for administrators: who hands out roles does not approve.
    """
    if membership.role == Role.ADMINISTRATOR or not user.stands_in or not getattr(membership, "stands_in", True):
        return []
    found: list[Delegation] | None = getattr(user, KNOWN_DELEGATIONS, None)
    if found is None:
        found = list(in_force().filter(receiver=user).select_related("giver"))
        if hasattr(user, KNOWN):
            setattr(user, KNOWN_DELEGATIONS, found)
    return [each for each in found if each.organisation_id == membership.organisation_id]


def in_force() -> Any:
    """The delegations of today, of every organisation."""
    today = timezone.now().date()
    days = Delegation.unscoped.filter(ended_at=None, first_day__lte=today, last_day__gte=today)
    return days.filter(
        giver__is_active=True,
        giver__memberships__organisation=F("organisation"),
        giver__memberships__role=F("role"),
    )


def roles_of(user: Any, membership: Membership) -> frozenset[Role]:
    """Their own and those in their hands today."""
    return frozenset({Role(membership.role), *(Role(each.role) for each in delegations_to(user, membership))})


def authorize_request(request: Any, action: str, thing: Any) -> Membership:
    """authorize() for the request's user; of a request by token (`request.token`) also its scopes and organisation.

    Raises what authorize() raises, NotFound for what lies outside the token's organisation, ScopeMissing, and Forbidden
    for who is signed in without the second factor that an organisation of theirs requires.
    """
    token: Token | None = getattr(request, "token", None)
    if token is None:
        if owes_second_factor(request):
            raise Forbidden("Your organisation requires a second factor. Set it up on your profile first.")
        return authorize(request.user, action, thing)
    if organisation_id_of(thing) != token.organisation_id:
        raise NotFound("There is nothing here.")
    if SCOPE_OF[action] not in token.scopes:
        raise ScopeMissing(action, SCOPE_OF[action])
    return authorize(token.user, action, thing)


def owes_second_factor(request: Any) -> bool:
    """True for who is signed in, has no second factor, and belongs to an organisation that requires one.

    To any of theirs: which one the pages are about is chosen freely. Asked once for each request.
    """
    user = request.user
    if not user.is_authenticated:
        return False
    if settings.OIDC_SECOND_FACTOR and request.session.get(BY_PROVIDER):
        return False  # the provider asks for its own, the operator says
    if not hasattr(user, "owes_second_factor"):
        asked = any(each.organisation.requires_second_factor for each in memberships_of(user))
        user.owes_second_factor = asked and not SecondFactor.objects.filter(user=user).exists()
    return bool(user.owes_second_factor)


def memberships_of(user: Any) -> list[Membership]:
    """All of theirs, with the organisations; `stands_in` says whether somebody's role is in their hands there today."""
    known: list[Membership] | None = getattr(user, KNOWN, None)
    if known is not None:
        return known
    handed_over = in_force().filter(receiver=OuterRef("user"), organisation=OuterRef("organisation"))
    mine = Membership.unscoped.filter(user=user).select_related("organisation")
    return list(mine.annotate(stands_in=Exists(handed_over)))


def remember_memberships(user: Any) -> None:
    """Read them once for all that is asked of this user object. For requests that only read: what changes something
    asks the database in its own transaction."""
    setattr(user, KNOWN, memberships_of(user))


def organisation_id_of(thing: Any) -> Any:
    return thing.pk if isinstance(thing, Organisation) else thing.organisation_id


def may(user: Any, action: str, thing: Any) -> bool:
    """For a page that leaves out what its reader may not do; the action itself still calls authorize."""
    try:
        permitted(user, action, thing)
    except (NotFound, Forbidden):
        return False
    return True


def membership_of(user: Any, organisation_id: Any) -> Membership | None:
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return None
    if hasattr(user, KNOWN):
        return next((each for each in memberships_of(user) if each.organisation_id == organisation_id), None)
    return Membership.unscoped.filter(user=user, organisation_id=organisation_id).select_related("organisation").first()


def needed(roles: frozenset[Role]) -> str:
    names = sorted(role.value for role in roles)
    return f"It needs the role {names[0]}." if len(names) == 1 else f"It needs one of: {', '.join(names)}."
