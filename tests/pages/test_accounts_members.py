"""Members: the list, inviting by a link, roles, removal, and ways back in."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pyotp
import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from models.accounts.models import Membership, OneTimeLink, User
from models.accounts.second_factor import fresh_secret, has_second_factor, turn_on
from models.accounts.throttle import FAILURES
from models.trail.models import Entry
from tests.models.people import PASSWORD, organisation, person
from tests.pages.conftest import ODD

pytestmark = pytest.mark.django_db
MEMBERS, INVITE, LINK = "/members/", "/members/invite/", "/link/"
NEW = "quite another sentence"
GONE = "This link opens nothing"


@pytest.fixture
def admin(client) -> User:
    someone = person("administrator")
    client.force_login(someone)
    return someone


def invite(client, **more):
    return client.post(INVITE, {"email": "new@example.org", "name": "New Person", "role": "officer"} | more)


def link_on(page) -> str:
    return re.search(r"http://testserver(/link/pll_[\w-]{43}/)", page.content.decode())[1]


def links_on(page) -> list[str]:
    return re.findall(r"pll_[\w-]{43}", page.content.decode())


def one(user: User) -> str:
    return f"{MEMBERS}{Membership.unscoped.get(user=user, organisation=organisation()).pk}/"


def main(answer) -> str:
    return answer.content.decode().split("<main")[1]


def test_everybody_sees_who_is_there_and_only_administrators_see_more(client, admin):
    engineer = person("engineer")
    shown = main(client.get(MEMBERS))
    assert "Two people belong to" in shown
    assert engineer.email in shown
    assert "Last signed in" in shown
    client.force_login(engineer)
    shown = main(client.get(MEMBERS))
    assert admin.email in shown
    assert "Last signed in" not in shown
    assert "Add a person" not in shown


def test_people_of_another_organisation_are_not_listed(client, admin):
    stranger = person("engineer", at=organisation("Other Bank"))
    assert stranger.email not in main(client.get(MEMBERS))


def test_an_invitation_is_shown_once_and_makes_a_member(client, admin):
    answer = invite(client)
    assert answer["Location"] == MEMBERS
    assert "pll_" not in str(answer.headers) + str(dict(client.session))
    page = client.get(MEMBERS)
    address = link_on(page)
    assert page["Cache-Control"] == "private, no-store"
    assert links_on(client.get(MEMBERS)) == []
    assert address.split("/")[2] not in str(list(OneTimeLink.unscoped.values()))

    guest = Client()
    assert guest.get(address)["Location"] == LINK
    shown = guest.get(LINK)
    assert "Acme Bank" in main(shown)
    assert address.split("/")[2] not in shown.content.decode()
    answer = guest.post(LINK, {"name": "Ada", "password": NEW, "again": NEW})
    assert answer["Location"] == "/"
    user = get_user(guest)
    assert (user.email, user.name) == ("new@example.org", "Ada")
    assert Membership.unscoped.get(user=user).role == "officer"
    assert guest.get("/jobs/").status_code == 200
    assert guest.get(address, follow=True).status_code == 410


def test_following_a_link_uses_nothing_up(client, admin):
    invite(client)
    address = link_on(client.get(MEMBERS))
    for _ in range(3):
        preview = Client()
        assert preview.get(address, follow=True).status_code == 200
    assert OneTimeLink.unscoped.get().used_at is None


def test_expired_used_withdrawn_replaced_and_made_up_links_look_the_same(client, admin):
    seen = []
    for state in ("expired", "withdrawn", "replaced", "made up", "too long", "used"):
        invite(client)
        address = link_on(client.get(MEMBERS))
        link = OneTimeLink.unscoped.filter(used_at=None, withdrawn_at=None).latest("created_at")
        if state == "expired":
            OneTimeLink.unscoped.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        if state == "withdrawn":
            for _ in range(2):
                assert client.post(f"{MEMBERS}invitations/{link.pk}/withdraw/").status_code == 302
        if state == "replaced":
            invite(client, email=" NEW@example.org")
            client.get(MEMBERS)
        if state == "made up":
            address = f"{LINK}pll_{'x' * 43}/"
        if state == "too long":
            address = f"{LINK}{'x' * 5_000}/"
        guest = Client()
        if state == "used":
            guest.get(address)
            guest.post(LINK, {"name": "Ada", "password": NEW, "again": NEW})
            guest = Client()
        answer = guest.get(address, follow=True)
        seen.append((answer.status_code, main(answer)))
        assert guest.post(LINK, {"name": "Eve", "password": NEW, "again": NEW}).status_code == 410, state
    assert len(set(seen)) == 1
    assert GONE in seen[0][1]
    assert not User.objects.filter(name="Eve").exists()


def test_a_link_page_without_a_link_opens_nothing(client):
    assert client.get(LINK).status_code == 410
    assert client.post(LINK, {"name": "Eve", "password": NEW, "again": NEW}).status_code == 410


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "administrator.1@example.org"}, "email"),
        ({"email": "x" * 10_000 + "@example.org"}, "email"),
        ({"name": "x" * 10_000}, "name"),
        ({"role": ""}, "role_0"),
        ({"role": "king"}, "role_0"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_at_its_field(client, admin, said, field):
    if said.get("email", "").startswith("administrator"):
        said = {"email": admin.email}
    answer = invite(client, **said)
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in main(answer)
    assert not OneTimeLink.unscoped.exists()


def test_inviting_twice_leaves_one_link_that_works(client, admin):
    for _ in range(2):
        invite(client)
    assert len(links_on(client.get(MEMBERS))) == 1
    assert OneTimeLink.unscoped.filter(withdrawn_at=None).count() == 1


@pytest.mark.parametrize(
    "said", [{"password": "short", "again": "short"}, {"again": "different"}, {"name": ""}, {"name": "x" * 10_000}]
)
def test_joining_with_what_will_not_do_is_refused_and_the_link_still_works(client, admin, said):
    invite(client)
    guest = Client()
    guest.get(link_on(client.get(MEMBERS)))
    answer = guest.post(LINK, {"name": "Ada", "password": NEW, "again": NEW} | said)
    assert answer.status_code == 422
    assert not User.objects.filter(email="new@example.org").exists()
    assert guest.post(LINK, {"name": "Ada", "password": NEW, "again": NEW, "role": "administrator"}).status_code == 302
    assert Membership.unscoped.get(user__email="new@example.org").role == "officer"


def test_an_account_that_is_there_joins_only_after_signing_in_as_it(client, admin):
    known = person("auditor", at=organisation("Other Bank"), email="new@example.org")
    invite(client)
    address, guest = link_on(client.get(MEMBERS)), Client()
    shown = guest.get(address, follow=True)
    assert "has an account here" in main(shown)
    assert guest.post(LINK, {"name": "Eve", "password": NEW, "again": NEW}).status_code == 403
    known.refresh_from_db()
    assert known.check_password(PASSWORD)
    stranger = Client()
    stranger.force_login(person("engineer"))
    assert "Sign out, then open the link again" in main(stranger.get(address, follow=True))
    assert stranger.post(LINK).status_code == 403
    answer = guest.post("/sign-in/", {"username": known.email, "password": PASSWORD, "next": LINK})
    assert answer["Location"] == LINK
    assert guest.post(LINK)["Location"] == "/"
    assert Membership.unscoped.get(user=known, organisation=organisation()).role == "officer"
    assert guest.post(LINK).status_code == 410


def test_a_name_of_html_stays_text_on_every_page_of_members(client, admin):
    odd = ODD.replace("\u202e", "")
    invite(client, name=odd)
    user = person("engineer")
    User.objects.filter(pk=user.pk).update(name=odd)
    for address in (MEMBERS, one(user), "/trail/"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page, address
    assert "&lt;script&gt;alert(1)" in main(client.get(one(user)))


def test_a_role_is_changed(client, admin):
    user = person("engineer")
    for _ in range(2):
        assert client.post(one(user) + "role/", {"role": "approver"})["Location"] == one(user)
    assert Membership.unscoped.get(user=user).role == "approver"
    assert Entry.unscoped.filter(verb="changed role").count() == 1
    assert client.post(one(user) + "role/", {"role": "king"}).status_code == 422
    assert client.post(one(user) + "role/", {}).status_code == 422


def test_nobody_changes_or_removes_themselves(client, admin):
    person("administrator", email="other@example.org")
    assert "Nobody changes or removes themselves" in main(client.get(one(admin)))
    for act, said in (
        ("role/", {"role": "engineer"}),
        ("remove/", {}),
        ("reset-second-factor/", {}),
        ("password-link/", {}),
    ):
        assert client.post(one(admin) + act, said).status_code == 403, act
    assert Membership.unscoped.get(user=admin).role == "administrator"


def test_who_is_removed_is_out_at_their_next_page(client, admin):
    user, browser = person("engineer"), Client()
    browser.force_login(user)
    assert browser.get("/jobs/").status_code == 200
    address = one(user)
    assert client.post(address + "remove/")["Location"] == MEMBERS
    shown = browser.get("/jobs/")
    assert shown.status_code == 403
    assert "You belong to no organisation" in main(shown)
    assert 'action="/sign-out/"' in main(shown)
    assert client.post(address + "remove/").status_code == 404
    assert user.email not in main(client.get(MEMBERS)).split("<table")[1]


def test_a_lost_phone_is_reset_by_an_administrator(client, admin):
    user, app, now = person("engineer"), pyotp.TOTP(fresh_secret()), time.time()
    turn_on(user, app.secret, app.at(now), now)
    for _ in range(2):
        assert client.post(one(user) + "reset-second-factor/")["Location"] == one(user)
    assert not has_second_factor(user)
    assert Entry.unscoped.filter(verb="reset the second factor").count() == 1
    answer = Client().post("/sign-in/", {"username": user.email, "password": PASSWORD})
    assert answer["Location"] == "/"


def test_a_forgotten_password_is_set_by_the_person_with_a_link(client, admin):
    user, guest, old = person("engineer"), Client(), Client()
    old.force_login(user)
    for _ in range(FAILURES):
        guest.post("/sign-in/", {"username": user.email, "password": "forgotten"})
    assert client.post(one(user) + "password-link/")["Location"] == one(user)
    address = link_on(client.get(one(user)))
    assert links_on(client.get(one(user))) == []
    assert old.get("/jobs/").status_code == 200
    guest.get(address)
    assert guest.post(LINK, {"password": "short", "again": "short"}).status_code == 422
    assert guest.post(LINK, {"password": NEW, "again": NEW})["Location"] == "/sign-in/"
    assert not get_user(guest).is_authenticated
    assert old.get("/jobs/").status_code == 302
    assert guest.get(address, follow=True).status_code == 410
    assert guest.post("/sign-in/", {"username": user.email, "password": NEW})["Location"] == "/"


def test_a_new_password_does_not_go_around_the_second_factor(client, admin):
    user, app, now, guest = person("engineer"), pyotp.TOTP(fresh_secret()), time.time(), Client()
    turn_on(user, app.secret, app.at(now), now)
    client.post(one(user) + "password-link/")
    guest.get(link_on(client.get(one(user))))
    guest.post(LINK, {"password": NEW, "again": NEW})
    assert guest.post("/sign-in/", {"username": user.email, "password": NEW})["Location"] == "/sign-in/code/"


def test_who_belongs_elsewhere_too_is_helped_by_the_operator_only(client, admin):
    user = person("engineer")
    Membership.unscoped.create(organisation=organisation("Other Bank"), user=user, role="engineer")
    shown = main(client.get(one(user)))
    assert "Only the service" in shown
    assert "Make a link for a new password" not in shown
    assert client.post(one(user) + "password-link/").status_code == 403
    assert client.post(one(user) + "reset-second-factor/").status_code == 403


def test_requiring_a_second_factor_says_whom_it_concerns(client, admin):
    person("engineer")
    assert "Two of them sign in with a password alone" in main(client.get(MEMBERS))
    assert client.post(MEMBERS + "second-factor/", {"required": "yes"}).status_code == 302
    assert organisation().requires_second_factor
    assert client.get(MEMBERS)["Location"] == "/profile/second-factor/"


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
def test_a_member_that_is_not_there_is_not_found(client, admin, number):
    assert client.get(f"{MEMBERS}{number}/").status_code == 404
    assert client.post(f"{MEMBERS}{number}/remove/").status_code == 404
