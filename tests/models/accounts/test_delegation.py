"""Standing in: for whom, for how long, what it opens, and what the trail says of it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from models.accounts import members
from models.accounts.delegation import acting, acts_for, end, give
from models.accounts.models import Delegation, Membership, User
from models.accounts.permission import Forbidden, NotFound, authorize, authorize_request, may
from models.accounts.roles import ACTIONS, Role
from models.accounts.tokens import authenticate, issue
from models.errors import InputError
from models.trail.models import Entry
from models.trail.record import record
from models.trail.verify import verify_chain
from tests.models.people import organisation, person

pytestmark = pytest.mark.django_db


def today(days: int = 0) -> date:
    return timezone.now().date() + timedelta(days=days)


def given(giver: User, receiver: User, first: int = 0, last: int = 13) -> Delegation:
    return give(giver, organisation(), receiver, today(first), today(last))


def again(user: User) -> User:
    """As the next request has them."""
    return User.objects.get(pk=user.pk)


def of(user: User) -> Membership:
    return Membership.unscoped.select_related("organisation", "user").get(user=user)


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.OFFICER, Role.APPROVER])
def test_a_stand_in_may_what_the_giver_may_and_nothing_more(role: Role) -> None:
    giver, receiver = person(role), person(Role.AUDITOR)
    given(giver, receiver)
    for action, roles in ACTIONS.items():
        allowed = Role.AUDITOR in roles or (role in roles and action not in ("delegate", "end delegation"))
        assert may(again(receiver), action, organisation()) is allowed, action
    assert may(giver, "delegate", organisation())


@pytest.mark.parametrize("moved", [-8, 14])
def test_it_begins_on_its_first_day_and_ends_after_its_last(moved: int) -> None:
    """Between 7 and 13 days from now, looked at from today and from after it."""
    receiver = person(Role.ENGINEER)
    made = given(person(Role.APPROVER), receiver, 7, 13)
    days = {"first_day": today(7 - moved), "last_day": today(13 - moved)}
    Delegation.unscoped.filter(pk=made.pk).update(**days)
    assert not may(again(receiver), "approve", organisation())
    for first, last in ((-3, 0), (0, 3)):
        Delegation.unscoped.filter(pk=made.pk).update(first_day=today(first), last_day=today(last))
        assert may(again(receiver), "approve", organisation())


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        (-1, 3, "today or later"),
        (400, 401, "within a year"),
        (5, 4, "before the first"),
        (0, 90, "at most 90 days: until"),
    ],
)
def test_days_that_cannot_be_are_refused(first: int, last: int, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        given(person(Role.APPROVER), person(Role.ENGINEER), first, last)


def test_ninety_days_are_taken_and_the_setting_is_the_limit(settings) -> None:
    giver, receiver = person(Role.APPROVER), person(Role.ENGINEER)
    end(giver, given(giver, receiver, 0, 89))
    settings.DELEGATION_DAYS = 10
    with pytest.raises(InputError, match="at most 10 days"):
        given(giver, receiver, 0, 10)


def test_who_cannot_give_or_receive_is_told() -> None:
    officer, admin = person(Role.OFFICER), person(Role.ADMINISTRATOR)
    stranger = person(Role.ENGINEER, organisation("Other Bank"))
    for giver in (admin, person(Role.AUDITOR)):
        with pytest.raises(Forbidden):
            given(giver, officer)
    other = person(Role.OFFICER, email="second@example.org")
    for receiver, reason in (
        (officer, "else than yourself"),
        (stranger, "no member"),
        (admin, "nobody's place"),
        (other, "already"),
    ):
        with pytest.raises(InputError, match=reason):
            given(officer, receiver)
    assert not Delegation.unscoped.exists()


def test_a_role_is_in_one_pair_of_hands_at_a_time_and_is_not_handed_on() -> None:
    giver, receiver, third = person(Role.APPROVER), person(Role.ENGINEER), person(Role.AUDITOR)
    given(giver, receiver, 0, 5)
    with pytest.raises(InputError, match="End that first"):
        given(giver, third, 5, 9)
    given(giver, third, 6, 9)
    assert given(again(receiver), third).role == Role.ENGINEER  # their own, not the approver's


def test_an_administrator_who_was_given_it_before_does_not_approve() -> None:
    giver, receiver, admin = person(Role.APPROVER), person(Role.ENGINEER), person(Role.ADMINISTRATOR)
    given(giver, receiver)
    members.change_role(admin, of(receiver), Role.ADMINISTRATOR)
    assert not may(again(receiver), "approve", organisation())


@pytest.mark.parametrize("who", ["giver", "receiver"])
@pytest.mark.parametrize("how", ["change", "remove"])
def test_it_ends_with_the_role_of_either_and_does_not_come_back(who: str, how: str) -> None:
    people = {"giver": person(Role.APPROVER), "receiver": person(Role.ENGINEER)}
    admin, made = person(Role.ADMINISTRATOR), given(people["giver"], people["receiver"])
    if how == "remove":
        members.remove(admin, of(people[who]))
        Membership.unscoped.create(organisation=organisation(), user=people[who], role=made.role)
    else:
        was = of(people[who]).role
        for role in (Role.AUDITOR, was):
            members.change_role(admin, of(people[who]), role)
    made.refresh_from_db()
    assert (made.state, made.ended_by) == ("ended", admin)
    if who == "giver":
        assert not may(again(people["receiver"]), "approve", organisation())


def test_a_giver_who_is_shut_out_stands_behind_nobody() -> None:
    giver, receiver = person(Role.APPROVER), person(Role.ENGINEER)
    given(giver, receiver)
    User.objects.filter(pk=giver.pk).update(is_active=False)
    assert not may(again(receiver), "approve", organisation())


def test_giver_and_administrator_end_it_and_nobody_else() -> None:
    giver, receiver, admin = person(Role.APPROVER), person(Role.ENGINEER), person(Role.ADMINISTRATOR)
    made = given(giver, receiver)
    for other in (receiver, person(Role.OFFICER), person(Role.AUDITOR)):
        with pytest.raises(Forbidden):
            end(other, made)
    with pytest.raises(NotFound):
        end(person(Role.ADMINISTRATOR, organisation("Other Bank")), made)
    end(giver, made)
    end(giver, made)
    assert (made.state, made.ended_by) == ("ended", giver)
    assert not may(again(receiver), "approve", organisation())
    second = given(giver, receiver)
    end(admin, second)
    assert second.ended_by == admin
    verbs = list(Entry.objects.of(organisation()).order_by("sequence").values_list("verb", flat=True))
    assert verbs == ["delegated", "ended", "delegated", "ended"]


def test_a_token_stands_in_for_nobody() -> None:
    giver, receiver = person(Role.APPROVER), person(Role.ENGINEER)
    given(giver, receiver)
    token = authenticate(issue(receiver, organisation(), "ci", ["read", "manage"])[1])
    assert token is not None
    request = SimpleNamespace(user=token.user, token=token)
    assert authorize_request(request, "read", organisation())
    with pytest.raises(Forbidden):
        authorize_request(request, "read trail", organisation())
    assert may(again(receiver), "read trail", organisation())


def test_the_trail_names_for_whom_somebody_acted_and_only_then() -> None:
    giver, receiver = person(Role.APPROVER), person(Role.ENGINEER)
    made, acme = given(giver, receiver), organisation()
    user = again(receiver)
    for action in ("run", "approve", "read", "run"):
        authorize(user, action, acme)
        may(user, "approve", acme)  # asking is not acting
        with transaction.atomic():
            record(acme, user, action, acme)
    entries = list(Entry.objects.of(acme).filter(actor=receiver).order_by("sequence"))
    assert [entry.acted_for for entry in entries] == ["", str(giver), str(giver), ""]
    assert acting(user, acme) is None
    whose = json.loads(entries[1].body)["actor"]["for"]
    assert (whose["id"], whose["role"], whose["delegation"]) == (giver.pk, "approver", str(made.pk))
    assert verify_chain(acme).whole


def test_work_is_ones_own_also_where_it_is_of_whom_one_stands_in_for() -> None:
    giver, receiver, third = person(Role.APPROVER), person(Role.ENGINEER), person(Role.OFFICER)
    given(giver, receiver)
    given(third, receiver, 3, 5)
    acme = organisation()
    assert acts_for(receiver, acme) == {receiver.pk, giver.pk}
    assert acts_for(giver, acme) == {giver.pk}
    with pytest.raises(NotFound):
        acts_for(receiver, organisation("Other Bank"))
