"""Demo mode: one click, on this machine, for people of the sample organisation, and told by the trail."""

from __future__ import annotations

import json
import time

import pyotp
import pytest
from django.contrib.auth import get_user
from django.core.management import call_command
from django.test import Client

from governance.one_click import HOW, SAMPLE
from models.accounts.models import Membership, Organisation, User
from models.accounts.second_factor import fresh_secret, turn_on
from models.trail.models import Entry
from tests.models.people import organisation, person

pytestmark = pytest.mark.django_db
ROLES = ("officer", "engineer", "approver", "auditor")


@pytest.fixture
def sample(settings, capsys) -> Organisation:
    """The sample organisation, in demo mode."""
    settings.DEMO = True
    call_command("sample_users", organisation=SAMPLE)
    return Organisation.objects.get(name=SAMPLE)


@pytest.fixture
def here() -> Client:
    """A browser on this machine."""
    return Client(headers={"host": "127.0.0.1:8000"})


def click(client: Client, role: str, **said: str):
    return client.post(f"/sign-in/as/{role}/", **said)


@pytest.mark.parametrize("role", ROLES)
def test_one_click_signs_in_and_the_trail_says_how(sample, here, role):
    assert f"Sign in as {role}" in here.get("/sign-in/").content.decode()
    answer = click(here, role)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert get_user(here).email == f"{role}@sample.example"
    entry = Entry.unscoped.get(organisation=sample, verb="signed in")
    assert json.loads(entry.body)["facts"] == {"by": HOW}
    assert 'class="demo"' in here.get("/").content.decode()


def test_without_demo_mode_nothing_is_there(sample, here, settings):
    settings.DEMO = False
    for role in ROLES:
        assert click(here, role).status_code == here.get(f"/sign-in/as/{role}/").status_code == 404
    page = here.get("/sign-in/").content.decode()
    assert "Sign in as" not in page
    assert 'class="demo"' not in page
    assert "_auth_user_id" not in here.session
    assert not Entry.unscoped.filter(verb="signed in").exists()


@pytest.mark.parametrize("said", [
    {"REMOTE_ADDR": "192.0.2.7"},
    {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
    {"HTTP_HOST": "testserver"},
])  # fmt: skip
def test_from_elsewhere_nothing_is_there_either(sample, here, said):
    assert click(here, "officer", **said).status_code == 404
    assert "Sign in as" not in here.get("/sign-in/", **said).content.decode()
    assert "_auth_user_id" not in here.session


def test_only_the_four_of_the_sample_organisation(sample, here):
    person("officer", organisation("Brick Bank"), "officer@brick.example")
    Membership.unscoped.filter(user__email="auditor@sample.example").update(role="officer")
    engineer = User.objects.get(email="engineer@sample.example")
    Membership.unscoped.create(organisation=organisation("Brick Bank"), user=engineer, role="auditor")
    User.objects.filter(email="approver@sample.example").update(is_active=False)
    for role in ("administrator", "nobody", "engineer", "approver", "auditor"):
        assert click(here, role).status_code == 404, role
    click(here, "officer")
    assert get_user(here).email == "officer@sample.example"


def test_a_second_factor_is_still_asked_for(sample, here):
    secret = fresh_secret()
    turn_on(User.objects.get(email="officer@sample.example"), secret, pyotp.TOTP(secret).at(time.time() - 30))
    assert click(here, "officer")["Location"] == "/sign-in/code/"
    assert here.get("/").status_code == 302


def test_it_is_a_form_of_ours_that_is_sent(sample):
    strict = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1:8000"})
    assert click(strict, "officer").status_code == 403
    assert strict.get("/sign-in/as/officer/").status_code == 405
