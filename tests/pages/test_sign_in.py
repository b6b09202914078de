"""Signing in and out: what it tells, what it hides, and what guessing meets."""

from __future__ import annotations

import time
from datetime import timedelta

import pyotp
import pytest
from django.contrib.auth import get_user
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.signals import user_login_failed
from django.test import Client
from django.utils import timezone
from django.utils.crypto import salted_hmac

from models.accounts import half_signed
from models.accounts.models import Membership, SignInFailure, User
from models.accounts.second_factor import fresh_secret, turn_on
from models.accounts.throttle import FAILURES, WINDOW
from models.trail.models import Entry
from tests.models.people import PASSWORD, organisation, person

pytestmark = pytest.mark.django_db
SIGN_IN, CODE = "/sign-in/", "/sign-in/code/"


def guess(client, email: str, password: str = "wrong", **extra: str):
    return client.post(SIGN_IN, {"username": email, "password": password}, **extra)


def test_the_right_password_signs_in_however_the_address_is_typed(client):
    user = person()
    assert guess(client, f" {user.email.upper()} ", PASSWORD).status_code == 302
    assert get_user(client) == user


def test_a_password_that_was_kept_by_another_setting_is_read_and_kept_anew(client, settings):
    settings.PASSWORD_HASHERS = ["models.accounts.hashing.Argon2"]
    user = person()
    user.password = Argon2PasswordHasher().encode(PASSWORD, "salt" * 6)
    user.save()
    assert "$m=102400," in user.password
    assert guess(client, user.email, PASSWORD).status_code == 302
    user.refresh_from_db()
    assert "$m=19456,t=2,p=1$" in user.password
    assert user.check_password(PASSWORD)


def test_signing_in_gives_a_session_of_its_own(client):
    user = person()
    client.get(SIGN_IN)
    client.session["planted"] = 1
    before = client.session.session_key
    guess(client, user.email, PASSWORD)
    assert client.session.session_key != before


def test_signing_out_ends_the_session_for_good(client):
    user = person()
    guess(client, user.email, PASSWORD)
    stolen = client.cookies["sessionid"].value
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/jobs/")["Cache-Control"] == "private, no-store"
    client.post("/sign-out/")
    client.cookies["sessionid"] = stolen
    assert client.get("/jobs/").status_code == 302


def test_an_unknown_address_looks_like_a_wrong_password(client):
    user = person()
    known, unknown = (guess(client, email) for email in (user.email, "nobody@example.org"))
    shown = [page.content.decode().split("<main")[1].split("<form")[0] for page in (known, unknown)]
    assert "not right" in shown[0]
    assert shown[0] == shown[1]


def test_ten_wrong_passwords_lock_the_address_for_this_place_and_say_so(client):
    user = person()
    pages = [guess(client, user.email) for _ in range(FAILURES)]
    assert [page.status_code for page in pages] == [422] * (FAILURES - 1) + [429]
    locked = guess(client, user.email, PASSWORD)
    assert locked.status_code == 429
    assert int(locked["Retry-After"]) == WINDOW.total_seconds()
    assert "Too many attempts" in locked.content.decode()
    assert not get_user(client).is_authenticated


def test_a_thousand_guesses_try_ten_passwords(client):
    tried = []

    def hear(**given):
        tried.append(given["credentials"]["username"])

    user_login_failed.connect(hear)
    answers = {guess(client, "someone@example.org", str(n)).status_code for n in range(1000)}
    assert len(tried) == FAILURES
    assert answers == {422, 429}


def test_a_lock_holds_for_its_place_only_and_ends_by_itself(client):
    user = person()
    for _ in range(FAILURES):
        guess(client, user.email)
    assert guess(client, user.email, PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302
    client.post("/sign-out/")
    SignInFailure.objects.update(at=timezone.now() - WINDOW - timedelta(seconds=1))
    assert guess(client, user.email, PASSWORD).status_code == 302


def test_the_right_password_forgets_the_wrong_ones(client):
    user = person()
    for _ in range(FAILURES - 1):
        guess(client, user.email)
    guess(client, user.email, PASSWORD)
    assert SignInFailure.objects.count() == 0


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(client, elsewhere):
    user = person()
    answer = client.post(SIGN_IN, {"username": user.email, "password": PASSWORD, "next": elsewhere})
    assert answer["Location"] == "/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client):
    user = person()
    asked = client.get("/jobs/")
    assert asked["Location"] == f"{SIGN_IN}?next=/jobs/"
    answer = client.post(SIGN_IN, {"username": user.email, "password": PASSWORD, "next": "/jobs/"})
    assert answer["Location"] == "/jobs/"


def test_errors_name_the_field_and_link_to_it(client):
    page = client.post(SIGN_IN, {"username": "", "password": ""}).content.decode()
    assert '<a href="#id_username">Enter your e-mail address.</a>' in page
    assert 'aria-invalid="true"' in page
    assert "<title>Error: Sign in" in page


def test_a_part_of_a_page_whose_session_ended_reloads_the_page(client):
    answer = client.get(SIGN_IN, headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"


def test_who_belongs_to_two_organisations_sees_one_at_a_time(client):
    user = person(at=organisation("Acme Bank"))
    other = organisation("Brick Bank")
    Membership.unscoped.create(organisation=other, user=user, role="auditor")
    client.force_login(user)
    assert client.post("/organisation/", {"organisation": other.pk}).status_code == 302
    assert "Brick Bank" in client.get("/jobs/").content.decode()


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "9" * 30])
def test_nobody_chooses_an_organisation_they_do_not_belong_to(client, number):
    client.force_login(person())
    stranger = organisation("Brick Bank")
    assert client.post("/organisation/", {"organisation": number}).status_code == 404
    assert client.post("/organisation/", {"organisation": stranger.pk}).status_code == 404


def with_app(role: str = "engineer") -> tuple[User, pyotp.TOTP, list[str]]:
    """Someone who set up a second factor a while ago, so that the code of this moment is still to be used."""
    user, app, before = person(role), pyotp.TOTP(fresh_secret()), time.time() - 300
    return user, app, turn_on(user, app.secret, app.at(before), before)


def give(client, code: str, **extra: str):
    return client.post(CODE, {"code": code}, **extra)


def test_with_a_second_factor_the_password_alone_opens_nothing(client):
    user, _, _ = with_app()
    assert guess(client, user.email, PASSWORD)["Location"] == CODE
    assert client.get(CODE).status_code == 200
    assert not get_user(client).is_authenticated
    for address in ("/", "/jobs/", "/profile/", "/tokens/", "/profile/second-factor/"):
        assert client.get(address)["Location"].startswith(SIGN_IN), address
    assert client.get("/api/v1/me").status_code == 401
    user.refresh_from_db()
    assert user.last_login is None
    assert not Entry.unscoped.filter(verb="signed in").exists()


def test_password_and_code_sign_in_and_lead_where_one_was_going(client):
    user, app, _ = with_app()
    client.post(SIGN_IN, {"username": user.email, "password": PASSWORD, "next": "/jobs/"})
    between = client.session.session_key
    assert give(client, app.now())["Location"] == "/jobs/"
    assert get_user(client) == user
    assert client.session.session_key != between
    assert half_signed.KEY not in client.session
    assert Entry.unscoped.filter(verb="signed in").count() == 1


def test_a_code_signs_in_once_even_from_two_browsers(client):
    user, app, _ = with_app()
    code, other = app.now(), Client()
    for browser in (client, other):
        guess(browser, user.email, PASSWORD)
    assert give(client, code).status_code == 302
    answer = give(other, code)
    assert answer.status_code == 422
    assert "used already" in answer.content.decode()
    assert not get_user(other).is_authenticated


def test_a_recovery_code_signs_in_once_and_says_how_many_are_left(client):
    user, _, codes = with_app()
    for place, code in enumerate(codes[:9]):
        guess(client, user.email, PASSWORD)
        assert give(client, code).status_code == 302, place
        shown = client.get("/").content.decode()
        client.post("/sign-out/")
    assert "You have 1 recovery code left" in shown
    guess(client, user.email, PASSWORD)
    assert give(client, codes[0]).status_code == 422


def test_the_time_between_password_and_code_is_five_minutes(client):
    user, app, _ = with_app()
    guess(client, user.email, PASSWORD)
    session = client.session
    session[half_signed.KEY] = session[half_signed.KEY] | {"at": time.time() - half_signed.SECONDS}
    session.save()
    assert give(client, app.now())["Location"] == SIGN_IN
    assert not get_user(client).is_authenticated
    assert "took too long" in client.get(SIGN_IN).content.decode()


def test_a_password_that_changed_in_between_ends_it(client):
    user, app, _ = with_app()
    guess(client, user.email, PASSWORD)
    user.set_password("quite another sentence")
    user.save()
    assert give(client, app.now())["Location"] == SIGN_IN
    assert not get_user(client).is_authenticated


def test_a_code_without_a_password_leads_to_the_password(client):
    _, app, _ = with_app()
    assert client.get(CODE)["Location"] == SIGN_IN
    assert give(client, app.now())["Location"] == SIGN_IN


def test_ten_wrong_codes_lock_also_from_elsewhere_and_the_password_does_not_reset_the_count(client):
    user, app, _ = with_app()
    answers = []
    for n in range(FAILURES):
        guess(client, user.email, PASSWORD, REMOTE_ADDR=f"192.0.2.{n}")
        answers.append(give(client, "abcdef", REMOTE_ADDR=f"192.0.2.{n}").status_code)
    assert answers == [422] * (FAILURES - 1) + [429]
    guess(client, user.email, PASSWORD, REMOTE_ADDR="198.51.100.1")
    locked = give(client, app.now(), REMOTE_ADDR="198.51.100.1")
    assert locked.status_code == 429
    assert not get_user(client).is_authenticated
    assert Entry.unscoped.filter(verb="was refused at sign-in").count() == FAILURES
    SignInFailure.objects.update(at=timezone.now() - WINDOW - timedelta(seconds=1))
    assert give(client, app.now(), REMOTE_ADDR="198.51.100.1").status_code == 302


def test_wrong_passwords_and_wrong_codes_count_together(client):
    user, _, _ = with_app()
    for _ in range(FAILURES // 2):
        guess(client, user.email)
        guess(client, user.email, PASSWORD)
        last = give(client, "000000")
    assert last.status_code == 429
    assert guess(client, user.email, PASSWORD).status_code == 429


def test_sending_the_code_twice_is_harmless(client):
    user, app, _ = with_app()
    guess(client, user.email, PASSWORD)
    code = app.now()
    give(client, code)
    assert give(client, code)["Location"] == SIGN_IN
    assert client.get(SIGN_IN)["Location"] == "/"
    assert get_user(client) == user


def test_a_session_is_not_found_by_guessing_its_id(client):
    """An id that was never given out is not taken over, so that nobody can plant one either."""
    user = person()
    guess(client, user.email, PASSWORD)
    real = client.cookies["sessionid"].value
    assert len(real) == 32
    for wrong in (
        "x" * 32,
        real[:-1] + ("a" if real[-1] != "a" else "b"),
        real.upper(),
        "",
        "../" + real,
        str(user.pk),
    ):
        client.cookies["sessionid"] = wrong
        assert client.get("/jobs/").status_code == 302, wrong
        guess(client, user.email, PASSWORD)
        assert client.cookies["sessionid"].value not in (wrong, real)
        client.post("/sign-out/")


def test_a_session_ends_with_the_password_and_when_others_are_ended(client):
    user, other = person(), Client()
    for browser in (client, other):
        guess(browser, user.email, PASSWORD)
    assert client.post("/profile/sessions/end/")["Location"] == "/profile/"
    assert client.get("/jobs/").status_code == 200
    assert other.get("/jobs/").status_code == 302
    changed = User.objects.get()
    changed.set_password("quite another sentence")
    changed.save()
    assert client.get("/jobs/").status_code == 302


def test_pages_of_a_session_are_kept_by_nobody(client):
    """The back button after signing out asks the server again, and is sent to sign in."""
    user = person()
    guess(client, user.email, PASSWORD)
    for address in ("/", "/profile/", "/tokens/", "/jobs/", "/members/", SIGN_IN):
        answer = client.get(address)
        assert "no-store" in answer["Cache-Control"], address
        assert "Cookie" in answer["Vary"], address


@pytest.mark.parametrize("host", ["evil.example", "localhost:80@evil.example", "localhost/evil", "", "[::1]evil"])
def test_a_host_that_is_not_ours_is_refused(client, host):
    assert client.get(SIGN_IN, headers={"Host": host}).status_code == 400


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(client):
    user = person()
    guess(client, user.email, PASSWORD)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_an_upgrade_signs_nobody_out():
    """In its first round a person's session is bound by what Django itself computes."""
    user = person()
    salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
    assert user.get_session_auth_hash() == salted_hmac(salt, user.password, algorithm="sha256").hexdigest()
