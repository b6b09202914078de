"""Members: inviting, roles, leaving, and ways back in."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from django.utils import timezone

from models.accounts import links, members
from models.accounts.links import LinkSpent
from models.accounts.members import LastAdministrator
from models.accounts.models import Membership, OneTimeLink, Organisation, User
from models.accounts.permission import Forbidden, NotFound, may
from models.accounts.roles import Role
from models.accounts.second_factor import fresh_secret, has_second_factor, turn_on
from models.accounts.tokens import authenticate, hash_of, issue
from models.errors import InputError
from models.trail.models import Entry
from models.trail.verify import verify_chain
from tests.models.people import PASSWORD, organisation, person
from tests.models.together import together

pytestmark = pytest.mark.django_db
LONG = "a long sentence of their own"


def of(user: User, at: Organisation | None = None) -> Membership:
    return Membership.unscoped.select_related("organisation", "user").get(user=user, organisation=at or organisation())


def invited(email: str = "new@example.org", role: str = "officer") -> str:
    return members.invite(person(Role.ADMINISTRATOR), organisation(), email, role, "New Person")[1]


def verbs(at: Organisation | None = None) -> list[str]:
    return list(Entry.objects.of(at or organisation()).order_by("sequence").values_list("verb", flat=True))


def test_who_is_invited_joins_with_a_name_and_a_password_once() -> None:
    secret = invited(" New@Example.org ")
    link = links.found(hash_of(secret))
    assert link.hash not in secret
    user = links.join_as_new(link, "Ada", LONG)
    assert (user.email, user.name, of(user).role) == ("new@example.org", "Ada", "officer")
    assert user.check_password(LONG)
    with pytest.raises(LinkSpent):
        links.found(hash_of(secret))
    with pytest.raises(LinkSpent):
        links.join_as_new(link, "Eve", LONG)
    assert User.objects.filter(name="Eve").count() == 0
    assert verbs() == ["invited", "joined"]
    assert verify_chain(organisation()).whole


def test_a_link_ends_with_its_time_its_successor_and_its_maker() -> None:
    admin, boss = person(Role.ADMINISTRATOR), person(Role.ADMINISTRATOR, email="boss@example.org")

    def fresh() -> OneTimeLink:
        secret = members.invite(admin, organisation(), "new@example.org", "auditor")[1]
        return links.found(hash_of(secret))

    first = fresh()
    second = fresh()
    assert spent(first)
    OneTimeLink.unscoped.filter(pk=second.pk).update(expires_at=timezone.now())
    assert spent(second)
    third = fresh()
    assert timedelta(days=6) < third.expires_at - timezone.now() <= timedelta(days=7)
    for _ in range(2):
        members.withdraw(boss, third)
    assert spent(third)
    fourth = fresh()
    members.change_role(boss, of(admin), "engineer")
    assert spent(fourth)
    assert verbs().count("withdrew") == 1


def spent(link: OneTimeLink) -> bool:
    try:
        links.found(link.hash)
    except LinkSpent:
        return True
    return False


def test_an_account_of_another_organisation_joins_as_it_is() -> None:
    user = person(Role.AUDITOR, at=organisation("Other Bank"), email="new@example.org")
    link = links.found(hash_of(invited()))
    with pytest.raises(InputError, match="The invitation is for new"):
        links.join(link, person(Role.ENGINEER))
    links.join(link, user)
    assert of(user).role == "officer"
    assert user.check_password(PASSWORD)
    assert of(user, organisation("Other Bank")).role == "auditor"


@pytest.mark.parametrize(
    ("email", "role", "name"),
    [
        ("", "engineer", ""),
        ("nobody", "engineer", ""),
        ("a@b.example", "king", ""),
        ("a@b.example", "", ""),
        ("a@b.example", "engineer", "x" * 201),
        ("a@b.example", "engineer", "a\x00b"),
        (f"{'a' * 250}@b.example", "engineer", ""),
    ],
)
def test_an_invitation_that_cannot_be_is_refused(email: str, role: str, name: str) -> None:
    with pytest.raises(InputError):
        members.invite(person(Role.ADMINISTRATOR), organisation(), email, role, name)
    assert not OneTimeLink.unscoped.exists()


def test_a_member_is_not_invited_again() -> None:
    with pytest.raises(InputError, match="member already"):
        invited(person(Role.ENGINEER).email)


ACTS: list[Callable[[User, Membership], object]] = [
    lambda actor, target: members.change_role(actor, target, "auditor"),
    members.remove,
    members.reset_second_factor,
    members.password_link,
    lambda actor, target: members.invite(actor, target.organisation, "x@example.org", "auditor"),
    lambda actor, target: members.require_second_factor(actor, target.organisation, True),
]


@pytest.mark.parametrize("act", ACTS)
def test_only_an_administrator_of_the_organisation_does_any_of_it(act: Callable[[User, Membership], object]) -> None:
    target = of(person(Role.ENGINEER))
    for role in set(Role) - {Role.ADMINISTRATOR}:
        with pytest.raises(Forbidden):
            act(person(role, email=f"{role}@example.org"), target)
    with pytest.raises(NotFound):
        act(person(Role.ADMINISTRATOR, at=organisation("Other Bank")), target)
    assert of(target.user).role == "engineer"
    assert verbs() == []


@pytest.mark.parametrize("act", ACTS[:4])
def test_nobody_does_it_to_themselves(act: Callable[[User, Membership], object]) -> None:
    admin = person(Role.ADMINISTRATOR)
    person(Role.ADMINISTRATOR, email="other@example.org")
    with pytest.raises(Forbidden, match="own membership"):
        act(admin, of(admin))


def test_a_role_is_changed_once_and_told() -> None:
    admin, target = person(Role.ADMINISTRATOR), of(person(Role.ENGINEER))
    for _ in range(2):
        assert members.change_role(admin, target, "approver").role == "approver"
    with pytest.raises(InputError, match="A role is one of"):
        members.change_role(admin, target, "king")
    entry = Entry.objects.of(organisation()).get()
    assert (entry.verb, entry.facts) == ("changed role", {"from": "engineer", "to": "approver"})


def test_who_is_removed_sees_nothing_and_their_tokens_end_for_good() -> None:
    admin, user = person(Role.ADMINISTRATOR), person(Role.ENGINEER)
    _, secret = issue(user, organisation(), "gate", ["read"])
    members.remove(admin, of(user))
    assert not may(user, "read", organisation())
    Membership.unscoped.create(organisation=organisation(), user=user, role="engineer")
    assert authenticate(secret) is None
    assert User.objects.filter(pk=user.pk).exists()
    assert Entry.objects.of(organisation()).get(verb="removed from the organisation").facts["tokens_revoked"] == 1


def test_who_is_gone_cannot_be_removed_again() -> None:
    admin, target = person(Role.ADMINISTRATOR), of(person(Role.ENGINEER))
    members.remove(admin, target)
    with pytest.raises(NotFound):
        members.remove(admin, target)


def test_the_last_administrator_who_can_sign_in_stays() -> None:
    admin, sleeping = person(Role.ADMINISTRATOR), person(Role.ADMINISTRATOR, email="sleeping@example.org")
    third = person(Role.ADMINISTRATOR, email="third@example.org")
    User.objects.filter(pk=sleeping.pk).update(is_active=False)
    members.remove(admin, of(third))
    # admin is the last one now; who could remove them is not there, so the rule itself is asked
    Membership.unscoped.filter(user=admin).update(role=Role.ENGINEER)
    with pytest.raises(LastAdministrator):
        members.keep_an_administrator(organisation())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [members.remove, lambda actor, target: members.change_role(actor, target, "engineer")])
def test_two_administrators_who_remove_each_other_at_once_leave_one(act: Callable[[User, Membership], object]) -> None:
    one, two = person(Role.ADMINISTRATOR), person(Role.ADMINISTRATOR, email="two@example.org")
    of_one, of_two = of(one), of(two)
    ends = together(lambda: act(one, of_two), lambda: act(two, of_one))
    assert sum(isinstance(end, Forbidden | NotFound) for end in ends) == 1, ends
    assert Membership.unscoped.filter(role=Role.ADMINISTRATOR).count() == 1
    assert verify_chain(organisation()).whole


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_one_link_at_once_one_wins() -> None:
    link = links.found(hash_of(invited()))
    ends = together(*(lambda name=name: links.join_as_new(link, name, LONG) for name in ("Ada", "Eve", "Ida")))
    assert sum(isinstance(end, User) for end in ends) == 1, ends
    assert sum(isinstance(end, LinkSpent) for end in ends) == 2, ends
    assert Membership.unscoped.filter(role="officer").count() == 1


@pytest.mark.django_db(transaction=True)
def test_members_change_while_others_write_to_the_trail() -> None:
    admin, user = person(Role.ADMINISTRATOR), person(Role.ENGINEER)
    target = of(user)

    def back_and_forth() -> None:
        for role in ("auditor", "engineer") * 5:
            members.change_role(admin, target, role)

    def tokens() -> None:
        for _ in range(10):
            issue(admin, organisation(), "gate", ["read"])

    assert together(back_and_forth, tokens, tokens) == [None, None, None]
    assert verify_chain(organisation()).entries == 30


def test_a_lost_phone_is_reset_and_told() -> None:
    admin, user, now = person(Role.ADMINISTRATOR), person(Role.ENGINEER), time.time()
    app = pyotp.TOTP(fresh_secret())
    assert not members.reset_second_factor(admin, of(user))
    turn_on(user, app.secret, app.at(now), now)
    assert members.reset_second_factor(admin, of(user))
    assert not has_second_factor(user)
    entry = Entry.objects.of(organisation()).get(verb="reset the second factor")
    assert entry.actor == admin


def test_a_forgotten_password_is_set_anew_by_the_person() -> None:
    admin, user = person(Role.ADMINISTRATOR), person(Role.ENGINEER)
    before = user.get_session_auth_hash()
    _, secret = members.password_link(admin, of(user))
    link = links.found(hash_of(secret))
    assert link.expires_at - timezone.now() <= timedelta(days=1)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    links.set_password(link, LONG)
    user.refresh_from_db()
    assert user.check_password(LONG)
    assert user.get_session_auth_hash() != before
    with pytest.raises(LinkSpent):
        links.set_password(link, PASSWORD)
    assert verbs() == ["made a link for a new password", "set a new password by a link"]


@pytest.mark.parametrize("act", [members.reset_second_factor, members.password_link])
def test_an_administrator_takes_no_account_that_opens_another_organisation(act) -> None:
    admin, user, other = person(Role.ADMINISTRATOR), person(Role.ENGINEER), organisation("Other Bank")
    Membership.unscoped.create(organisation=other, user=user, role="engineer")
    with pytest.raises(Forbidden, match="operator"):
        act(admin, of(user))
    Membership.unscoped.create(organisation=other, user=admin, role=Role.ADMINISTRATOR)
    act(admin, of(user))


def test_a_second_factor_is_required_and_left_free_again() -> None:
    admin = person(Role.ADMINISTRATOR)
    for required in (True, True, False):
        members.require_second_factor(admin, organisation(), required)
        assert organisation().requires_second_factor is required
    assert verbs() == ["required a second factor", "required no second factor any more"]
