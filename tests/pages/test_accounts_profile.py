"""What is one's own: the name, the password, the second factor and its recovery codes."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from django.contrib.auth import get_user
from django.test import Client

from models.accounts.members import require_second_factor
from models.accounts.models import Membership, RecoveryCode, SecondFactor, User
from models.accounts.second_factor import CODES, fresh_secret, has_second_factor, turn_on
from models.accounts.throttle import FAILURES
from models.trail.models import Entry
from tests.models.people import PASSWORD, organisation, person
from tests.pages.conftest import ODD

pytestmark = pytest.mark.django_db
PROFILE, FACTOR, CODES_PAGE = "/profile/", "/profile/second-factor/", "/profile/second-factor/codes/"
OFF, PASSWORD_PAGE = "/profile/second-factor/off/", "/profile/password/"
NEW = "quite another sentence"


@pytest.fixture
def user(client) -> User:
    someone = person()
    client.force_login(someone)
    return someone


@pytest.fixture
def app(client, user) -> pyotp.TOTP:
    """The authenticator app of a person who set it up a while ago."""
    app, before = pyotp.TOTP(fresh_secret()), time.time() - 300
    turn_on(user, app.secret, app.at(before), before)
    client.force_login(user)
    return app


def main(answer) -> str:
    return answer.content.decode().split("<main")[1]


def key_on(page) -> str:
    return re.search(r"<dt>Key</dt><dd[^>]*>([A-Z2-7 ]+)<", page.content.decode())[1].replace(" ", "")


def test_the_profile_says_how_well_the_account_is_protected(client, user):
    assert "Only a password protects your account" in main(client.get(PROFILE))


def test_a_name_is_changed_and_stays_text(client, user):
    assert client.post(PROFILE, {"name": ODD.replace("\u202e", "")}).status_code == 302
    shown = client.get("/members/").content.decode()
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert Entry.unscoped.filter(verb="changed the name").count() == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "x" * 10_000, "a\x00b"])
def test_a_name_that_cannot_be_is_refused_at_its_field(client, user, name):
    answer = client.post(PROFILE, {"name": name})
    assert answer.status_code == 422
    assert 'href="#id_name"' in main(answer)
    assert User.objects.get().name == ""


def test_fields_that_the_form_does_not_have_change_nothing(client, user):
    client.post(
        PROFILE, {"name": "Ada", "email": "x@example.org", "is_active": "", "session_round": 9, "role": "approver"}
    )
    changed = User.objects.get()
    assert (changed.name, changed.email, changed.is_active, changed.session_round) == ("Ada", user.email, True, 0)
    assert Membership.unscoped.get().role == "engineer"


def test_a_new_password_ends_the_other_sessions_and_not_this_one(client, user):
    other = Client()
    other.force_login(user)
    said = {"present": PASSWORD, "password": NEW, "again": NEW}
    assert client.post(PASSWORD_PAGE, said)["Location"] == PROFILE
    assert User.objects.get().check_password(NEW)
    assert client.get(PROFILE).status_code == 200
    assert other.get(PROFILE).status_code == 302
    assert Entry.unscoped.filter(verb="changed the password").count() == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"present": "wrong"}, "present"),
        ({"present": ""}, "present"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "password1234", "again": "password1234"}, "password"),
        ({"again": "something else"}, "again"),
        ({"password": "x" * 2_000, "again": "x" * 2_000}, "password"),
    ],
)
def test_a_password_that_will_not_do_is_refused_at_its_field(client, user, said, field):
    answer = client.post(PASSWORD_PAGE, {"present": PASSWORD, "password": NEW, "again": NEW, **said})
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in main(answer)
    assert NEW not in answer.content.decode()
    assert User.objects.get().check_password(PASSWORD)


def test_a_session_left_open_is_no_place_to_guess_the_password(client, user):
    said = {"present": "wrong", "password": NEW, "again": NEW}
    assert [client.post(PASSWORD_PAGE, said).status_code for _ in range(FAILURES)] == [422] * FAILURES
    assert client.post(PASSWORD_PAGE, {**said, "present": PASSWORD}).status_code == 429
    assert Client().post("/sign-in/", {"username": user.email, "password": PASSWORD}).status_code == 429


def test_a_second_factor_is_set_up_by_a_code_and_the_recovery_codes_are_shown_once(client, user):
    other = Client()
    other.force_login(user)
    page = client.get(FACTOR)
    app = pyotp.TOTP(key_on(page))
    assert key_on(client.get(FACTOR)) == app.secret
    assert "<svg" in main(page)
    assert not has_second_factor(user)
    assert client.post(FACTOR, {"code": app.now()})["Location"] == CODES_PAGE
    shown = client.get(CODES_PAGE)
    codes = re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", main(shown))
    assert len(codes) == CODES
    assert shown["Cache-Control"] == "private, no-store"
    assert not any(code in main(client.get(CODES_PAGE)) for code in codes)
    assert "Your account is protected twice" in main(client.get(PROFILE))
    assert other.get(PROFILE).status_code == 302
    assert app.secret not in str(list(SecondFactor.objects.values()))


def test_neither_key_nor_codes_lie_open_in_the_session(client, user):
    app = pyotp.TOTP(key_on(client.get(FACTOR)))
    assert app.secret not in str(dict(client.session))
    client.post(FACTOR, {"code": app.now()})
    kept = str(dict(client.session))
    codes = re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", main(client.get(CODES_PAGE)))
    assert codes
    assert not any(code in kept for code in codes)


@pytest.mark.parametrize("code", ["", "000000", "x" * 10_000, "<script>"])
def test_a_wrong_code_sets_up_nothing(client, user, code):
    client.get(FACTOR)
    answer = client.post(FACTOR, {"code": code})
    assert answer.status_code == 422
    assert 'href="#id_code"' in main(answer)
    assert not has_second_factor(user)


def test_setting_it_up_twice_at_once_keeps_the_first(client, user):
    app = pyotp.TOTP(key_on(client.get(FACTOR)))
    client.post(FACTOR, {"code": app.now()})
    assert client.post(FACTOR, {"code": app.now()})["Location"] == FACTOR
    assert RecoveryCode.objects.count() == CODES
    assert len(re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", main(client.get(CODES_PAGE)))) == CODES


def test_turning_it_off_takes_the_password_and_a_code(client, user, app):
    for said in ({"password": PASSWORD, "code": "000000"}, {"password": "wrong", "code": app.now()}, {}):
        assert client.post(OFF, said).status_code == 422
        assert has_second_factor(user)
    assert client.post(OFF, {"password": PASSWORD, "code": app.now()})["Location"] == PROFILE
    assert not has_second_factor(user)
    assert get_user(client) == user
    assert client.post(OFF, {"password": PASSWORD, "code": app.now()})["Location"] == FACTOR


def test_new_recovery_codes_take_the_same(client, user, app):
    before = set(RecoveryCode.objects.values_list("hash", flat=True))
    assert client.post(CODES_PAGE, {"password": PASSWORD, "code": "abcdef"}).status_code == 422
    assert set(RecoveryCode.objects.values_list("hash", flat=True)) == before
    assert client.post(CODES_PAGE, {"password": PASSWORD, "code": app.now()})["Location"] == CODES_PAGE
    assert not before & set(RecoveryCode.objects.values_list("hash", flat=True))


def test_codes_are_not_guessed_on_the_profile_either(client, user, app):
    answers = {client.post(OFF, {"password": PASSWORD, "code": f"{n:06}"}).status_code for n in range(FAILURES + 5)}
    assert answers == {422, 429}
    assert client.post(OFF, {"password": PASSWORD, "code": app.now()}).status_code == 429
    assert has_second_factor(user)


@pytest.fixture
def required() -> None:
    require_second_factor(person("administrator"), organisation(), True)


def test_where_it_is_required_one_is_led_to_it_from_everywhere(client, user, required):
    for address in ("/", "/jobs/", PROFILE, "/tokens/", "/members/", "/trail/"):
        assert client.get(address)["Location"] == FACTOR, address
    assert client.post("/tokens/new/", {"name": "x"})["Location"] == FACTOR
    assert client.get("/jobs/", headers={"HX-Request": "true"})["HX-Redirect"] == FACTOR
    assert client.get("/api/v1/models").status_code == 403
    page = client.get(FACTOR)
    assert "Acme Bank requires it of every member" in main(page)
    client.post(FACTOR, {"code": pyotp.TOTP(key_on(page)).now()})
    assert client.get(CODES_PAGE).status_code == 200
    assert client.get("/jobs/").status_code == 200


def test_another_organisation_is_no_way_around_it(client, user, required):
    other = organisation("Other Bank")
    Membership.unscoped.create(organisation=other, user=user, role="engineer")
    client.post("/organisation/", {"organisation": other.pk})
    assert client.get("/jobs/")["Location"] == FACTOR


def test_where_it_is_required_one_can_still_sign_out(client, user, required):
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert not get_user(client).is_authenticated


def test_an_organisation_is_chosen_from_the_profile(client, user):
    other = organisation("Other Bank")
    Membership.unscoped.create(organisation=other, user=user, role="auditor")
    assert "Go to Other Bank" in main(client.get(PROFILE))
