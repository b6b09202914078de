"""authorize(): the table of roles, other organisations' things, and who is not signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from models.accounts.models import Membership, Organisation, User
from models.accounts.permission import Forbidden, NotFound, authorize, may
from models.accounts.roles import ACTIONS, Role
from tests.models.people import organisation, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_exactly_what_the_table_says(role: Role) -> None:
    acme, user = organisation(), person(role)
    for action, roles in ACTIONS.items():
        assert may(user, action, acme) is (role in roles), action


def test_an_auditor_changes_nothing_that_they_audit() -> None:
    """A comment on an assessment, which whoever reads it may leave, changes nothing of it."""
    changing = set(ACTIONS) - {"read", "export", "comment", "read trail", "manage tokens"}
    assert all(Role.AUDITOR not in ACTIONS[action] for action in changing)


def test_who_hands_out_roles_does_not_approve() -> None:
    assert not ACTIONS["approve"] & ACTIONS["manage members"]


def test_a_role_too_weak_is_told_which_one_is_needed() -> None:
    with pytest.raises(Forbidden, match=r"Your role, engineer, may not approve this\. It needs the role approver\."):
        authorize(person(Role.ENGINEER), "approve", organisation())
    with pytest.raises(PermissionDenied, match="It needs one of: administrator, engineer, officer"):
        authorize(person(Role.AUDITOR), "run", organisation())


def test_what_belongs_to_another_organisation_does_not_exist() -> None:
    stranger = person(Role.ADMINISTRATOR, at=organisation("Other Bank"))
    ours = Membership.unscoped.get(user=person(Role.ENGINEER))
    with pytest.raises(NotFound):
        authorize(stranger, "read", ours)
    with pytest.raises(Http404):
        authorize(stranger, "read", organisation())


def test_nobody_and_the_inactive_see_nothing() -> None:
    former = person(Role.ADMINISTRATOR)
    former.is_active = False
    for user in (AnonymousUser(), former):
        assert not may(user, "read", organisation())


def test_an_unknown_action_is_a_fault_and_not_a_permission() -> None:
    with pytest.raises(KeyError):
        authorize(person(Role.ADMINISTRATOR), "conquer", organisation())


def test_the_role_counts_in_its_own_organisation_only() -> None:
    acme, other = organisation(), organisation("Other Bank")
    user = person(Role.APPROVER, at=acme)
    Membership.unscoped.create(organisation=other, user=user, role=Role.AUDITOR)
    assert may(user, "approve", acme)
    assert not may(user, "approve", other)


def test_an_address_is_one_person_in_whatever_case() -> None:
    user = User.objects.create_user("Ada@Example.org", "a long enough password")
    assert user.email == "ada@example.org"
    assert User.objects.get_by_natural_key(" ADA@example.org ") == user
    with pytest.raises(Exception, match="already exists"):
        User.objects.create_user("ADA@EXAMPLE.ORG", "another password here")
    assert Organisation.objects.count() == 0
