"""A form that is sent after the session has ended: said, and a way back to the page with the form."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from models.accounts.models import User
from models.trail.models import Entry
from tests.models.people import PASSWORD, organisation, person

pytestmark = pytest.mark.django_db
HERE = "http://testserver"
FORM, SENT_TO = "/systems/new/?from=list", "/tokens/new/"
NOT_SAVED = "You were signed out before this was sent, so it was not saved."


def then_of(answer) -> str:
    where = urlsplit(answer["Location"])
    assert where.path == "/sign-in/"
    return parse_qs(where.query)["next"][0]


def test_what_was_not_saved_is_said_where_one_signs_in_and_once(client):
    sent = client.post(SENT_TO, {"name": "notebook"}, headers={"Referer": HERE + FORM})
    assert sent.status_code == 302
    assert NOT_SAVED in client.get(sent["Location"]).content.decode()
    assert NOT_SAVED not in client.get(sent["Location"]).content.decode()


def test_signing_in_leads_back_to_the_page_with_the_form(client):
    user = person()
    sent = client.post(SENT_TO, headers={"Referer": HERE + FORM})
    answer = client.post(
        sent["Location"], {"username": user.email, "password": PASSWORD, "next": then_of(sent)}, follow=False
    )
    assert answer["Location"] == FORM


@pytest.mark.parametrize(
    "told",
    [
        "",
        "https://evil.example/systems/",
        "//evil.example/",
        f"{HERE}.evil.example/",
        "javascript:alert(1)",
        f"{HERE}@evil.example/",
    ],
)
def test_a_page_that_is_not_ours_is_not_led_to(client, told):
    assert then_of(client.post(SENT_TO, headers={"Referer": told} if told else {})) == SENT_TO


def test_nothing_is_said_to_who_only_looked(client):
    looked = client.get(SENT_TO)
    assert then_of(looked) == SENT_TO
    assert "not saved" not in client.get(looked["Location"]).content.decode()


def test_signing_out_twice_is_signing_out_and_told_once(client):
    user = person()
    client.force_login(user)
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    answer = client.post("/sign-out/", headers={"Referer": HERE + FORM})
    assert answer["Location"] == "/sign-in/"
    assert "not saved" not in client.get("/sign-in/").content.decode()
    assert [each.actor for each in Entry.objects.of(organisation()).filter(verb="signed out")] == [user]


def test_a_page_tells_the_tab_whose_it_is_and_whether_it_answers_what_was_sent(client):
    user = person()
    assert 'name="person"' not in client.get("/sign-in/").content.decode()
    client.force_login(user)
    assert f'<meta name="person" content="{user.pk}" data-answers="yes">' in client.get("/profile/").content.decode()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    for answer, status in ((strict.post("/profile/", {}), 403), (strict.get("/nothing-here/"), 404)):
        assert answer.status_code == status
        assert 'data-answers="yes"' not in answer.content.decode()
