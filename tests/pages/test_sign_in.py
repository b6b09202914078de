"""Signing in and out: what it tells, what it hides, and what guessing meets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.signals import user_login_failed
from django.utils import timezone

from models.accounts.models import Membership, SignInFailure
from models.accounts.throttle import FAILURES, WINDOW
from tests.models.people import PASSWORD, organisation, person

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


def guess(client, email: str, password: str = "wrong", **extra: str):
    return client.post(SIGN_IN, {"username": email, "password": password}, **extra)


def test_the_right_password_signs_in_however_the_address_is_typed(client):
    user = person()
    assert guess(client, f" {user.email.upper()} ", PASSWORD).status_code == 302
    assert get_user(client) == user


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
    assert [page.status_code for page in pages] == [200] * (FAILURES - 1) + [429]
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
    assert answers == {200, 429}


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
